import { TokenMemory } from '../../kis/tokenMemory';
import { makeAttempt } from '../support/attempts';
import { makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';

const HOUR_MS = 60 * 60 * 1000;
const { appkey } = makeKeyPair();
const opaque = read(makeOpaqueToken());
const NOTHING = { revoked: false, earlier: [] };
const CONFIRMED = makeAttempt('confirmed', { httpStatus: 200, code: '200' });
const SILENT = makeAttempt('noVerdict', { transportCode: 'UND_ERR_HEADERS_TIMEOUT' });
const REFUSED = makeAttempt('refused', { httpStatus: 403 });

let memory: TokenMemory;
let now: jest.SpyInstance<number, []>;
const start = Date.now();
beforeEach(() => {
	memory = new TokenMemory();
	now = jest.spyOn(Date, 'now').mockReturnValue(start);
});
afterEach(() => now.mockRestore());

function pass(milliseconds: number): void {
	now.mockReturnValue(Date.now() + milliseconds);
}

test('knows nothing of a token at first', () => {
	expect(memory.recall(opaque, 'first')).toEqual(NOTHING);
});

test('a revoked token is known to all executions, its attempts to its own', () => {
	memory.remember(opaque, 'first', [SILENT, CONFIRMED]);
	expect(memory.recall(opaque, 'first')).toEqual({ revoked: true, earlier: [SILENT, CONFIRMED] });
	expect(memory.recall(opaque, 'second')).toEqual({ revoked: true, earlier: [] });
	expect(memory.recall(read(makeOpaqueToken()), 'first')).toEqual(NOTHING);
});

test('an unsettled token is known to its own execution only', () => {
	memory.remember(opaque, 'first', [SILENT]);
	expect(memory.recall(opaque, 'first')).toEqual({ revoked: false, earlier: [SILENT] });
	expect(memory.recall(opaque, 'second')).toEqual(NOTHING);
});

test('the tries of an execution add up, and what was confirmed once stays so', () => {
	memory.remember(opaque, 'first', [SILENT]);
	memory.remember(opaque, 'first', [CONFIRMED]);
	memory.remember(opaque, 'first', [REFUSED]);
	expect(memory.recall(opaque, 'first')).toEqual({
		revoked: true,
		earlier: [SILENT, CONFIRMED, REFUSED],
	});
});

test('executions may be named by text or by an object of their own', () => {
	const execution = {};
	memory.remember(opaque, execution, [CONFIRMED]);
	expect(memory.recall(opaque, execution).earlier).toEqual([CONFIRMED]);
	expect(memory.recall(opaque, {}).earlier).toEqual([]);
});

test('what one execution did is not forgotten because another does something too', () => {
	memory.remember(opaque, 'first', [SILENT, CONFIRMED]);
	memory.remember(opaque, 'second', [SILENT]);
	expect(memory.recall(opaque, 'first').earlier).toEqual([SILENT, CONFIRMED]);
	expect(memory.recall(opaque, 'second')).toEqual({ revoked: true, earlier: [SILENT] });
});

describe('how long', () => {
	const expiringIn = (ms: number) => read(makeToken(appkey, { exp: (start + ms) / 1000 }));

	test.each([
		['an opaque token', opaque, 24 * HOUR_MS],
		['a token that expires in an hour', expiringIn(HOUR_MS), HOUR_MS],
		['a token that expires in 90 days', expiringIn(90 * 24 * HOUR_MS), 90 * 24 * HOUR_MS],
	])('%s is remembered until it expires, or for a day', (_name, token, life) => {
		memory.remember(token, 'first', [CONFIRMED]);
		pass(life - 1000);
		expect(memory.recall(token, 'first').revoked).toBe(true);
		pass(2000);
		expect(memory.recall(token, 'first').revoked).toBe(false);
	});

	test('the day counts from the revocation, not from an attempt before it', () => {
		memory.remember(opaque, 'first', [SILENT]);
		pass(23 * HOUR_MS);
		memory.remember(opaque, 'first', [CONFIRMED]);
		pass(2 * HOUR_MS);
		memory.remember(read(makeOpaqueToken()), 'first', [CONFIRMED]);
		expect(memory.recall(opaque, 'first').revoked).toBe(true);
	});

	test('what was forgotten does not come back with the next attempt', () => {
		memory.remember(opaque, 'first', [CONFIRMED]);
		pass(25 * HOUR_MS);
		memory.remember(opaque, 'second', [SILENT]);
		expect(memory.recall(opaque, 'second')).toEqual({ revoked: false, earlier: [SILENT] });
	});

	test('what is revoked again after its day is remembered again', () => {
		memory.remember(opaque, 'first', [CONFIRMED]);
		pass(25 * HOUR_MS);
		memory.remember(opaque, 'second', [CONFIRMED]);
		expect(memory.recall(opaque, 'second')).toEqual({ revoked: true, earlier: [CONFIRMED] });
	});
});

test('it is bounded: the oldest of very many is forgotten, the latest is not', () => {
	// Tokens that claim to live for thousands of years.
	const claims = { expiresAt: 9e14, appkey: null, complete: false };
	const token = (name: number) => ({ value: '', fingerprint: String(name), claims });
	for (let i = 0; i < 300_000; i++) memory.remember(token(i), 'first', [CONFIRMED]);
	expect(memory.recall(token(299_999), 'first').revoked).toBe(true);
	expect(memory.recall(token(0), 'first').revoked).toBe(false);
});
