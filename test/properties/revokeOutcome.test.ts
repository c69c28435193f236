// What is tried: any attempts in any order, on any token, after any earlier try, against the definition of the outcomes.
import fc from 'fast-check';

import type { Verdict } from '../../kis/reply/attempt';
import {
	decisiveAmong,
	REVOKE_OUTCOMES,
	outcomeOf,
	type RevokeOutcome,
	type TokenFacts,
} from '../../kis/reply/revokeOutcome';
import { property } from '../support/properties';

const verdict = fc.constantFrom<Verdict>(
	'confirmed',
	'unprovenConfirmation',
	'refused',
	'invalidToken',
	'expiredToken',
	'noVerdict',
	'unwritten',
);
const verdicts = fc.array(verdict, { maxLength: 6 });
const facts = fc.record<TokenFacts>({
	whole: fc.boolean(),
	expired: fc.boolean(),
	knownDead: fc.boolean(),
});
const before = fc.constantFrom<RevokeOutcome>(...REVOKE_OUTCOMES);

const isDead = (outcome: RevokeOutcome) => outcome === 'revoked' || outcome === 'alreadyInvalid';
const isOpen = (verdict: Verdict) => verdict === 'noVerdict' || verdict === 'unprovenConfirmation';
const callsInvalid = (verdict: Verdict) => verdict === 'invalidToken' || verdict === 'expiredToken';

property('the outcome is one of the five', [verdicts, facts, before], (verdicts, token, before) => {
	expect(REVOKE_OUTCOMES).toContain(outcomeOf(verdicts, token, before));
});

property(
	'what KIS confirms is dead, whatever else it says, and revoked unless it was found dead first',
	[verdicts, verdicts, facts, before],
	(earlier, later, token, before) => {
		const outcome = outcomeOf([...earlier, 'confirmed', ...later], token, before);
		expect(isDead(outcome)).toBe(true);
		if (!earlier.some(callsInvalid)) expect(outcome).toBe('revoked');
	},
);

property(
	'a token that the execution revoked stays revoked, whatever KIS says later',
	[verdicts, facts],
	(verdicts, token) => expect(outcomeOf(verdicts, token, 'revoked')).toBe('revoked'),
);

property(
	'a token is called dead only on evidence',
	[verdicts, facts, before],
	(verdicts, token, before) => {
		if (!isDead(outcomeOf(verdicts, token, before))) return;
		const explained = token.whole || token.knownDead;
		const found = verdicts.includes('confirmed') || (verdicts.some(callsInvalid) && explained);
		expect(found || isDead(before)).toBe(true);
	},
);

property(
	'"revoked" takes a confirmation, or silence and then "invalid" about a whole token',
	[verdicts, facts, before],
	(verdicts, token, before) => {
		if (outcomeOf(verdicts, token, before) !== 'revoked') return;
		const silent = before === 'unknown' ? 0 : verdicts.findIndex(isOpen);
		const became = silent >= 0 && verdicts.slice(silent).some(callsInvalid);
		expect(
			before === 'revoked' ||
				verdicts.includes('confirmed') ||
				(became && token.whole && !token.expired),
		).toBe(true);
	},
);

property(
	'"rejected" means that every attempt has a verdict, and that one was refused',
	[verdicts, facts, before],
	(verdicts, token, before) => {
		if (outcomeOf(verdicts, token, before) !== 'rejected') return;
		expect(verdicts.some(isOpen)).toBe(false);
		expect(before).not.toBe('unknown');
		expect(before === 'rejected' || verdicts.some((verdict) => verdict !== 'unwritten')).toBe(true);
	},
);

property(
	'"unknown" means that an attempt has no verdict, and that KIS confirmed none',
	[verdicts, facts, before],
	(verdicts, token, before) => {
		if (outcomeOf(verdicts, token, before) !== 'unknown') return;
		expect(before === 'unknown' || verdicts.some(isOpen)).toBe(true);
		expect(verdicts).not.toContain('confirmed');
	},
);

property(
	'"notSent" means that nothing was ever written, and nothing else does',
	[verdicts, facts, before],
	(verdicts, token, before) => {
		const neverWritten = verdicts.every((verdict) => verdict === 'unwritten');
		const isNotSent = outcomeOf(verdicts, token, before) === 'notSent';
		expect(isNotSent).toBe(neverWritten && before === 'notSent');
	},
);

property(
	'an attempt that was not written says nothing',
	[verdicts, verdicts, facts, before],
	(earlier, later, token, before) => {
		const outcome = outcomeOf([...earlier, 'unwritten', ...later], token, before);
		expect(outcome).toBe(outcomeOf([...earlier, ...later], token, before));
	},
);

property(
	'a refusal hides no attempt',
	[verdicts, verdicts, facts, before],
	(earlier, later, token, before) => {
		const without = outcomeOf([...earlier, ...later], token, before);
		const outcome = outcomeOf([...earlier, 'refused', ...later], token, before);
		expect(outcome).toBe(without === 'notSent' ? 'rejected' : without);
	},
);

property(
	'the dead stay dead',
	[verdicts, verdicts, facts, before],
	(earlier, later, token, before) => {
		const dead = isDead(outcomeOf(earlier, token, before));
		if (dead) expect(isDead(outcomeOf([...earlier, ...later], token, before))).toBe(true);
	},
);

property(
	'attempts split in two by "Retry On Fail" have the outcome of all together',
	[verdicts, verdicts, facts, before],
	(first, second, token, before) => {
		const between = outcomeOf(first, token, before);
		// A dead token is not sent again.
		if (isDead(between)) return;
		expect(outcomeOf(second, token, between)).toBe(outcomeOf([...first, ...second], token, before));
	},
);

property(
	'the order does not matter where "invalid" cannot be explained',
	[verdicts, fc.infiniteStream(fc.nat()), fc.boolean(), before],
	(verdicts, draws, expired, before) => {
		const token = { whole: false, expired, knownDead: false };
		const shuffled = verdicts
			.map((verdict) => ({ verdict, at: draws.next().value as number }))
			.sort((a, b) => a.at - b.at)
			.map(({ verdict }) => verdict);
		expect(outcomeOf(shuffled, token, before)).toBe(outcomeOf(verdicts, token, before));
	},
);

property(
	'the decisive attempt is one of the attempts, and every outcome of this call has one',
	[verdicts, facts],
	(verdicts, token) => {
		const attempts = verdicts.map((verdict) => ({ verdict }));
		const decisive = decisiveAmong(attempts, outcomeOf(verdicts, token));
		if (attempts.length === 0) expect(decisive).toBeUndefined();
		else expect(attempts).toContain(decisive);
	},
);
