// What is tried: where a token counts as dead, and for how long.
import { DeadTokens } from '../../kis/memory/deadTokens';
import {
	credentialFor,
	makeKeyPair,
	makeOpaqueToken,
	makeToken,
	read,
	type KeyPair,
} from '../support/tokens';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
const HERE = 'https://relay.example/kis';
const keys = makeKeyPair();
const other = makeKeyPair();
const at = (address: string, pair: KeyPair = keys) => credentialFor(pair, address);

const whole = read(makeToken(keys.appkey));
const KINDS = {
	opaque: read(makeOpaqueToken()),
	"another app key's": read(makeToken(other.appkey)),
	'cut off': read(makeToken(keys.appkey).slice(0, -1)),
};

let memory: DeadTokens;
beforeEach(() => {
	memory = new DeadTokens();
});
afterEach(() => jest.restoreAllMocks());

test('knows nothing about a token at first', () => {
	expect(memory.has(whole, at(HERE))).toBe(false);
	expect(memory.isDeadAtAnotherHost(whole, at(HERE))).toBe(false);
});

test('a token that is dead at one host may be live at another', () => {
	memory.add(whole, at(HERE));
	expect(memory.has(whole, at(HERE))).toBe(true);
	expect(memory.isDeadAtAnotherHost(whole, at(HERE))).toBe(false);
	for (const elsewhere of [
		'https://mock.example/kis',
		'https://relay.example:8443/kis',
		'https://relay.example/other',
		'https://relay.example',
	]) {
		expect(memory.has(whole, at(elsewhere))).toBe(false);
		expect(memory.isDeadAtAnotherHost(whole, at(elsewhere))).toBe(true);
	}
});

test.each([
	'https://relay.example/kis/',
	'https://relay.example/kis//',
	'https://RELAY.example:443/kis',
	'https://relay.example./kis',
	'https://relay.example/./x/../kis',
])('%s is another spelling of the same host', (spelling) => {
	memory.add(whole, at(HERE));
	expect(memory.has(whole, at(spelling))).toBe(true);
});

test.each(Object.entries(KINDS))(
	'for a token that is %s, it counts for one app key only',
	(_kind, token) => {
		memory.add(token, at(HERE));
		expect(memory.has(token, at(HERE))).toBe(true);
		expect(memory.has(token, at(HERE, other))).toBe(false);
		expect(memory.isDeadAtAnotherHost(token, at(HERE, other))).toBe(true);
	},
);

describe('how long', () => {
	const start = Date.now();
	let now: jest.SpyInstance<number, []>;
	beforeEach(() => {
		now = jest.spyOn(Date, 'now').mockReturnValue(start);
	});
	const pass = (ms: number) => void now.mockReturnValue(Date.now() + ms);
	const expiringIn = (ms: number) => read(makeToken(keys.appkey, { exp: (start + ms) / 1000 }));

	test.each([
		['an opaque token', KINDS.opaque, DAY_MS],
		['a token that has expired already', expiringIn(-HOUR_MS), DAY_MS],
		['a token that expires in a day', expiringIn(DAY_MS), DAY_MS],
		['a token that expires in 90 days', expiringIn(90 * DAY_MS), 90 * DAY_MS],
	])('%s: until it expires, and at least for a day', (_name, token, life) => {
		memory.add(token, at(HERE));
		pass(life - 1);
		expect(memory.has(token, at(HERE))).toBe(true);
		pass(1);
		expect(memory.has(token, at(HERE))).toBe(false);
	});

	test('the day starts again with each `add`', () => {
		memory.add(KINDS.opaque, at(HERE));
		pass(23 * HOUR_MS);
		memory.add(KINDS.opaque, at(HERE));
		pass(2 * HOUR_MS);
		memory.add(whole, at(HERE));
		expect(memory.has(KINDS.opaque, at(HERE))).toBe(true);
	});

	test('a forgotten host does not come back when another one is added', () => {
		memory.add(KINDS.opaque, at(HERE));
		pass(25 * HOUR_MS);
		memory.add(KINDS.opaque, at('https://other.example'));
		expect(memory.has(KINDS.opaque, at(HERE))).toBe(false);
	});
});

test('a host that says it twice does not make another one forgotten', () => {
	const hosts = [HERE, 'https://other.example', HERE];
	for (const host of hosts) memory.add(whole, at(host));
	for (const host of hosts) expect(memory.has(whole, at(host))).toBe(true);
});

test('it is bounded: the oldest of 200,001 tokens is forgotten, and no other', () => {
	const claims = { issuedAt: null, expiresAt: 9e14, appkey: null, signature: 'unknown' } as const;
	const token = (name: number) => ({ value: '', fingerprint: String(name), claims });
	const credential = at(HERE);
	for (let i = 0; i < 200_000; i++) memory.add(token(i), credential);
	expect(memory.has(token(0), credential)).toBe(true);
	memory.add(token(200_000), credential);
	expect([0, 1, 200_000].map((i) => memory.has(token(i), credential))).toEqual([false, true, true]);
});
