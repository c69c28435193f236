import type { Verdict } from './attempt';

/**
 * What can become of a token, and no other:
 *
 * - `revoked`: KIS confirmed it, or called the token invalid after an attempt of this execution that got no verdict (on
 *   another attempt, or on a question with the token). The token is dead.
 * - `alreadyInvalid`: KIS says the token is invalid, and that cannot be for another reason than that it is dead.
 * - `rejected`: KIS refused, and no attempt was processed.
 * - `unknown`: an attempt was sent, and no verdict on it came that can be believed. The token may be dead or live.
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

/** The token is dead, whoever ended it. */
export function meansDead(outcome: RevokeOutcome): boolean {
	return outcome === 'revoked' || outcome === 'alreadyInvalid';
}

/** What is known of the token beside KIS's answers. */
export interface TokenFacts {
	/** A complete JWT whose `jti` is the app key in use: "invalid" can then not mean cut off, or another app's. */
	readonly whole: boolean;
	/** Its `exp` has passed. */
	readonly expired: boolean;
	/** This process knows from earlier calls that it is dead at this host. */
	readonly knownDead: boolean;
}

/**
 * Weighs all attempts on a token: one that settles it wins, else any without a verdict makes it `unknown`, else any
 * refusal `rejected`, else nothing was sent.
 *
 * @param verdicts Of this call, oldest first.
 * @param before Where earlier calls of the same execution left it, such as a first try of n8n's "Retry On Fail".
 */
export function outcomeOf(
	verdicts: readonly Verdict[],
	token: TokenFacts,
	before: RevokeOutcome = 'notSent',
): RevokeOutcome {
	// What the execution has revoked itself stays so, however often it finds it invalid later.
	if (before === 'revoked') return before;
	const wasDead = meansDead(before);
	let mayBeRevoked = before === 'unknown';
	for (const verdict of verdicts) {
		if (verdict === 'confirmed') return 'revoked';
		if (provesDead(verdict, token)) {
			// Dead now, and an attempt without a verdict did it, as far as can be told.
			return mayBeRevoked && token.whole && !token.expired ? 'revoked' : 'alreadyInvalid';
		}
		mayBeRevoked ||= (verdict === 'noVerdict' || verdict === 'unprovenConfirmation') && !wasDead;
	}
	if (wasDead) return before;
	if (mayBeRevoked) return 'unknown';
	return verdicts.every((verdict) => verdict === 'unwritten') ? before : 'rejected';
}

/**
 * Names the outcome of an `unknown` whole token of the app key that KIS, asked for a quote, has called dead. By the rule of
 * {@link outcomeOf} the attempt without a verdict has ended it, unless it has expired by this computer's clock, or KIS says so.
 *
 * @param verdict On the question.
 */
export function outcomeOfDead(verdict: Verdict, expired: boolean): RevokeOutcome {
	return verdict === 'invalidToken' && !expired ? 'revoked' : 'alreadyInvalid';
}

/** Which verdicts make a token end like this, the more telling ones first. */
const DECIDING: Readonly<Record<RevokeOutcome, ReadonlyArray<readonly Verdict[]>>> = {
	revoked: [['confirmed'], ['invalidToken', 'expiredToken']],
	alreadyInvalid: [['invalidToken', 'expiredToken']],
	rejected: [['refused', 'invalidToken', 'expiredToken']],
	unknown: [['unprovenConfirmation'], ['noVerdict']],
	notSent: [['unwritten']],
};

/** The attempt that made a token end as it did; `undefined` where it was not among these. */
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

/** RFC 7009, section 2.2: a token that is invalid already is what the client wanted. KIS reports it as a refusal. */
function provesDead(verdict: Verdict, { whole, expired, knownDead }: TokenFacts): boolean {
	switch (verdict) {
		case 'invalidToken':
			return whole || knownDead;
		case 'expiredToken':
			return (whole && expired) || knownDead;
		default:
			return false;
	}
}
