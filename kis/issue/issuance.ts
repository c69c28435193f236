import {
	hasExpired,
	isCutOff,
	isIssuedTo,
	isWholeTokenOf,
	type AccessToken,
} from '../input/accessToken';
import type { KisCredential } from '../input/credential';
import { deadTokens } from '../memory/deadTokens';
import { isBeingRevoked, isRevokeOpen } from '../memory/revokeMarks';
import type { Attempt } from '../reply/attempt';
import { kisTime } from '../reply/koreanTime';
import type { Grant } from './grant';

/**
 * What can become of a request for a token:
 *
 * - `issued`: KIS gave a token, and it passed every check.
 * - `unusable`: KIS gave a token that must not be used.
 * - `rejected`: KIS refused, and no attempt was processed.
 * - `unknown`: an attempt was sent, and no readable answer came. KIS may have issued a token.
 * - `notSent`: no attempt was ever written.
 */
export type Issuance = Issued | UnusableGrant | NotIssued;

export interface Issued {
	readonly outcome: 'issued';
	readonly grant: Grant;
	/** Whether this n8n was revoking the token when KIS gave it. */
	readonly wasBeingRevoked?: boolean;
	/** Of this call, oldest first; empty if the execution was given the token before. */
	readonly attempts: readonly Attempt[];
}

export interface UnusableGrant {
	readonly outcome: 'unusable';
	readonly grant: Grant;
	readonly flaw: Flaw;
	readonly attempts: readonly Attempt[];
}

export interface NotIssued {
	readonly outcome: 'rejected' | 'unknown' | 'notSent';
	readonly attempts: readonly Attempt[];
	/** The attempt that decided it, perhaps of an earlier call of the execution; `null` if none was made. */
	readonly decisive: Attempt | null;
}

/** Why a token must not be used. `dead`: its host has confirmed to this process that it is. */
export type Flaw = 'cutOff' | 'dead' | 'expired' | 'otherAppKey';

/** Why a token must not be passed on. A revoke under way is no flaw, since the token may outlive it. */
export type Obstacle = Flaw | 'beingRevoked';

/** How long after an issue KIS gives the same token again, dead or alive, in milliseconds. */
export const SAME_TOKEN_MS = 6 * 60 * 60 * 1000;

/** Checks a token that KIS gave. Expiry counts by KIS's clock if this computer's is wrong. @returns `null` if it is good. */
export function flawOf(grant: Grant, credential: KisCredential): Flaw | null {
	const { token, expiresAt, isOver, clockAheadMs } = grant;
	const now = Date.now() + clockAheadMs;
	if (isCutOff(token)) return 'cutOff';
	if (isIssuedTo(token, credential.appkey) === false) return 'otherAppKey';
	if (deadTokens.has(token, credential)) return 'dead';
	const isExpired = isOver || hasExpired(token, now) || (expiresAt !== null && expiresAt <= now);
	return isExpired ? 'expired' : null;
}

/** Checks an issued token before it is passed on: it may have been revoked since. @returns `null` if it is good. */
export function obstacleTo(
	{ grant, wasBeingRevoked = false }: Pick<Issued, 'grant' | 'wasBeingRevoked'>,
	credential: KisCredential,
): Obstacle | null {
	const flaw = flawOf(grant, credential);
	if (flaw !== null) return flaw;
	return wasBeingRevoked || isBeingRevoked(grant.token, credential) ? 'beingRevoked' : null;
}

/** What KIS said of a token's end when it gave the token. */
type GivenEnd = Pick<Grant, 'expiresAt' | 'clockAheadMs'>;

const NOT_TOLD: GivenEnd = { expiresAt: null, clockAheadMs: 0 };

/**
 * Makes a grant of a token that can be used again instead of asking KIS for one.
 *
 * @param minimumMs How long it has to be valid, in milliseconds.
 * @param given As for {@link grantOf}.
 * @returns As {@link grantOf}; `null` also if it is being revoked, or a revoke has left open whether it is dead.
 */
export function reuse(
	token: AccessToken,
	credential: KisCredential,
	minimumMs: number,
	given?: GivenEnd,
): Grant | null {
	return isRevokeOpen(token, credential) ? null : grantOf(token, credential, minimumMs, given);
}

/**
 * Makes a grant of a token, in the form in which KIS would issue it.
 *
 * @param minimumMs How long it has to be valid, in milliseconds. That counts by KIS's clock if this computer's is wrong.
 * @param given Absent if it is not known how KIS gave the token.
 * @returns `null` unless the token is whole, of this app key, not known to be dead, and valid for long enough.
 */
export function grantOf(
	token: AccessToken,
	credential: KisCredential,
	minimumMs: number,
	{ expiresAt: givenUntil, clockAheadMs }: GivenEnd = NOT_TOLD,
): Grant | null {
	const { expiresAt: claimed = null } = token.claims ?? {};
	if (!isWholeTokenOf(token, credential.appkey) || claimed === null) return null;
	const expiresAt = Math.min(claimed, givenUntil ?? Infinity);
	const leftMs = expiresAt - clockAheadMs - Date.now();
	if (leftMs < minimumMs || leftMs <= 0) return null;
	if (deadTokens.has(token, credential)) return null;
	return {
		token,
		expiresAt,
		isOver: false,
		clockAheadMs,
		fields: {
			access_token: token.value,
			access_token_token_expired: kisTime(expiresAt),
			token_type: 'Bearer',
			expires_in: Math.floor(leftMs / 1000),
		},
	};
}

/** Returns whether KIS refused because it issues one token a minute. */
export function isLimited({ rule }: Attempt): boolean {
	return rule?.limitsIssue === true;
}

/**
 * Sums up attempts that got no token. One without a verdict may have issued a token, whatever KIS says later, and makes it
 * `unknown`; else a refusal makes it `rejected`; else it is `notSent`.
 *
 * @param before How an earlier call of the execution ended.
 */
export function notIssued(attempts: readonly Attempt[], before: Issuance | undefined): NotIssued {
	const unanswered = attempts.findLast(({ verdict }) => verdict === 'noVerdict');
	if (unanswered) return { outcome: 'unknown', attempts, decisive: unanswered };
	if (before?.outcome === 'unknown') return { ...before, attempts };
	const refused = attempts.findLast(({ verdict }) => verdict !== 'unwritten');
	if (refused) return { outcome: 'rejected', attempts, decisive: refused };
	if (before?.outcome === 'rejected') return { ...before, attempts };
	return { outcome: 'notSent', attempts, decisive: attempts.at(-1) ?? null };
}
