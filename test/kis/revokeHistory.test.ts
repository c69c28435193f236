// What is tried: what an execution knows about a token, with one credential and with any, and for how long.
import { RevokeHistory, type LeftAs } from '../../kis/memory/revokeHistory';
import type { RevokeOutcome } from '../../kis/reply/revokeOutcome';
import { makeAttempt } from '../support/attempts';
import { credentialFor, makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';

const keys = makeKeyPair();
const here = credentialFor(keys, 'https://relay.example');
const elsewhere = credentialFor(keys, 'https://other.example');
const token = read(makeToken(keys.appkey));

function standing(outcome: RevokeOutcome): LeftAs {
	return { outcome, decisive: makeAttempt('noVerdict') };
}

let memory: RevokeHistory;
beforeEach(() => {
	memory = new RevokeHistory();
});

test('an outcome is known for its execution, token and credential only', () => {
	const unknown = standing('unknown');
	memory.remember('first', token, here, unknown);
	expect(memory.recall('first', token, here)).toBe(unknown);
	expect(memory.recall('first', token, elsewhere)).toBeNull();
	expect(
		memory.recall('first', token, credentialFor(makeKeyPair(), 'https://relay.example')),
	).toBeNull();
	expect(memory.recall('first', read(makeOpaqueToken()), here)).toBeNull();
	expect(memory.recall('second', token, here)).toBeNull();
	expect([memory.hasAttempted('first'), memory.hasAttempted('second')]).toEqual([true, false]);
});

test('two spellings of an address are one host', () => {
	const unknown = standing('unknown');
	memory.remember('first', token, here, unknown);
	expect(memory.recall('first', token, credentialFor(keys, 'https://RELAY.example:443/'))).toBe(
		unknown,
	);
});

test('the latest outcome counts', () => {
	const revoked = standing('revoked');
	memory.remember('first', token, here, standing('unknown'));
	memory.remember('first', token, here, revoked);
	expect(memory.recall('first', token, here)).toBe(revoked);
});

describe('recallAny: the credential cannot be read', () => {
	test.each<[RevokeOutcome, RevokeOutcome | null, RevokeOutcome | null]>([
		['revoked', null, 'revoked'],
		['alreadyInvalid', null, 'alreadyInvalid'],
		['unknown', null, 'unknown'],
		['rejected', null, 'rejected'],
		['notSent', null, null],
		['revoked', 'revoked', 'revoked'],
		['revoked', 'notSent', 'revoked'],
		['notSent', 'rejected', 'rejected'],
		['revoked', 'unknown', 'unknown'],
		['revoked', 'alreadyInvalid', 'revoked'],
		['alreadyInvalid', 'revoked', 'revoked'],
		['unknown', 'rejected', 'unknown'],
		// Dead at one host, and as before at another.
		['revoked', 'rejected', 'unknown'],
		['rejected', 'alreadyInvalid', 'unknown'],
	])('%s here, %s elsewhere: %s', (first, second, expected) => {
		memory.remember('it', token, here, standing(first));
		if (second) memory.remember('it', token, elsewhere, standing(second));
		expect(memory.recallAny('it', token)?.outcome ?? null).toBe(expected);
	});

	test('the decisive attempt is the one that left it open', () => {
		const open = standing('unknown');
		memory.remember('it', token, here, standing('rejected'));
		memory.remember('it', token, elsewhere, open);
		expect(memory.recallAny('it', token)).toBe(open);
	});

	test('nothing if it was not sent', () => {
		memory.remember('it', token, here, standing('unknown'));
		expect(memory.recallAny('it', read(makeOpaqueToken()))).toBeNull();
		expect(memory.recallAny('another', token)).toBeNull();
	});
});

test('it is not forgotten with time, however long the execution waits', () => {
	const unknown = standing('unknown');
	const expired = read(makeToken(keys.appkey, { exp: Math.floor(Date.now() / 1000) + 60 }));
	memory.remember('first', expired, here, unknown);
	const later = Date.now() + 30 * 24 * 60 * 60 * 1000;
	const now = jest.spyOn(Date, 'now').mockReturnValue(later);
	memory.remember('second', token, here, standing('revoked'));
	expect(memory.recall('first', expired, here)).toBe(unknown);
	now.mockRestore();
});

test('beyond very many, the executions that sent longest ago are forgotten, never the current one', () => {
	const claims = null;
	const one = (name: string) => ({ value: '', fingerprint: name, claims });
	const revoked = standing('revoked');
	memory.remember('old', one('x'), here, revoked);
	memory.remember('older but used', one('x'), here, revoked);
	memory.remember('older but used', one('y'), here, revoked);
	for (let i = 0; i < 199_998; i++) memory.remember('sweep', one(String(i)), here, revoked);
	expect(memory.recall('old', one('x'), here)).toBeNull();
	expect(memory.recall('older but used', one('y'), here)).toBe(revoked);
	for (let i = 0; i < 3000; i++) memory.remember('sweep', one(`more ${i}`), here, revoked);
	expect(memory.recall('older but used', one('y'), here)).toBeNull();
	expect(memory.recall('sweep', one('0'), here)).toBe(revoked);
});
