// What is tried: every order of up to three attempts, for every kind of token, against the definition of the outcomes.
import type { Verdict } from '../../kis/reply/attempt';
import {
	decisiveAmong,
	REVOKE_OUTCOMES,
	outcomeOfInvalid,
	outcomeOf,
	type RevokeOutcome,
	type TokenFacts,
} from '../../kis/reply/revokeOutcome';

const OPAQUE: TokenFacts = {
	whole: false,
	expired: false,
	knownDead: false,
};
const WHOLE = { ...OPAQUE, whole: true };
const WHOLE_EXPIRED = { ...WHOLE, expired: true };
const CUT_OFF_EXPIRED = { ...OPAQUE, expired: true };

const VERDICTS: Readonly<Record<string, Verdict>> = {
	yes: 'confirmed',
	no: 'refused',
	invalid: 'invalidToken',
	expired: 'expiredToken',
	silence: 'noVerdict',
	unproven: 'unprovenConfirmation',
	unsent: 'unwritten',
};

/** @param earlier Attempts of an earlier try of the same execution. */
function outcome(attempts: string, token: TokenFacts, earlier = ''): string {
	return outcomeOf(verdicts(attempts), token, outcomeOf(verdicts(earlier), token));
}

function verdicts(attempts: string): Verdict[] {
	return attempts
		.split(' ')
		.filter((word) => word !== '')
		.map((word) => VERDICTS[word]);
}

test('there are five outcomes, and no other', () => {
	expect(REVOKE_OUTCOMES).toEqual(['revoked', 'alreadyInvalid', 'rejected', 'unknown', 'notSent']);
});

describe('any token', () => {
	test.each([
		['', 'notSent'],
		['unsent', 'notSent'],
		['unsent unsent', 'notSent'],
		['yes', 'revoked'],
		['silence yes', 'revoked'],
		['no yes', 'revoked'],
		['unsent yes', 'revoked'],
		['no', 'rejected'],
		['unsent no', 'rejected'],
		['no unsent', 'rejected'],
		['no no unsent', 'rejected'],
		['silence', 'unknown'],
		['silence no', 'unknown'],
		['no silence', 'unknown'],
		['silence unsent', 'unknown'],
		['unsent silence', 'unknown'],
		['silence no unsent', 'unknown'],
		['unproven', 'unknown'],
		['no unproven', 'unknown'],
		['unproven no', 'unknown'],
	])('%j: %s', (attempts, expected) => {
		for (const token of [OPAQUE, WHOLE, WHOLE_EXPIRED, CUT_OFF_EXPIRED]) {
			expect(outcome(attempts, token)).toBe(expected);
		}
	});
});

describe('a whole, unexpired token of this app key', () => {
	test.each([
		['invalid', 'alreadyInvalid'],
		['no invalid', 'alreadyInvalid'],
		['unsent invalid', 'alreadyInvalid'],
		['invalid silence', 'alreadyInvalid'],
		['silence invalid', 'revoked'],
		['silence no invalid', 'revoked'],
		['silence unsent invalid', 'revoked'],
		['expired', 'rejected'],
		['no expired', 'rejected'],
		['silence expired', 'unknown'],
	])('%j: %s', (attempts, expected) => {
		expect(outcome(attempts, WHOLE)).toBe(expected);
	});
});

describe('a whole, expired token of this app key', () => {
	test.each([
		['expired', 'alreadyInvalid'],
		['invalid', 'alreadyInvalid'],
		['no expired', 'alreadyInvalid'],
		// It was dead before the first attempt, which therefore did not end it.
		['silence expired', 'alreadyInvalid'],
		['silence invalid', 'alreadyInvalid'],
	])('%j: %s', (attempts, expected) => {
		expect(outcome(attempts, WHOLE_EXPIRED)).toBe(expected);
	});
});

describe('a token that is cut off, opaque or of another app key', () => {
	test.each([
		['invalid', 'rejected'],
		['expired', 'rejected'],
		['unsent invalid', 'rejected'],
		['silence invalid', 'unknown'],
		['silence expired', 'unknown'],
		['invalid silence', 'unknown'],
	])('%j: %s', (attempts, expected) => {
		expect(outcome(attempts, OPAQUE)).toBe(expected);
		expect(outcome(attempts, CUT_OFF_EXPIRED)).toBe(expected);
	});
});

describe('a token that this process knows to be dead', () => {
	test.each([
		['invalid', /^alreadyInvalid$/],
		['expired', /^alreadyInvalid$/],
		['silence invalid', /^(alreadyInvalid|revoked)$/],
		['yes', /^revoked$/],
		['no', /^rejected$/],
		['silence', /^unknown$/],
		['', /^notSent$/],
	])('%j: %s', (attempts, expected) => {
		for (const token of [OPAQUE, WHOLE, WHOLE_EXPIRED, CUT_OFF_EXPIRED]) {
			expect(outcome(attempts, { ...token, knownDead: true })).toMatch(expected);
		}
	});
});

describe('after an earlier try of the same execution', () => {
	test.each([
		// Earlier, now, whole and unexpired, opaque.
		['silence', 'yes', 'revoked', 'revoked'],
		['silence', 'invalid', 'revoked', 'unknown'],
		['no silence', 'no invalid', 'revoked', 'unknown'],
		['silence', 'no', 'unknown', 'unknown'],
		['silence', 'expired', 'unknown', 'unknown'],
		['silence', 'unsent', 'unknown', 'unknown'],
		['silence', '', 'unknown', 'unknown'],
		['no', 'silence invalid', 'revoked', 'unknown'],
		['no', 'invalid', 'alreadyInvalid', 'rejected'],
		['unsent', 'invalid', 'alreadyInvalid', 'rejected'],
		['unsent', '', 'notSent', 'notSent'],
		['unsent', 'no', 'rejected', 'rejected'],
		// It was dead before the unanswered attempt, which therefore did not end it.
		['invalid', 'silence invalid', 'alreadyInvalid', 'unknown'],
	])('%j, then %j: %s if it is whole, else %s', (earlier, now, whole, opaque) => {
		expect(outcome(now, WHOLE, earlier)).toBe(whole);
		expect(outcome(now, OPAQUE, earlier)).toBe(opaque);
	});

	test.each(['', 'unsent', 'no', 'silence', 'no silence'])(
		'that found it dead, %j changes nothing',
		(now) => {
			expect(outcome(now, OPAQUE, 'yes')).toBe('revoked');
			expect(outcome(now, WHOLE, 'silence invalid')).toBe('revoked');
			expect(outcome(now, WHOLE, 'invalid')).toBe('alreadyInvalid');
		},
	);

	test.each(['invalid', 'expired', 'silence invalid', 'yes'])(
		'that confirmed, %j is a success for every kind of token',
		(now) => {
			for (const token of [OPAQUE, WHOLE, WHOLE_EXPIRED, CUT_OFF_EXPIRED]) {
				expect(outcome(now, { ...token, knownDead: true }, 'yes')).toMatch(
					/^(revoked|alreadyInvalid)$/,
				);
			}
		},
	);
});

test('no order of attempts makes a false statement', () => {
	const words = Object.keys(VERDICTS);
	const two = words.flatMap((first) => words.map((second) => `${first} ${second}`));
	const three = two.flatMap((start) => words.map((last) => `${start} ${last}`));
	for (const attempts of [...words, ...two, ...three]) {
		for (const token of [OPAQUE, WHOLE, WHOLE_EXPIRED, CUT_OFF_EXPIRED]) {
			const said = { attempts, token, outcome: outcome(attempts, token) };
			const dead =
				/yes/.test(attempts) ||
				(token.whole && (/invalid/.test(attempts) || (token.expired && /expired/.test(attempts))));
			if (dead) expect(['revoked', 'alreadyInvalid']).toContain(said.outcome);
			else if (/silence|unproven/.test(attempts))
				expect(said).toMatchObject({ outcome: 'unknown' });
			else if (/no|invalid|expired/.test(attempts)) {
				expect(said).toMatchObject({ outcome: 'rejected' });
			} else expect(said).toMatchObject({ outcome: 'notSent' });
			// "revoked" needs a confirmation, or silence before "invalid".
			if (said.outcome === 'revoked') expect(attempts).toMatch(/yes|(silence|unproven).*invalid/);
		}
	}
});

describe('the decisive attempt', () => {
	test.each<[RevokeOutcome, Verdict[], number | undefined]>([
		['revoked', ['noVerdict', 'confirmed', 'unwritten'], 1],
		['revoked', ['noVerdict', 'invalidToken'], 1],
		['revoked', ['noVerdict', 'expiredToken', 'unwritten'], 1],
		['alreadyInvalid', ['refused', 'invalidToken'], 1],
		['rejected', ['refused', 'refused', 'unwritten'], 1],
		['rejected', ['invalidToken', 'unwritten'], 0],
		['unknown', ['noVerdict', 'noVerdict', 'refused'], 1],
		['unknown', ['unprovenConfirmation', 'noVerdict'], 0],
		['notSent', ['unwritten', 'unwritten'], 1],
		['revoked', ['refused', 'unwritten'], undefined],
		['unknown', [], undefined],
	])('%s: %j', (outcome, verdicts, index) => {
		const attempts = verdicts.map((verdict) => ({ verdict }));
		expect(decisiveAmong(attempts, outcome)).toBe(index === undefined ? index : attempts[index]);
	});
});

test.each<[Verdict, boolean, RevokeOutcome]>([
	['invalidToken', false, 'revoked'],
	['invalidToken', true, 'alreadyInvalid'],
	// KIS says so of a token of the other environment, too.
	['expiredToken', false, 'unknown'],
	['expiredToken', true, 'alreadyInvalid'],
])(
	'an unknown token that a question calls invalid (%s, expired here: %s): %s',
	(verdict, expired, outcome) => {
		expect(outcomeOfInvalid(verdict, expired)).toBe(outcome);
	},
);
