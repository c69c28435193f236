// What is tried: what an execution knows about a token, with one credential and with one that cannot be read, and for how long.
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

describe('recallForRun: the credential cannot be read', () => {
	test.each<[RevokeOutcome, RevokeOutcome | null]>([
		['revoked', 'revoked'],
		['alreadyInvalid', 'alreadyInvalid'],
		['unknown', 'unknown'],
		['rejected', 'rejected'],
		['notSent', null],
	])('what was sent with its app key to its host counts: %s', (outcome, expected) => {
		memory.noteTry('it', 'run', here);
		memory.remember('it', token, here, standing(outcome));
		expect(memory.recallForRun('it', token, 'run')?.outcome ?? null).toBe(expected);
	});

	test.each<[RevokeOutcome, RevokeOutcome | null]>([
		['revoked', 'unknown'],
		['alreadyInvalid', 'unknown'],
		['unknown', 'unknown'],
		['rejected', 'unknown'],
		['notSent', null],
	])('what was sent to another host is open here: %s there', (outcome, expected) => {
		memory.noteTry('it', 'run', here);
		memory.noteTry('it', 'other run', elsewhere);
		memory.remember('it', token, elsewhere, standing(outcome));
		for (const run of ['run', 'never seen', null]) {
			expect(memory.recallForRun('it', token, run)?.outcome ?? null).toBe(expected);
		}
	});

	test.each<[RevokeOutcome, RevokeOutcome, RevokeOutcome]>([
		['revoked', 'unknown', 'revoked'],
		['unknown', 'revoked', 'unknown'],
		['rejected', 'revoked', 'rejected'],
		['notSent', 'revoked', 'unknown'],
	])('%s here, %s elsewhere: %s', (first, second, expected) => {
		memory.noteTry('it', 'run', here);
		memory.noteTry('it', 'other run', elsewhere);
		memory.remember('it', token, here, standing(first));
		memory.remember('it', token, elsewhere, standing(second));
		expect(memory.recallForRun('it', token, 'run')?.outcome).toBe(expected);
	});

	test.each([
		['has another host', elsewhere],
		['cannot be used', null],
	])('a credential that %s since may have changed again', (_name, changed) => {
		memory.noteTry('it', 'run', here);
		memory.remember('it', token, here, standing('revoked'));
		memory.noteTry('it', 'run', here);
		expect(memory.recallForRun('it', token, 'run')?.outcome).toBe('revoked');
		memory.noteTry('it', 'run', changed);
		expect(memory.recallForRun('it', token, 'run')?.outcome).toBe('unknown');
		memory.noteTry('it', 'run', here);
		expect(memory.recallForRun('it', token, 'run')?.outcome).toBe('unknown');
	});

	test('nothing if it was not sent, and nothing of another execution', () => {
		memory.noteTry('it', 'run', here);
		memory.noteTry('another', 'run', here);
		memory.remember('it', token, here, standing('unknown'));
		expect(memory.recallForRun('it', read(makeOpaqueToken()), 'run')).toBeNull();
		expect(memory.recallForRun('another', token, 'run')).toBeNull();
	});
});

test('to know a credential is no attempt, and an attempt that was not written is none that was sent', () => {
	const state = () => [memory.hasAttempted('it'), memory.hasSent('it')];
	expect(state()).toEqual([false, false]);
	memory.noteTry('it', 'run', here);
	expect(state()).toEqual([false, false]);
	memory.remember('it', token, here, standing('notSent'));
	expect(state()).toEqual([true, false]);
	memory.remember('it', read(makeOpaqueToken()), here, standing('rejected'));
	expect(state()).toEqual([true, true]);
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

test('what only credentials are known of is forgotten as well', () => {
	const revoked = standing('revoked');
	memory.remember('old', token, here, revoked);
	for (let i = 0; i < 199_999; i++) memory.noteTry(`execution ${i}`, 'run', here);
	expect(memory.recall('old', token, here)).toBe(revoked);
	// The same again takes no place.
	memory.noteTry('execution 199998', 'run', elsewhere);
	expect(memory.recall('old', token, here)).toBe(revoked);
	memory.noteTry('one more', 'run', here);
	expect(memory.recall('old', token, here)).toBeNull();
	// Nor does what was forgotten.
	memory.remember('new', token, here, revoked);
	for (let i = 0; i < 199_999; i++) memory.noteTry(`later ${i}`, 'run', here);
	expect(memory.recall('new', token, here)).toBe(revoked);
});
