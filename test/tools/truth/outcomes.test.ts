// What the experiment's judge lets the node say of a token, after which answers.
import { outcomesAfter, type Outcome, type TokenFacts } from '../../../tools/truth/outcomes';
import type { Means } from '../../../tools/truth/reading';

const OURS: TokenFacts = {
	isOurs: true,
	isStranger: false,
	hasExpired: false,
	isKnownDead: false,
};
const OPAQUE: TokenFacts = { ...OURS, isOurs: false };
const STRANGER: TokenFacts = { ...OPAQUE, isStranger: true };
const KNOWN: TokenFacts = { ...OPAQUE, isKnownDead: true };
const EXPIRED: TokenFacts = { ...OURS, hasExpired: true };

test.each<[Outcome, TokenFacts, Means[]]>([
	['notSent', OURS, []],
	['revoked', OURS, ['confirmed']],
	['revoked', OPAQUE, ['none', 'confirmed']],
	['revoked', OURS, ['none', 'invalid']],
	['revoked', OURS, ['confirmed', 'invalid']],
	['alreadyInvalid', OURS, ['invalid']],
	['alreadyInvalid', OURS, ['invalid', 'none']],
	['alreadyInvalid', OURS, ['refused', 'invalid']],
	['alreadyInvalid', EXPIRED, ['expired']],
	['alreadyInvalid', EXPIRED, ['none', 'expired']],
	['alreadyInvalid', KNOWN, ['none', 'invalid']],
	['rejected', OURS, ['refused']],
	['rejected', OURS, ['expired']],
	['rejected', OPAQUE, ['invalid']],
	['rejected', STRANGER, ['invalid']],
	['unknown', OURS, ['none']],
	['unknown', OURS, ['none', 'refused']],
	['unknown', OURS, ['none', 'expired']],
	['unknown', OPAQUE, ['none', 'invalid']],
	['unknown', STRANGER, ['confirmed']],
	['unknown', STRANGER, ['refused', 'confirmed']],
])('%s: %j %j', (outcome, facts, means) => {
	const steps = means.map((one) => [one]);
	expect([...outcomesAfter(steps, facts, 'notSent')]).toEqual([outcome]);
});

test('an answer that may not have been read allows both', () => {
	const steps: Means[][] = [['confirmed', 'none'], ['invalid']];
	expect([...outcomesAfter(steps, OURS, 'notSent')]).toEqual(['revoked']);
	expect([...outcomesAfter(steps, OPAQUE, 'notSent')]).toEqual(['revoked', 'unknown']);
});

test('goes on from where the execution had left it', () => {
	expect([...outcomesAfter([['invalid']], OURS, 'unknown')]).toEqual(['revoked']);
	expect([...outcomesAfter([['refused']], OURS, 'unknown')]).toEqual(['unknown']);
	expect([...outcomesAfter([['invalid']], OPAQUE, 'revoked')]).toEqual(['revoked']);
});
