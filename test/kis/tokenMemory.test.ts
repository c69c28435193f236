import { TokenMemory, type Standing } from '../../kis/tokenMemory';
import { makeAttempt } from '../support/attempts';
import { makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';

const HOUR_MS = 60 * 60 * 1000;
const { appkey } = makeKeyPair();
const opaque = read(makeOpaqueToken());
const NOTHING = { revoked: false, dead: false, standing: null };
const REVOKED: Standing = {
	outcome: 'revoked',
	decisive: makeAttempt('confirmed', { httpStatus: 200, code: '200' }),
};
const UNKNOWN: Standing = {
	outcome: 'unknown',
	decisive: makeAttempt('noVerdict', { transportCode: 'UND_ERR_HEADERS_TIMEOUT' }),
};

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

test('a revoked token is known to all scopes, where it stands to its own', () => {
	memory.remember(opaque, 'first', REVOKED);
	expect(memory.recall(opaque, 'first')).toEqual({ revoked: true, dead: true, standing: REVOKED });
	expect(memory.recall(opaque, 'second')).toEqual({ revoked: true, dead: true, standing: null });
	expect(memory.recall(read(makeOpaqueToken()), 'first')).toEqual(NOTHING);
});

test('an unsettled token is known to its own scope only', () => {
	memory.remember(opaque, 'first', UNKNOWN);
	expect(memory.recall(opaque, 'first')).toEqual({
		revoked: false,
		dead: false,
		standing: UNKNOWN,
	});
	expect(memory.recall(opaque, 'second')).toEqual(NOTHING);
});

test('the latest standing counts, and what was confirmed once stays so', () => {
	memory.remember(opaque, 'first', UNKNOWN);
	memory.remember(opaque, 'first', REVOKED);
	memory.remember(opaque, 'second', UNKNOWN);
	expect(memory.recall(opaque, 'first')).toEqual({ revoked: true, dead: true, standing: REVOKED });
	expect(memory.recall(opaque, 'second')).toEqual({ revoked: true, dead: true, standing: UNKNOWN });
});

describe('how long', () => {
	const expiringIn = (ms: number) => read(makeToken(appkey, { exp: (start + ms) / 1000 }));

	test.each([
		['an opaque token', opaque, 24 * HOUR_MS],
		['a token that has expired already', expiringIn(-HOUR_MS), HOUR_MS],
		['a token that expires in an hour', expiringIn(HOUR_MS), HOUR_MS],
		['a token that expires in 90 days', expiringIn(90 * 24 * HOUR_MS), 90 * 24 * HOUR_MS],
	])(
		'%s is remembered until it expires, or for a day, and for an hour at least',
		(_name, token, life) => {
			memory.remember(token, 'first', REVOKED);
			pass(life - 1000);
			expect(memory.recall(token, 'first').revoked).toBe(true);
			pass(2000);
			expect(memory.recall(token, 'first').revoked).toBe(false);
		},
	);

	test('the day counts from the revocation, not from an attempt before it', () => {
		memory.remember(opaque, 'first', UNKNOWN);
		pass(23 * HOUR_MS);
		memory.remember(opaque, 'first', REVOKED);
		pass(2 * HOUR_MS);
		memory.remember(read(makeOpaqueToken()), 'first', REVOKED);
		expect(memory.recall(opaque, 'first').revoked).toBe(true);
	});

	test('what was forgotten does not come back with the next attempt', () => {
		memory.remember(opaque, 'first', REVOKED);
		pass(25 * HOUR_MS);
		memory.remember(opaque, 'second', UNKNOWN);
		expect(memory.recall(opaque, 'second')).toEqual({
			revoked: false,
			dead: false,
			standing: UNKNOWN,
		});
	});

	test('what is revoked again after its day is remembered again', () => {
		memory.remember(opaque, 'first', REVOKED);
		pass(25 * HOUR_MS);
		memory.remember(opaque, 'second', REVOKED);
		expect(memory.recall(opaque, 'second')).toEqual({
			revoked: true,
			dead: true,
			standing: REVOKED,
		});
	});
});

test('it is bounded: the oldest of very many is forgotten, the latest is not', () => {
	// Tokens that claim to live for thousands of years.
	const claims = { issuedAt: null, expiresAt: 9e14, appkey: null, complete: false };
	const token = (name: number) => ({ value: '', fingerprint: String(name), claims });
	for (let i = 0; i < 300_000; i++) memory.remember(token(i), 'first', REVOKED);
	expect(memory.recall(token(299_999), 'first').revoked).toBe(true);
	expect(memory.recall(token(0), 'first').revoked).toBe(false);
});
