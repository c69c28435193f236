import { TokenMemory, type Scope, type Standing } from '../../kis/revoke/tokenMemory';
import { makeAttempt } from '../support/attempts';
import { makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';

const HOUR_MS = 60 * 60 * 1000;
const { appkey } = makeKeyPair();
const opaque = read(makeOpaqueToken());
const NOTHING = { revoked: false, standing: null };
const REVOKED: Standing = {
	outcome: 'revoked',
	decisive: makeAttempt('confirmed', { httpStatus: 200, code: '200' }),
};
const UNKNOWN: Standing = {
	outcome: 'unknown',
	decisive: makeAttempt('noVerdict', { transportCode: 'UND_ERR_HEADERS_TIMEOUT' }),
};

const HOST = 'https://kis.example/';
const scope = (name: string): Scope => ({ name, host: HOST });

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
	expect(memory.recall(opaque, scope('first'))).toEqual(NOTHING);
});

test('a revoked token is known to all scopes, where it stands to its own', () => {
	memory.remember(opaque, scope('first'), REVOKED);
	expect(memory.recall(opaque, scope('first'))).toEqual({ revoked: true, standing: REVOKED });
	expect(memory.recall(opaque, scope('second'))).toEqual({ revoked: true, standing: null });
	expect(memory.recall(read(makeOpaqueToken()), scope('first'))).toEqual(NOTHING);
});

describe('dead', () => {
	const here = new URL(HOST);
	const elsewhere = new URL('https://relay.example/');
	const invalid = makeAttempt('invalidToken', { refusalCode: 'EGW00121' });

	test.each<[string, Standing, boolean, boolean]>([
		['confirmed', REVOKED, true, true],
		[
			'revoked by an attempt without an answer',
			{ outcome: 'revoked', decisive: invalid },
			true,
			false,
		],
		['found invalid', { outcome: 'alreadyInvalid', decisive: invalid }, true, false],
		['not settled', UNKNOWN, false, false],
		['refused', { outcome: 'rejected', decisive: invalid }, false, false],
	])('%s', (_name, standing, isDeadHere, isDeadElsewhere) => {
		memory.remember(opaque, scope('first'), standing);
		memory.remember(opaque, scope('second'), UNKNOWN);
		expect(memory.isDead(opaque, here)).toBe(isDeadHere);
		expect(memory.isDead(opaque, elsewhere)).toBe(isDeadElsewhere);
		expect(memory.isDead(read(makeOpaqueToken()), here)).toBe(false);
	});
});

test('an unsettled token is known to its own scope only', () => {
	memory.remember(opaque, scope('first'), UNKNOWN);
	expect(memory.recall(opaque, scope('first'))).toEqual({
		revoked: false,
		standing: UNKNOWN,
	});
	expect(memory.recall(opaque, scope('second'))).toEqual(NOTHING);
});

test('the latest standing counts, and what was confirmed once stays so', () => {
	memory.remember(opaque, scope('first'), UNKNOWN);
	memory.remember(opaque, scope('first'), REVOKED);
	memory.remember(opaque, scope('second'), UNKNOWN);
	expect(memory.recall(opaque, scope('first'))).toEqual({ revoked: true, standing: REVOKED });
	expect(memory.recall(opaque, scope('second'))).toEqual({ revoked: true, standing: UNKNOWN });
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
			memory.remember(token, scope('first'), REVOKED);
			pass(life - 1000);
			expect(memory.recall(token, scope('first')).revoked).toBe(true);
			pass(2000);
			expect(memory.recall(token, scope('first')).revoked).toBe(false);
		},
	);

	test('the day counts from the revocation, not from an attempt before it', () => {
		memory.remember(opaque, scope('first'), UNKNOWN);
		pass(23 * HOUR_MS);
		memory.remember(opaque, scope('first'), REVOKED);
		pass(2 * HOUR_MS);
		memory.remember(read(makeOpaqueToken()), scope('first'), REVOKED);
		expect(memory.recall(opaque, scope('first')).revoked).toBe(true);
	});

	test('what was forgotten does not come back with the next attempt', () => {
		memory.remember(opaque, scope('first'), REVOKED);
		pass(25 * HOUR_MS);
		memory.remember(opaque, scope('second'), UNKNOWN);
		expect(memory.recall(opaque, scope('second'))).toEqual({
			revoked: false,
			standing: UNKNOWN,
		});
	});

	test('what is revoked again after its day is remembered again', () => {
		memory.remember(opaque, scope('first'), REVOKED);
		pass(25 * HOUR_MS);
		memory.remember(opaque, scope('second'), REVOKED);
		expect(memory.recall(opaque, scope('second'))).toEqual({
			revoked: true,
			standing: REVOKED,
		});
	});
});

test('a sweep that expires together is not forgotten all at once, which would take its time', () => {
	const tokens = Array.from({ length: 1000 }, () => read(makeOpaqueToken()));
	for (const token of tokens) memory.remember(token, scope('first'), REVOKED);
	pass(25 * HOUR_MS);
	const forget = jest.spyOn(Map.prototype, 'delete');
	try {
		memory.remember(opaque, scope('first'), REVOKED);
		expect(forget.mock.calls.length).toBeLessThan(500);
	} finally {
		forget.mockRestore();
	}
	expect(tokens.filter((token) => memory.recall(token, scope('first')).revoked)).toEqual([]);
});

test('it is bounded: the oldest of very many is forgotten, the latest is not', () => {
	// Tokens that claim to live for thousands of years.
	const claims = { issuedAt: null, expiresAt: 9e14, appkey: null, complete: false };
	const token = (name: number) => ({ value: '', fingerprint: String(name), claims });
	for (let i = 0; i < 300_000; i++) memory.remember(token(i), scope('first'), REVOKED);
	expect(memory.recall(token(299_999), scope('first')).revoked).toBe(true);
	expect(memory.recall(token(0), scope('first')).revoked).toBe(false);
});
