import { ISSUE_INTERVAL_MS } from '../input/environments';
import type { Grant } from '../issue/grant';
import {
	isLimited,
	SAME_TOKEN_MS,
	type Flaw,
	type NotIssued,
	type UnusableGrant,
} from '../issue/issuance';

/** Why no token is requested for a while, and until when. */
export interface IssueHold {
	/** When it began, in milliseconds since 1970. */
	readonly since: number;
	/** When it ends, likewise. */
	readonly until: number;
	readonly issuance: UnusableGrant | NotIssued;
}

/**
 * How long to request no token after an unusable one. A cut-off answer may be whole the next time; the other two are mistakes
 * in between that somebody has to mend.
 */
const HELD_AFTER_MS: Readonly<Record<Exclude<Flaw, 'dead'>, number>> = {
	cutOff: ISSUE_INTERVAL_MS,
	expired: 10 * 60 * 1000,
	otherAppKey: 10 * 60 * 1000,
};

/** Returns the hold that a failed token request calls for; `null` if the next request may succeed immediately. */
export function holdAfter(issuance: UnusableGrant | NotIssued, now: number): IssueHold | null {
	if (issuance.outcome !== 'unusable') {
		return failsAgain(issuance) ? { since: now, until: now + ISSUE_INTERVAL_MS, issuance } : null;
	}
	const { flaw, grant } = issuance;
	const until = flaw === 'dead' ? sameTokenEnds(grant, now) : now + HELD_AFTER_MS[flaw];
	return { since: now, until, issuance };
}

/** Returns whether the minute is not over, the key pair is refused, or a token may have been issued whose answer was lost. */
function failsAgain({ outcome, decisive }: NotIssued): boolean {
	return (
		outcome === 'unknown' ||
		(decisive !== null && (isLimited(decisive) || decisive.rule?.refusesCredential === true))
	);
}

/**
 * Returns until when KIS may go on giving this token, by this computer's clock. A token that does not say when it was issued
 * counts as issued now. If the time is over already, the token died while KIS gave it, and the next one is another.
 */
function sameTokenEnds({ token: { claims }, clockAheadMs }: Grant, now: number): number {
	const issuedAt = Math.min((claims?.issuedAt ?? now + clockAheadMs) - clockAheadMs, now);
	return Math.max(issuedAt + SAME_TOKEN_MS, now + ISSUE_INTERVAL_MS);
}
