import {
	hasExpired,
	isCutOff,
	isIssuedTo,
	isWholeTokenOf,
	type AccessToken,
} from '../input/accessToken';
import type { Attempt } from '../reply/attempt';
import type { KisCredential } from '../input/credential';
import { deadTokens } from '../memory/deadTokens';
import { kisTime } from '../reply/koreanTime';
import type { Grant } from './grant';

/**
 * What can become of a request for a token:
 *
 * - `issued`: KIS gave a token, and it passed every check.
 * - `unusable`: KIS gave a token that cannot be used.
 * - `rejected`: KIS refused, and no attempt was processed.
 * - `unknown`: an attempt was sent, and no readable answer came. A token may have been issued.
 * - `notSent`: no attempt was ever written.
 */
export type Issuance = Issued | UnusableGrant | NotIssued;

export interface Issued {
	readonly outcome: 'issued';
	readonly grant: Grant;
	/** Of this call, oldest first; empty where the execution has got the token before. */
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
	/** The attempt that made it so, if need be of an earlier call of the execution; `null` where none was made. */
	readonly decisive: Attempt | null;
}

/** Why a token cannot be used: `dead` if this host has confirmed its revocation to this process, or called it invalid. */
export type Flaw = 'cutOff' | 'dead' | 'expired' | 'otherAppKey';

/** For so long after an issue, in milliseconds, KIS gives the same token again, dead or alive. */
export const SAME_TOKEN_MS = 6 * 60 * 60 * 1000;

/** Checks a token that KIS gave; `null` if it can be used. Expiry counts by KIS's clock where this computer's is wrong. */
export function flawOf(grant: Grant, credential: KisCredential): Flaw | null {
	const { token, expiresAt, isOver, clockAheadMs } = grant;
	const now = Date.now() + clockAheadMs;
	if (isCutOff(token)) return 'cutOff';
	if (isIssuedTo(token, credential.appkey) === false) return 'otherAppKey';
	if (deadTokens.has(token, credential)) return 'dead';
	const hasEnded = isOver || hasExpired(token, now) || (expiresAt !== null && expiresAt <= now);
	return hasEnded ? 'expired' : null;
}

/**
 * A token that need not be issued anew, as KIS would give it: whole, of the app key, not known to be dead, and valid for
 * so many milliseconds. `null` for any other.
 */
export function reuse(
	token: AccessToken,
	credential: KisCredential,
	minimumMs: number,
): Grant | null {
	const { expiresAt = null } = token.claims ?? {};
	if (!isWholeTokenOf(credential.appkey, token) || expiresAt === null) return null;
	const leftMs = expiresAt - Date.now();
	if (leftMs < minimumMs || leftMs <= 0) return null;
	if (deadTokens.has(token, credential)) return null;
	return {
		token,
		expiresAt,
		isOver: false,
		clockAheadMs: 0,
		fields: {
			access_token: token.value,
			access_token_token_expired: kisTime(expiresAt),
			token_type: 'Bearer',
			expires_in: Math.floor(leftMs / 1000),
		},
	};
}

/** KIS's minute is not over. */
export function isLimited({ rule }: Attempt): boolean {
	return rule?.limitsIssue === true;
}

/**
 * Weighs attempts that got no token: one without an answer may have issued one, whatever KIS says later; else a refusal
 * counts; else nothing was sent.
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
