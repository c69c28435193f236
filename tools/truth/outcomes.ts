import type { Means } from './reading';

/** What was heard of a token: on an attempt to revoke it, or on the question whether it is alive. */
export type Step = Means | 'foundInvalid' | 'foundExpired' | 'foundNothing';

export type Outcome = 'revoked' | 'alreadyInvalid' | 'rejected' | 'unknown' | 'notSent';

export function isDead(outcome: string): boolean {
	return outcome === 'revoked' || outcome === 'alreadyInvalid';
}

/** Facts about a token besides the answers. */
export interface TokenFacts {
	/** A whole JWT of the app key in use: "invalid" can then only mean that it is dead. */
	readonly isOurs: boolean;
	/** It names another app key, or its end is cut off: a success may be what anyone gets. */
	readonly isStranger: boolean;
	readonly hasExpired: boolean;
	/** This host has said so to this process, in a way that counts for this credential. */
	readonly isKnownDead: boolean;
}

/**
 * What may be said of a token after answers of which each may have been read in one way or another.
 *
 * @param steps Oldest first.
 * @param before Where the same execution had left it.
 */
export function outcomesAfter(
	steps: ReadonlyArray<readonly Step[]>,
	facts: TokenFacts,
	before: Outcome,
): ReadonlySet<Outcome> {
	let possible = new Set([before]);
	for (const step of steps) {
		possible = new Set(
			[...possible].flatMap((outcome) => step.map((means) => next(outcome, means, facts))),
		);
	}
	return possible;
}

function next(outcome: Outcome, means: Step, facts: TokenFacts): Outcome {
	if (outcome === 'revoked') return outcome;
	if (means === 'foundNothing') return outcome;
	if (means === 'foundInvalid' || means === 'foundExpired') {
		if (outcome !== 'unknown' || !facts.isOurs) return outcome;
		if (facts.hasExpired) return 'alreadyInvalid';
		// KIS calls tokens of the other environment expired, too.
		return means === 'foundInvalid' ? 'revoked' : outcome;
	}
	if (means === 'confirmed' && !facts.isStranger) return 'revoked';
	if (outcome === 'alreadyInvalid') return outcome;
	if (provesDead(means, facts)) {
		return outcome === 'unknown' && facts.isOurs && !facts.hasExpired
			? 'revoked'
			: 'alreadyInvalid';
	}
	if (outcome === 'unknown' || means === 'none' || means === 'confirmed') return 'unknown';
	return 'rejected';
}

function provesDead(means: Means, { isOurs, hasExpired, isKnownDead }: TokenFacts): boolean {
	if (means === 'invalid') return isOurs || isKnownDead;
	return means === 'expired' && ((isOurs && hasExpired) || isKnownDead);
}
