// What a process tells the Redis that workers share about tokens, when, and what it makes of each reply. Redis is played here,
// step by step; for a real one see sharedTokens.test.ts.
import type { KisCredential } from '../../kis/input/credential';
import { DeadTokens, deadTokens } from '../../kis/memory/deadTokens';
import { SharedTokens, sharedTokensOf, type RevokeLease } from '../../kis/memory/sharedTokens';
import { SharedStore, type ScriptAnswer } from '../../kis/redis/sharedStore';
import { redisUrl } from '../support/redis';
import {
	credentialFor,
	makeKeyPair,
	makeOpaqueToken,
	makeToken,
	makeTokens,
	read,
} from '../support/tokens';

const DAY = 24 * 60 * 60 * 1000;
const REDIS = redisUrl('redis://127.0.0.1:1?prefix=kis:');
const keys = makeKeyPair();
const credential: KisCredential = { ...credentialFor(keys, 'http://127.0.0.1:1'), redis: REDIS };
const [one, two] = makeTokens(2, keys.appkey);
const GONE = null;

interface Told {
	/** Of the revoke, and of the tokens. */
	readonly keys: readonly string[];
	readonly does: string;
	/** What is said of each token after for how long to remember it. */
	readonly words: string[];
	readonly lives: number[];
}
let told: Told[];
/** The next replies; nothing is marked when there are none. */
let replies: Array<string[] | null | Promise<string[] | null>>;
let shared: SharedTokens;

beforeEach(() => {
	told = [];
	replies = [];
	shared = new SharedTokens(credential, REDIS);
	jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'performance'] });
	// No turn of the event loop is ever over: nothing waits for a real one.
	jest.spyOn(performance, 'now').mockReturnValue(-1);
	const server = { id: 'run', startedAt: 0 };
	jest
		.spyOn(SharedStore.prototype, 'run')
		.mockImplementation(async (_script, given, argsFor): Promise<ScriptAnswer> => {
			const [does, ...rest] = argsFor?.(server) ?? [];
			told.push({
				keys: given,
				does,
				words: rest.filter((_, i) => i % 2 === 1),
				lives: rest.filter((_, i) => i % 2 === 0).map(Number),
			});
			const next = replies.length > 0 ? await replies.shift() : given.slice(1).map(() => '');
			return next ? { reply: next, server } : { trouble: 'slow' };
		});
});
afterEach(() => {
	jest.useRealTimers();
	jest.restoreAllMocks();
});

const what = () => told.map(({ does }) => does);
const later = async (seconds: number) => await jest.advanceTimersByTimeAsync(seconds * 1000);

describe('a token', () => {
	const nameOf = (token = one, of: Partial<KisCredential> = {}) =>
		new SharedTokens({ ...credential, ...of }, REDIS).keyOf(token);

	test('has the same name in all workers, and another at each host and for each key pair', () => {
		expect(nameOf()).toMatch(/^token:[0-9a-f]{64}$/);
		expect(nameOf(one, { baseUrl: new URL('http://127.0.0.1:1/') })).toBe(nameOf());
		const others = [
			nameOf(two),
			nameOf(one, { baseUrl: new URL('http://127.0.0.1:2') }),
			nameOf(one, { appsecret: 'another' }),
		];
		expect(new Set([nameOf(), ...others]).size).toBe(4);
	});

	const inSeconds = (milliseconds: number) => Math.floor((Date.now() + milliseconds) / 1000);
	test.each<[string, () => string, number]>([
		['for as long as it lives', () => makeToken(keys.appkey, { exp: inSeconds(5 * DAY) }), 5 * DAY],
		['for a day if it has expired', () => makeToken(keys.appkey, { exp: inSeconds(-DAY) }), DAY],
		['for a day if nobody knows', makeOpaqueToken, DAY],
		[
			'for a hundred days, whatever it claims',
			() => makeToken(keys.appkey, { exp: inSeconds(1000 * DAY) }),
			100 * DAY,
		],
	])('is remembered %s', async (_name, make, lifeMs) => {
		jest.setSystemTime(1.8e12);
		await shared.tellDead(read(make()));
		expect(told[0].lives).toEqual([lifeMs]);
	});

	test('is remembered for whole milliseconds', async () => {
		jest.spyOn(Date, 'now').mockReturnValue(1.8e12 + 0.25);
		await shared.tellDead(read(makeToken(keys.appkey, { exp: 1.8e9 + 2 * 86_400 })));
		expect(told[0].lives).toEqual([2 * DAY]);
	});
});

describe('looked up', () => {
	test('each token has the mark that Redis says, in order', async () => {
		replies = [['', 'dead', 'revoking', 'run:1', 'alive run:2', 'run:alive 3']];
		const tokens = makeTokens(6, keys.appkey);
		await expect(shared.lookUp(tokens)).resolves.toEqual([
			'unmarked',
			'dead',
			'revoking',
			{ leftOpenBy: 'run:1' },
			{ aliveAfter: 'run:2' },
			{ leftOpenBy: 'run:alive 3' },
		]);
		expect(told).toMatchObject([{ does: 'look', words: Array(6).fill('') }]);
		expect(told[0].keys.slice(1)).toEqual(tokens.map((it) => shared.keyOf(it)));
		expect(tokens.map((it) => deadTokens.has(it, credential))).toEqual(
			[0, 1, 0, 0, 0, 0].map(Boolean),
		);
	});

	test('many are asked about in parts of 500, and no part is empty', async () => {
		const tokens = makeTokens(1001, keys.appkey);
		const counts = async (count: number) => {
			told = [];
			await expect(shared.lookUp(tokens.slice(0, count))).resolves.toHaveLength(count);
			return told.map((it) => it.keys.length - 1);
		};
		expect(await counts(0)).toEqual([]);
		expect(await counts(500)).toEqual([500]);
		expect(await counts(501)).toEqual([500, 1]);
		expect(await counts(1001)).toEqual([500, 500, 1]);
		const named = told.flatMap((it) => it.keys.slice(1));
		expect(named).toEqual(tokens.map((it) => shared.keyOf(it)));
	});

	test('what Redis cannot say of some is known of none', async () => {
		const tokens = makeTokens(501, keys.appkey);
		replies = [Array<string>(500).fill('dead'), GONE];
		await expect(shared.lookUp(tokens)).resolves.toBeNull();
		replies = [GONE];
		await expect(shared.lookUp([one])).resolves.toBeNull();
	});

	test('what is dead is remembered, once for each token', async () => {
		const add = jest.spyOn(DeadTokens.prototype, 'add');
		replies = [['dead', '']];
		await shared.lookUp([one, two]);
		expect(add.mock.calls).toEqual([[one, credential]]);
	});

	test('of many, those are remembered as dead that Redis calls so, in whatever part', async () => {
		const add = jest.spyOn(DeadTokens.prototype, 'add');
		const tokens = makeTokens(502, keys.appkey);
		replies = [Array<string>(500).fill(''), ['', 'dead']];
		await shared.lookUp(tokens);
		expect(add.mock.calls).toEqual([[tokens[501], credential]]);
	});
});

test('one that KIS has shown to be dead, or alive after a revoke, is told with that', async () => {
	await shared.tellDead(one);
	await shared.tellAlive(two, 'kis:run:1');
	expect(told).toMatchObject([
		{ does: 'record', words: ['dead'] },
		{ does: 'clear', words: ['kis:run:1'] },
	]);
	expect(told.map((it) => it.keys)).toEqual([
		['run:', shared.keyOf(one)],
		['run:', shared.keyOf(two)],
	]);
});

test('without a Redis there is nothing to share', () => {
	expect(sharedTokensOf({ ...credential, redis: null })).toBeNull();
	expect(sharedTokensOf(credential)).toBeInstanceOf(SharedTokens);
});

describe('a revoke', () => {
	let lease: RevokeLease;
	const begin = async () => {
		lease = await shared.begin([one, two]);
	};
	const close = async () => await lease.close(['dead', 'open']);
	const RECORDED = { does: 'record', words: ['dead', 'open'] };

	test('is told before it begins, with its tokens, under a name of its own that all workers know', async () => {
		await begin();
		const [{ keys: named, does, words }] = told;
		expect([does, words]).toEqual(['begin', ['', '']]);
		expect(named[0]).toMatch(/^run:[0-9a-f-]{36}$/);
		expect(named.slice(1)).toEqual([shared.keyOf(one), shared.keyOf(two)]);
		expect(lease.name).toBe(`kis:${named[0]}`);
		await close();
		const [first] = named;
		expect(told.map((it) => it.keys[0])).toEqual([first, first, first]);
		await begin();
		expect(told.at(-1)?.keys[0]).not.toBe(first);
		await close();
	});

	test('goes on, and is recorded, where Redis cannot be told', async () => {
		replies = [GONE];
		await begin();
		await close();
		expect(what()).toEqual(['begin', 'record', 'close']);
	});

	test('is extended every five seconds, without its tokens', async () => {
		await begin();
		await later(4.999);
		expect(what()).toEqual(['begin']);
		await later(0.001);
		await later(5);
		expect(what()).toEqual(['begin', 'extend', 'extend']);
		expect(told[2].keys).toEqual([told[0].keys[0]]);
		await close();
	});

	test('is marked again if Redis has lost it, and only then', async () => {
		await begin();
		replies = [['']];
		await later(5);
		expect(what()).toEqual(['begin', 'extend', 'begin']);
		expect(told[2].keys).toEqual(told[0].keys);
		replies = [GONE];
		await later(5);
		expect(what()).toEqual(['begin', 'extend', 'begin', 'extend']);
		await close();
	});

	test('is recorded with what became of each token, and over: nothing is said later', async () => {
		await begin();
		await close();
		expect(what()).toEqual(['begin', 'record', 'close']);
		expect(told[1]).toMatchObject(RECORDED);
		expect(told[1].keys).toEqual(told[0].keys);
		expect(told[2].keys).toEqual([told[0].keys[0]]);
		await later(3600);
		expect(told).toHaveLength(3);
	});

	test('is recorded after an extension under way, which then marks nothing again', async () => {
		await begin();
		let answer: (reply: string[]) => void = () => {};
		replies = [new Promise((resolve) => (answer = resolve))];
		await later(5);
		const closing = close();
		await later(0);
		expect(what()).toEqual(['begin', 'extend']);
		answer(['']);
		await closing;
		expect(what()).toEqual(['begin', 'extend', 'record', 'close']);
	});

	test('that cannot be recorded is recorded later, and then over', async () => {
		await begin();
		replies = [GONE, GONE];
		await close();
		expect(what()).toEqual(['begin', 'record']);
		await later(5);
		expect(what()).toEqual(['begin', 'record', 'record']);
		await later(5);
		expect(what()).toEqual(['begin', 'record', 'record', 'record', 'close']);
		expect(told[3]).toMatchObject(RECORDED);
		await later(3600);
		expect(told).toHaveLength(5);
	});

	test('that cannot be recorded for ten minutes is given up, and its lease with it', async () => {
		await begin();
		replies = Array(1000).fill(GONE);
		await close();
		await later(594);
		expect(what().filter((it) => it === 'record')).toHaveLength(119);
		expect(what()).not.toContain('close');
		await later(1);
		expect(what().slice(-2)).toEqual(['record', 'close']);
		expect(told).toHaveLength(122);
		await later(3600);
		expect(told).toHaveLength(122);
	});

	test('that Redis takes its time to record is extended meanwhile, and recorded once', async () => {
		await begin();
		await later(4);
		let answer: (reply: string[]) => void = () => {};
		replies = [new Promise((resolve) => (answer = resolve)), ['']];
		const closing = close();
		await later(1);
		expect(what()).toEqual(['begin', 'record', 'extend']);
		answer(['', '']);
		await closing;
		expect(what()).toEqual(['begin', 'record', 'extend', 'close']);
		await later(3600);
		expect(told).toHaveLength(4);
	});
});
