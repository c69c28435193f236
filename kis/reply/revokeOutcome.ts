import type { Verdict } from './attempt';

/**
 * What can become of a token that is to be revoked:
 *
 * - `revoked`: KIS confirmed it, or called the token invalid after an attempt of this execution whose answer was lost. The
 *   token is dead.
 * - `alreadyInvalid`: KIS called the token invalid, which can only mean that it is dead.
 * - `rejected`: KIS refused, and no attempt was processed.
 * - `unknown`: an attempt was sent, and no verdict came that can be trusted. The token may be dead or live.
 * - `notSent`: no attempt was ever written.
 */
export const REVOKE_OUTCOMES = [
	'revoked',
	'alreadyInvalid',
	'rejected',
	'unknown',
	'notSent',
] as const;
export type RevokeOutcome = (typeof REVOKE_OUTCOMES)[number];

/** Returns whether an outcome means that the token is dead. */
export function meansDead(outcome: RevokeOutcome): boolean {
	return outcome === 'revoked' || outcome === 'alreadyInvalid';
}

/** Facts about a token besides KIS's answers. */
export interface TokenFacts {
	/** It is a complete JWT of this app key, so that "invalid" can only mean dead. */
	readonly whole: boolean;
	/** Whether its `exp` has passed; `null` if this computer's clock and KIS's do not agree about that. */
	readonly expired: boolean | null;
	/** This process has seen it dead at this host before. */
	readonly knownDead: boolean;
}

/**
 * Sums up all attempts on a token. Proof that it is dead wins; else any attempt without a verdict makes it `unknown`; else
 * any refusal makes it `rejected`; else it is `notSent`.
 *
 * @param verdicts Those of this call, oldest first.
 * @param before Where earlier calls of the execution left it, such as the first try of n8n's "Retry On Fail".
 */
export function outcomeOf(
	verdicts: readonly Verdict[],
	token: TokenFacts,
	before: RevokeOutcome = 'notSent',
): RevokeOutcome {
	// What the execution has revoked stays revoked, though KIS calls it invalid from then on.
	if (before === 'revoked') return before;
	const wasDead = meansDead(before);
	let mayBeRevoked = before === 'unknown';
	for (const verdict of verdicts) {
		if (verdict === 'confirmed') return 'revoked';
		if (provesDead(verdict, token)) {
			// It is dead, and as far as anyone can tell, an earlier attempt without a verdict ended it.
			return mayBeRevoked && token.whole && token.expired === false ? 'revoked' : 'alreadyInvalid';
		}
		mayBeRevoked ||= (verdict === 'noVerdict' || verdict === 'unprovenConfirmation') && !wasDead;
	}
	if (wasDead) return before;
	if (mayBeRevoked) return 'unknown';
	return verdicts.every((verdict) => verdict === 'unwritten') ? before : 'rejected';
}

/**
 * Returns the outcome of an `unknown` token that KIS called invalid when asked for a quote: as in {@link outcomeOf}, the
 * attempt without a verdict ended it, unless it may have expired. "Expired" about one that has not stays `unknown`: KIS says that
 * of tokens of the other environment too, and there it may be live.
 *
 * @param verdict KIS's answer to the question, about a whole token of the app key.
 */
export function outcomeOfInvalid(verdict: Verdict, expired: TokenFacts['expired']): RevokeOutcome {
	if (verdict === 'expiredToken' && expired !== true) return 'unknown';
	return expired === false ? 'revoked' : 'alreadyInvalid';
}

/** The verdicts that can lead to each outcome, the more telling ones first. */
const DECIDING: Readonly<Record<RevokeOutcome, ReadonlyArray<readonly Verdict[]>>> = {
	revoked: [['confirmed'], ['invalidToken', 'expiredToken']],
	alreadyInvalid: [['invalidToken', 'expiredToken']],
	rejected: [['refused', 'invalidToken', 'expiredToken']],
	unknown: [['unprovenConfirmation'], ['noVerdict']],
	notSent: [['unwritten']],
};

/** Finds the last attempt that decided the outcome; `undefined` if none of these did. */
export function decisiveAmong<T extends { readonly verdict: Verdict }>(
	attempts: readonly T[],
	outcome: RevokeOutcome,
): T | undefined {
	for (const verdicts of DECIDING[outcome]) {
		const last = attempts.findLast(({ verdict }) => verdicts.includes(verdict));
		if (last) return last;
	}
	return undefined;
}

/**
 * KIS refuses to revoke an invalid token. For the client it is as good as revoked.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2.2
 */
function provesDead(verdict: Verdict, { whole, expired, knownDead }: TokenFacts): boolean {
	switch (verdict) {
		case 'invalidToken':
			return whole || knownDead;
		case 'expiredToken':
			return (whole && expired === true) || knownDead;
		default:
			return false;
	}
}
