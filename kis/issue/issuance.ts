import { hasExpired, isIssuedTo, type AccessToken } from '../accessToken';
import type { Attempt } from '../attempt';
import type { KisCredential } from '../credential';
import { lookUpCode } from '../errorCodes';
import { kisTime } from '../koreanTime';
import { tokenMemory } from '../revoke/tokenMemory';
import type { Grant } from './grant';

/**
 * What can become of a request for a token:
 *
 * - `issued`: KIS gave a token, and nothing speaks against it.
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

/** Why a token cannot be used: `dead` if this process has revoked it, or has learnt from this host that it is invalid. */
export type Flaw = 'dead' | 'expired' | 'otherAppKey';

/** For so long after an issue, in milliseconds, KIS gives the same token again, dead or alive. */
export const SAME_TOKEN_MS = 6 * 60 * 60 * 1000;

export function flawOf({ token, expiresAt }: Grant, credential: KisCredential): Flaw | null {
	const now = Date.now();
	if (isIssuedTo(token, credential.appkey) === false) return 'otherAppKey';
	if (tokenMemory.isDead(token, credential.baseUrl)) return 'dead';
	const isOver = hasExpired(token, now) || (expiresAt !== null && expiresAt <= now);
	return isOver ? 'expired' : null;
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
	const { complete = false, appkey = null, expiresAt = null } = token.claims ?? {};
	if (!complete || appkey !== credential.appkey || expiresAt === null) return null;
	const leftMs = expiresAt - Date.now();
	if (leftMs < minimumMs || leftMs <= 0) return null;
	if (tokenMemory.isDead(token, credential.baseUrl)) return null;
	return {
		token,
		expiresAt,
		fields: {
			access_token: token.value,
			access_token_token_expired: kisTime(expiresAt),
			token_type: 'Bearer',
			expires_in: Math.floor(leftMs / 1000),
		},
	};
}

/** KIS's minute is not over. */
export function isLimited({ refusalCode }: Attempt): boolean {
	return refusalCode !== null && lookUpCode(refusalCode).limitsIssue === true;
}

/**
 * Weighs attempts that got no token: one without an answer may have issued one, whatever KIS says later; else a refusal
 * counts; else nothing was sent.
 *
 * @param before How an earlier call of the execution ended.
 */
export function weighFailed(attempts: readonly Attempt[], before: Issuance | undefined): NotIssued {
	const unanswered = attempts.findLast(({ verdict }) => verdict === 'noVerdict');
	if (unanswered) return { outcome: 'unknown', attempts, decisive: unanswered };
	if (before?.outcome === 'unknown') return { ...before, attempts };
	const refused = attempts.findLast(({ verdict }) => verdict !== 'unwritten');
	if (refused) return { outcome: 'rejected', attempts, decisive: refused };
	if (before?.outcome === 'rejected') return { ...before, attempts };
	return { outcome: 'notSent', attempts, decisive: attempts.at(-1) ?? null };
}
