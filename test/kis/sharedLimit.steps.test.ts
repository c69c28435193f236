// What a process tells the Redis that workers share about each request, and what it makes of each reply. Redis is played here,
// step by step; for a real one see sharedLimit.test.ts.
import { setTimeout as sleep } from 'node:timers/promises';

import type { KisCredential } from '../../kis/input/credential';
import { NO_LEASE, type Lease } from '../../kis/rateLimit/gate';
import { SharedLimit, sharedLimitOf } from '../../kis/rateLimit/sharedLimit';
import type { ScriptAnswer, SharedStore } from '../../kis/redis/sharedStore';
import { redisUrl } from '../support/redis';
import { credentialFor, makeKeyPair } from '../support/tokens';

type Told = readonly string[];

const RATE = 18;
/** Given now, two processes, on Redis's clock. */
const GIVEN = [1, 0, 2, 5000];
const notYet = (waitMs: number) => [0, waitMs, 2, 0];
const GONE = null;

let told: Told[];
let keys: readonly string[];
let server: { id: string; startedAt: number };
/** The next replies; GIVEN when there are none. A function answers later. */
let replies: Array<unknown[] | null | Promise<unknown[] | null>>;
let limit: SharedLimit;
let clock: jest.SpyInstance<number, []>;

const play: Pick<SharedStore, 'run'> = {
	async run(_script, given, argsFor): Promise<ScriptAnswer> {
		keys = given;
		told.push(argsFor?.(server) ?? []);
		const next = replies.length > 0 ? await replies.shift() : GIVEN;
		return next ? { reply: next, server } : { trouble: 'down' as never };
	},
};

beforeEach(() => {
	told = [];
	replies = [];
	server = { id: 'run', startedAt: -1e9 };
	limit = new SharedLimit(play as SharedStore, 'app', 'me');
	clock = jest.spyOn(performance, 'now').mockReturnValue(1e9);
});
afterEach(() => jest.restoreAllMocks());

const enter = async (stop = new AbortController()) => await limit.enter(RATE, stop.signal);
const entered = async () => {
	const lease = await enter();
	if (typeof lease !== 'object') throw new Error(lease);
	return lease;
};
const what = () => told.map(([does]) => does);
/** The name, and what is said last. */
const last = () => ({ name: told.at(-1)?.[1], value: told.at(-1)?.[6] });
/** Its Redis goes away, and this process notices. */
const lose = async () => {
	replies = [GONE];
	expect(await enter()).toBe('changed');
};

test('a request is booked under a name of its own, at the rate, in this process’s name', async () => {
	await entered();
	await entered();
	expect(told).toEqual([
		['enter', 'me:1', 'me', '18', 'run', '0', '0'],
		['enter', 'me:2', 'me', '18', 'run', '1', '0'],
	]);
	expect(keys).toEqual(
		['underWay', 'answered', 'others', 'state', 'processes'].map((part) => `limit:{app}:${part}`),
	);
});

test.each<[string, (lease: Lease) => void, string, string]>([
	['answered after 12 ms', (it) => it.release('answered', 12), 'answered', '12'],
	[
		'refused: with the moment on Redis’s clock',
		(it) => it.release('refused', 12),
		'refused',
		'5000',
	],
	['unanswered', (it) => it.release('unanswered', 12), 'unanswered', '12'],
	['unsent', (it) => it.release('unsent', 12), 'unsent', '12'],
	['passed', (it) => it.pass(), 'passed', '0'],
])('its end is told: %s', async (_name, end, does, value) => {
	const cleared = jest.spyOn(globalThis, 'clearInterval');
	const started = jest.spyOn(globalThis, 'setInterval');
	end(await entered());
	expect(what()).toEqual(['enter', does]);
	expect(last()).toEqual({ name: 'me:1', value });
	const [{ value: watchdog }] = started.mock.results;
	expect(cleared).toHaveBeenCalledWith(watchdog);
});

test('its place is extended every two seconds', async () => {
	const started = jest.spyOn(globalThis, 'setInterval');
	const lease = await entered();
	const [[extend, everyMs]] = started.mock.calls;
	extend();
	expect([everyMs, what(), last().name]).toEqual([2000, ['enter', 'extend'], 'me:1']);
	lease.pass();
});

test('a place that begins later is waited for', async () => {
	replies = [[1, 30, 2, 5000]];
	const entering = enter();
	expect(await Promise.race([entering, sleep(5, 'waits')])).toBe('waits');
	expect(typeof (await entering)).toBe('object');
	expect(what()).toEqual(['enter']);
});

test('where there is no place yet, another is asked for later', async () => {
	replies = [notYet(1), notYet(1)];
	await entered();
	expect(told.map(([does, name]) => [does, name])).toEqual([
		['enter', 'me:1'],
		['enter', 'me:2'],
		['enter', 'me:3'],
	]);
});

test('bookings of one process go one after the other', async () => {
	let answer: (reply: unknown[]) => void = () => {};
	replies = [new Promise((resolve) => (answer = resolve)), GIVEN];
	const both = [enter(), enter()];
	await sleep(5);
	expect(what()).toEqual(['enter']);
	answer(GIVEN);
	await Promise.all(both);
	expect(what()).toEqual(['enter', 'enter']);
});

describe('a caller that is stopped', () => {
	test('before: books nothing', async () => {
		const stop = new AbortController();
		stop.abort();
		expect(await enter(stop)).toBe('stopped');
		await sleep(5);
		expect(told).toEqual([]);
	});

	test('while it books: gives the place back', async () => {
		let answer: (reply: unknown[]) => void = () => {};
		replies = [new Promise((resolve) => (answer = resolve))];
		const stop = new AbortController();
		const entering = enter(stop);
		await sleep(5);
		stop.abort();
		expect(await entering).toBe('stopped');
		answer(GIVEN);
		await sleep(5);
		expect(what()).toEqual(['enter', 'unsent']);
		expect(last().name).toBe('me:1');
	});

	test('while it waits for its place: gives it back', async () => {
		replies = [[1, 60_000, 2, 0]];
		const stop = new AbortController();
		const entering = enter(stop);
		await sleep(5);
		stop.abort();
		expect(await entering).toBe('stopped');
		expect(what()).toEqual(['enter', 'unsent']);
	});

	test('while it waits to ask again: asks no more', async () => {
		replies = [notYet(60_000)];
		const stop = new AbortController();
		const entering = enter(stop);
		await sleep(5);
		stop.abort();
		expect(await entering).toBe('stopped');
		await sleep(5);
		expect(what()).toEqual(['enter']);
	});

	test('while it returns to Redis: leaves', async () => {
		await lose();
		replies = [new Promise(() => {})];
		const stop = new AbortController();
		const entering = enter(stop);
		stop.abort();
		expect(await entering).toBe('stopped');
	});
});

describe('while Redis cannot be used', () => {
	beforeEach(lose);

	test('each process keeps to its part: half, as long as it does not know how many there are', () => {
		expect(limit.parts).toBe(2);
	});

	test('nothing is told', () => {
		told = [];
		limit.count(RATE);
		limit.pause(1000);
		expect(told).toEqual([]);
	});

	test('requests go without a lease, and each asks whether it is back', async () => {
		replies = [GONE, GONE];
		expect(await enter()).toBe(NO_LEASE);
		expect(await enter()).toBe(NO_LEASE);
		expect(what()).toEqual(['enter', 'back', 'back']);
		expect(limit.parts).toBe(2);
	});

	test('it comes back: all who ask then learn that, by one question with the count of processes', async () => {
		expect(await Promise.all([enter(), enter()])).toEqual(['changed', 'changed']);
		expect(what()).toEqual(['enter', 'back']);
		expect(last()).toEqual({ name: '', value: '2' });
		expect(limit.parts).toBe(1);
		expect(typeof (await enter())).toBe('object');
	});

	test('others that were booking learn that it is gone', async () => {
		expect(await Promise.all([enter(), enter()])).toEqual(['changed', 'changed']);
		replies = [GONE];
		expect(await Promise.all([enter(), enter()])).toEqual(['changed', 'changed']);
		expect(what()).toEqual(['enter', 'back', 'enter']);
	});
});

test('a request that goes without asking is counted, and a pause is told to all', async () => {
	limit.count(RATE);
	expect(told.at(-1)?.slice(0, 4)).toEqual(['passed', 'me:1', 'me', '18']);
	limit.pause(1234);
	expect(told.at(-1)?.slice(0, 4)).toEqual(['hold', '', 'me', String(Number.MAX_SAFE_INTEGER)]);
	expect(last().value).toBe('1234');
});

describe('a server that has forgotten what was sent', () => {
	const wasThere = async () => {
		await entered();
		return told.at(-1)?.[5];
	};

	test('is taken for one if nothing was heard for half a minute, unless it has just started', async () => {
		expect(await wasThere()).toBe('0');
		clock.mockReturnValue(1e9 + 29_999);
		expect(await wasThere()).toBe('1');
		clock.mockReturnValue(1e9 + 29_999 + 30_000);
		expect(await wasThere()).toBe('0');
		clock.mockReturnValue(2e9);
		server = { id: 'new', startedAt: 2e9 - 59_999 };
		expect(await wasThere()).toBe('1');
		clock.mockReturnValue(3e9);
		server = { id: 'old', startedAt: 3e9 - 60_000 };
		expect(await wasThere()).toBe('0');
	});
});

describe('how many processes there are', () => {
	const parts = async (processes: number, at: number) => {
		clock.mockReturnValue(at);
		replies = [[1, 0, processes, 0]];
		await entered();
		await lose();
		const count = limit.parts;
		expect(await enter()).toBe('changed');
		return count;
	};

	test('more are believed immediately, fewer after ten minutes', async () => {
		const start = 1e9;
		const minute = 60_000;
		expect(await parts(3, start)).toBe(3);
		expect(await parts(3, start + minute)).toBe(3);
		// `back` itself reports two.
		expect(await parts(2, start + 10 * minute)).toBe(3);
		expect(await parts(2, start + 11 * minute)).toBe(2);
		expect(await parts(7, start + 11 * minute)).toBe(7);
	});
});

test('there is one for an app key and a Redis', () => {
	const credential = (redis: string | null): KisCredential => ({
		...credentialFor(keysOfApp, 'http://127.0.0.1:1'),
		redis: redis === null ? null : redisUrl(redis),
	});
	const keysOfApp = makeKeyPair();
	const first = sharedLimitOf(credential('redis://127.0.0.1:1'));
	expect(first).toBeInstanceOf(SharedLimit);
	expect(sharedLimitOf(credential('redis://127.0.0.1:1'))).toBe(first);
	expect(sharedLimitOf(credential('redis://127.0.0.1:2'))).not.toBe(first);
	expect(sharedLimitOf({ ...credential('redis://127.0.0.1:1'), appkey: 'other' })).not.toBe(first);
	expect(sharedLimitOf(credential(null))).toBeNull();
});
