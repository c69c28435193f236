// One limit over several processes, with a real Redis. A limiter with its own gate and connection stands for each process.
// Requests are counted by the sliding second, as KIS counts them. What is tried: one, two and three processes, killed ones, and a
// Redis that turns slow, unreachable, empty, full or read-only meanwhile.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { CongestionControl } from '../../kis/rateLimit/congestionControl';
import type { RequestEnd } from '../../kis/rateLimit/gate';
import { RateLimiter } from '../../kis/rateLimit/rateLimiter';
import { SharedLimit } from '../../kis/rateLimit/sharedLimit';
import { SharedStore } from '../../kis/redis/sharedStore';
import { until } from '../../tools/common/until';
import { mostInAnySecond } from '../support/lateness';
import { describeWithRedis, RedisServer, redisUrl } from '../support/redis';

const SCRIPT = readFileSync(join(__dirname, '../../kis/rateLimit/limit.lua'), 'utf8');
const LIMIT = 18;
const WINDOW_MS = 1000;
/** KIS and this computer do not measure a second alike to the microsecond. */
const MOST = LIMIT;

describeWithRedis('one limit over all processes', () => {
	const stores: SharedStore[] = [];
	const servers: RedisServer[] = [];
	let server: RedisServer;
	/** The product's own gives up after a second, which a busy computer may need. */
	let client: Redis;
	async function startRedis(): Promise<RedisServer> {
		const started = await RedisServer.start();
		servers.push(started);
		return started;
	}
	const beside: Array<() => void> = [];
	beforeAll(async () => {
		server = await startRedis();
		client = new Redis(server.url);
		for (const start of beside) start();
	});
	afterAll(async () => {
		client.disconnect();
		for (const store of stores) store.close();
		await Promise.all(servers.map(async (started) => await started.stop()));
	});

	/** A test that waits most of its time: all of these begin together, each with an app key of its own. */
	function testBeside(name: string, play: () => Promise<void>): void {
		let playing: Promise<void>;
		beside.push(() => {
			playing = play();
			playing.catch(() => {});
		});
		test(name, async () => await playing);
	}

	let appkeys = 0;
	/** An app key that nobody has used. */
	const anApp = () => `app ${++appkeys}`;

	/** What a process has for an app key. */
	function processFor(app: string, { limit = LIMIT, redis = server } = {}): RateLimiter {
		const store = new SharedStore(redisUrl(redis.url));
		stores.push(store);
		const limiter = new RateLimiter();
		limiter.join({}, limit);
		limiter.passThrough(new SharedLimit(store, app, `process ${stores.length}`));
		return limiter;
	}

	describe('the script alone', () => {
		const keysOf = (app: string) =>
			['underWay', 'answered', 'others', 'state', 'processes'].map(
				(key) => `limit:{${app}}:${key}`,
			);
		interface Call {
			readonly process?: string;
			readonly limit?: number;
			readonly server?: string;
			readonly wasThere?: boolean;
			readonly value?: number | string;
		}
		async function say(app: string, does: string, name: string, call: Call = {}) {
			const { process = 'a', limit = LIMIT, wasThere = false, value = 0 } = call;
			const args = [does, name, process, limit, call.server ?? 'server', wasThere ? 1 : 0, value];
			const keys = keysOf(app);
			const reply = (await client.eval(SCRIPT, keys.length, ...keys, ...args)) as unknown[];
			const [isGiven, waitMs, processes] = reply.map(Number);
			return { isGiven: isGiven === 1, waitMs, processes, beginsAt: String(reply[3]) };
		}
		/** Tells how long ago this was called, in milliseconds: a wait that is told later is shorter by that. */
		const stopwatch = () => {
			const started = performance.now();
			return () => performance.now() - started;
		};
		const times = async <T>(count: number, does: (i: number) => Promise<T>): Promise<T[]> => {
			const all: T[] = [];
			for (let i = 0; i < count; i++) all.push(await does(i));
			return all;
		};

		test('as many leases as the limit are granted immediately, and no more', async () => {
			const app = anApp();
			const passed = stopwatch();
			const given = await times(LIMIT, async (i) => await say(app, 'enter', `${i}`));
			expect(given.map(({ isGiven, waitMs }) => [isGiven, waitMs])).toEqual(
				Array(LIMIT).fill([true, 0]),
			);
			const more = await say(app, 'enter', 'more');
			expect(more.isGiven).toBe(false);
			// The first of them is answered at the earliest now.
			expect(more.waitMs + passed()).toBeGreaterThanOrEqual(WINDOW_MS);
		});

		test('an answered request counts for a second, and its slot is promised to the next', async () => {
			const app = anApp();
			await times(LIMIT, async (i) => await say(app, 'enter', `${i}`));
			const passed = stopwatch();
			await say(app, 'answered', '0', { value: 5 });
			const next = await say(app, 'enter', 'next');
			expect(next.isGiven).toBe(true);
			expect(next.waitMs + passed()).toBeGreaterThanOrEqual(WINDOW_MS);
			expect(next.waitMs).toBeLessThanOrEqual(WINDOW_MS);
			expect((await say(app, 'enter', 'after')).isGiven).toBe(false);
		});

		test('the shortest answer time is no reason to wait', async () => {
			const app = anApp();
			await times(LIMIT, async (i) => await say(app, 'enter', `${i}`));
			await times(LIMIT, async (i) => await say(app, 'answered', `${i}`, { value: 700 + i }));
			const next = await say(app, 'enter', 'next');
			expect(next.isGiven).toBe(true);
			// 700 ms less the leeway of 10.
			expect(next.waitMs).toBeLessThanOrEqual(WINDOW_MS - 690);
		});

		test.each<[string, number]>([
			['unanswered', 1250],
			['passed', 1116],
		])('a request that ended %s counts for at most %d ms', async (end, freeAfter) => {
			const app = anApp();
			await say(app, 'enter', 'one', { limit: 1 });
			const passed = stopwatch();
			await say(app, end, 'one', { limit: 1 });
			const next = await say(app, 'enter', 'next', { limit: 1 });
			expect(next.isGiven).toBe(true);
			expect(next.waitMs).toBeLessThanOrEqual(freeAfter);
			expect(next.waitMs + passed()).toBeGreaterThanOrEqual(freeAfter);
		});

		test('a request that was not sent does not count', async () => {
			const app = anApp();
			await say(app, 'enter', 'one', { limit: 1 });
			await say(app, 'unsent', 'one', { limit: 1 });
			await expect(say(app, 'enter', 'two', { limit: 1 })).resolves.toMatchObject({ waitMs: 0 });
		});

		testBeside('a lease that nobody releases runs out unless it is extended', async () => {
			const app = anApp();
			await say(app, 'enter', 'killed', { limit: 2 });
			await say(app, 'enter', 'slow', { limit: 2 });
			await sleep(3000);
			await say(app, 'extend', 'slow', { limit: 2 });
			await sleep(2100);
			await expect(say(app, 'enter', 'next', { limit: 2 })).resolves.toMatchObject({
				isGiven: true,
				waitMs: 0,
			});
			expect((await say(app, 'enter', 'more', { limit: 2 })).isGiven).toBe(false);
			// An expired lease is not revived.
			await say(app, 'extend', 'killed', { limit: 2 });
			await say(app, 'unsent', 'slow', { limit: 2 });
			expect((await say(app, 'enter', 'last', { limit: 2 })).waitMs).toBe(0);
		});

		test('each process is counted once', async () => {
			const app = anApp();
			await say(app, 'look', '', { process: 'a' });
			await say(app, 'look', '', { process: 'a' });
			const { processes } = await say(app, 'look', '', { process: 'b' });
			expect(processes).toBe(2);
		});

		test('a hold holds everyone', async () => {
			const app = anApp();
			const passed = stopwatch();
			await say(app, 'hold', '', { value: 400 });
			const { isGiven, waitMs } = await say(app, 'enter', 'one', { process: 'b' });
			expect(isGiven).toBe(true);
			expect(waitMs + passed()).toBeGreaterThanOrEqual(400);
			expect(waitMs).toBeLessThanOrEqual(400);
		});

		test('a limit of less than one a second has a longer window', async () => {
			const app = anApp();
			await say(app, 'enter', 'one', { limit: 0.5 });
			const passed = stopwatch();
			await say(app, 'answered', 'one', { limit: 0.5, value: 5 });
			const { waitMs } = await say(app, 'enter', 'two', { limit: 0.5 });
			expect(waitMs + passed()).toBeGreaterThanOrEqual(2000);
			expect(waitMs).toBeLessThanOrEqual(2000);
		});

		test.each<[string, Call, Call, boolean]>([
			['the first ever', {}, {}, false],
			['another server', { server: 'one' }, { server: 'two' }, true],
			['the same server', { server: 'one' }, { server: 'one' }, false],
		])('after a look by %s one window is held, or not', async (_name, before, after, isHeld) => {
			const app = anApp();
			await say(app, 'look', '', before);
			const passed = stopwatch();
			const { waitMs } = await say(app, 'enter', 'one', after);
			expect(waitMs > 0 && waitMs + passed() >= WINDOW_MS).toBe(isHeld);
		});

		test('if everything was lost, one window is held first', async () => {
			const app = anApp();
			const passed = stopwatch();
			const { waitMs } = await say(app, 'enter', 'one', { wasThere: true });
			expect(waitMs + passed()).toBeGreaterThanOrEqual(WINDOW_MS);
			const other = await say(app, 'enter', 'two', { process: 'b' });
			expect(other.waitMs + passed()).toBeGreaterThanOrEqual(WINDOW_MS);
		});

		test.each([
			['its clock was put back', 'server'],
			['another server, whose clock is behind, has taken over', 'another'],
		])('where %s, one window is held, and no longer', async (_name, after) => {
			const app = anApp();
			await times(LIMIT, async (i) => await say(app, 'enter', `${i}`));
			await say(app, 'answered', '0', { value: 5 });
			await say(app, 'hold', '', { value: 1000 });
			const [underWay, answered, , state] = keysOf(app);
			const anHour = 3_600_000;
			for (let i = 1; i < LIMIT; i++) server.say('ZINCRBY', underWay, `${anHour}`, `${i}`);
			server.say('ZINCRBY', answered, `${anHour}`, '0');
			for (const field of ['last', 'held']) server.say('HINCRBYFLOAT', state, field, `${anHour}`);
			const passed = stopwatch();
			const { isGiven, waitMs } = await say(app, 'enter', 'next', { server: after });
			expect(isGiven).toBe(true);
			expect(waitMs).toBeLessThanOrEqual(WINDOW_MS);
			expect(waitMs + passed()).toBeGreaterThanOrEqual(WINDOW_MS);
		});

		test('the first process back leaves the others their parts until they are back, too', async () => {
			const app = anApp();
			const enter = async (name: string) => (await say(app, 'enter', name)).isGiven;
			const enterAll = async (name: string) =>
				(await times(LIMIT, async (i) => await enter(`${name} ${i}`))).filter(Boolean).length;
			await say(app, 'back', '', { process: 'a', value: 3 });
			expect(await enterAll('one of three')).toBe(LIMIT / 3);
			await say(app, 'back', '', { process: 'b', value: 3 });
			expect(await enterAll('two')).toBe(LIMIT / 3);
			await say(app, 'back', '', { process: 'c', value: 3 });
			expect(await enterAll('all')).toBe(LIMIT / 3);
		});

		test('when a process comes back, everyone waits a window for what it sent meanwhile', async () => {
			const app = anApp();
			await say(app, 'back', '', { process: 'a' });
			const [, , , state] = keysOf(app);
			server.say('HDEL', state, 'held');
			expect(await say(app, 'enter', 'before')).toMatchObject({ isGiven: true, waitMs: 0 });
			const passed = stopwatch();
			await say(app, 'back', '', { process: 'b' });
			const { waitMs } = await say(app, 'enter', 'after');
			expect(waitMs + passed()).toBeGreaterThanOrEqual(WINDOW_MS);
		});

		test('a refusal slows everyone once, as congestion control does in one process', async () => {
			const app = anApp();
			await times(10, async (i) => await say(app, 'enter', `${i}`, { process: 'b' }));
			const first = await say(app, 'enter', 'first');
			const second = await say(app, 'enter', 'second');
			const third = await say(app, 'enter', 'third');
			await say(app, 'refused', 'first', { value: first.beginsAt });
			await say(app, 'refused', 'second', { value: second.beginsAt });
			await say(app, 'refused', 'third', { value: third.beginsAt });
			const control = new CongestionControl();
			control.refuse(1, 1000, LIMIT, 12);
			control.refuse(2, 1001, LIMIT, 12);
			control.refuse(3, 1002, LIMIT, 12);
			// Eight fit: ten are under way, and three were just refused.
			const places = Math.round(control.rateAt(1010, LIMIT));
			expect(places).toBe(8);
			await times(10, async (i) => await say(app, 'unsent', `${i}`, { process: 'b' }));
			const given = await times(places, async (i) => await say(app, 'enter', `after ${i}`));
			const begins = given.map(({ beginsAt }) => Number(beginsAt));
			const late = begins.filter((moment) => moment - begins[0] > WINDOW_MS / 2);
			expect(given.every(({ isGiven }) => isGiven)).toBe(true);
			// The first refusal holds everyone.
			expect(begins[0] - Number(third.beginsAt)).toBeGreaterThanOrEqual(WINDOW_MS / LIMIT);
			expect(late).toHaveLength(3);
			expect((await say(app, 'enter', 'beyond')).isGiven).toBe(false);
		});

		test('what is stored in Redis expires', async () => {
			const app = anApp();
			await say(app, 'enter', 'one');
			await say(app, 'answered', 'one', { value: 5 });
			await say(app, 'enter', 'two');
			await say(app, 'passed', 'three');
			const lives = keysOf(app).map((key) => Number(server.say('PTTL', key)));
			for (const life of lives) expect(life).toBeGreaterThan(60_000);
		});
	});

	/** What is sent to KIS, when. When it arrives is a matter of the computer's load, too. */
	class Sends {
		readonly times: number[] = [];

		/** Sends one request that KIS answers, as soon as the limit permits it. */
		async send(limiter: RateLimiter, end: RequestEnd = 'answered'): Promise<void> {
			const permit = await limiter.acquire(new AbortController().signal);
			permit?.sent();
			this.times.push(performance.now());
			await sleep(Math.random() * 20);
			permit?.release(end);
		}
	}

	for (const count of [1, 2, 3]) {
		testBeside(`${count} processes together keep to it`, async () => {
			const app = anApp();
			const requests = 3 * LIMIT;
			const sends = new Sends();
			const processes = Array.from({ length: count }, () => processFor(app));
			await Promise.all(
				Array.from({ length: requests }, async (_, i) => await sends.send(processes[i % count])),
			);
			expect(sends.times).toHaveLength(requests);
			expect(mostInAnySecond(sends.times)).toBeLessThanOrEqual(MOST);
		});
	}

	testBeside('a killed process frees all its leases', async () => {
		const app = anApp();
		const program = `
			const { RateLimiter } = require('./dist/kis/rateLimit/rateLimiter.js');
			const { SharedLimit } = require('./dist/kis/rateLimit/sharedLimit.js');
			const { sharedStoreOf } = require('./dist/kis/redis/sharedStore.js');
			const { parseRedisUrl } = require('./dist/kis/input/redisUrl.js');
			const [url, app] = process.argv.slice(1);
			const limiter = new RateLimiter();
			limiter.join({}, ${LIMIT});
			limiter.passThrough(new SharedLimit(sharedStoreOf(parseRedisUrl(url)), app));
			const stop = new AbortController().signal;
			const places = Array.from({ length: ${LIMIT} }, () => limiter.acquire(stop));
			Promise.all(places).then(() => console.log('has all'));
			setInterval(() => {}, 1000);
		`;
		const killed = spawn(process.execPath, ['-e', program, server.url, app]);
		await once(killed.stdout, 'data');
		// While it lives it keeps them, however long its requests take.
		await sleep(5500);
		const other = processFor(app);
		const sends = new Sends();
		const sending = sends.send(other);
		await sleep(1000);
		expect(sends.times).toEqual([]);
		killed.kill('SIGKILL');
		await sending;
		expect(sends.times).toHaveLength(1);
	});

	test('a stopped request does not wait, and its lease goes to another', async () => {
		const app = anApp();
		const limiter = processFor(app, { limit: 1 });
		const stop = new AbortController();
		const first = await limiter.acquire(stop.signal);
		first?.release('answered');
		const waiting = limiter.acquire(stop.signal);
		await sleep(100);
		stop.abort();
		await expect(waiting).resolves.toBeNull();
		const sends = new Sends();
		await sends.send(limiter);
		expect(sends.times).toHaveLength(1);
	});

	describe('where Redis fails in the middle', () => {
		const FAULTS: ReadonlyArray<
			readonly [
				string,
				fail: (redis: RedisServer) => unknown,
				mend: (redis: RedisServer) => unknown,
				isAlwaysNoticed: boolean,
			]
		> = [
			['is gone', async (redis) => await redis.stop(), async (redis) => await redis.run(), true],
			['is slow', (redis) => redis.freeze(), (redis) => redis.thaw(), true],
			[
				'is full',
				(redis) => redis.say('CONFIG', 'SET', 'maxmemory', '1'),
				(redis) => redis.say('CONFIG', 'SET', 'maxmemory', '0'),
				// What is there needs no more memory.
				false,
			],
			[
				'takes no writes',
				(redis) => redis.say('REPLICAOF', '127.0.0.1', '1'),
				(redis) => redis.say('REPLICAOF', 'NO', 'ONE'),
				true,
			],
		];

		for (const [what, fail, mend, isAlwaysNoticed] of FAULTS) {
			testBeside(`it ${what}: never faster than the limit, and back by itself`, async () => {
				const app = anApp();
				const redis = await startRedis();
				const processes = [processFor(app, { redis }), processFor(app, { redis })];
				const own = stores.slice(-processes.length);
				const isNoticedNow = () => own.some(({ trouble }) => trouble !== null);
				const sends = new Sends();
				const between = (from: number, to: number) =>
					sends.times.filter((at) => at > from && at < to).length;
				let isOver = false;
				const senders = processes.flatMap((limiter) =>
					Array.from({ length: 20 }, async () => {
						while (!isOver) await sends.send(limiter);
					}),
				);
				let failedAt = Infinity;
				let mendedAt = Infinity;
				try {
					await sleep(1500);
					await fail(redis);
					failedAt = performance.now();
					await sleep(5500);
					await until(() => between(failedAt + 2500, Infinity) > 0);
					if (isAlwaysNoticed) await until(isNoticedNow);
					await mend(redis);
					mendedAt = performance.now();
					await until(() => !isNoticedNow());
					await sleep(3000);
					await until(() => between(mendedAt, Infinity) > 0);
				} finally {
					isOver = true;
				}
				await Promise.all(senders);
				expect(mostInAnySecond(sends.times)).toBeLessThanOrEqual(MOST);
			});
		}

		testBeside('what a process says last tells it of the others, too', async () => {
			const app = anApp();
			const redis = await startRedis();
			const [first, second] = [processFor(app, { redis }), processFor(app, { redis })];
			const [ofFirst] = stores.slice(-2);
			const forever = new AbortController().signal;
			const permit = await first.acquire(forever);
			await new Sends().send(second);
			permit?.release('answered');
			// Redis replies in order.
			await ofFirst.run('redis/probe', ['probe']);
			await redis.stop();
			await first.acquire(forever);
			expect(first.maxConcurrent).toBe(LIMIT / 2);
		});

		testBeside(
			'a Redis that comes back empty does not make a process forget the others',
			async () => {
				const app = anApp();
				const redis = await startRedis();
				const [first, second] = [processFor(app, { redis }), processFor(app, { redis })];
				const [ofFirst] = stores.slice(-2);
				const sends = new Sends();
				await sends.send(second);
				await sends.send(first);
				await redis.stop();
				await sends.send(first);
				await redis.run();
				while (ofFirst.trouble) await sends.send(first);
				// Alone there.
				await sends.send(first);
				await redis.stop();
				await sends.send(first);
				expect(first.maxConcurrent).toBe(LIMIT / 2);
			},
		);

		testBeside('one process comes back while the other has much to send', async () => {
			const app = anApp();
			const redis = await startRedis();
			const [first, second] = [processFor(app, { redis }), processFor(app, { redis })];
			const [ofFirst, ofSecond] = stores.slice(-2);
			const sends = new Sends();
			const sendBoth = async () => await Promise.all([sends.send(first), sends.send(second)]);
			await sendBoth();
			await sendBoth();
			await redis.stop();
			await sendBoth();
			const sending = Array.from({ length: LIMIT }, async () => {
				while (ofSecond.trouble) await sends.send(second);
			});
			// With each failure it waits longer until it looks again: the other comes back first.
			await sleep(4000);
			await redis.run();
			while (ofFirst.trouble) await sends.send(first);
			await until(() => !ofSecond.trouble);
			const more = Array.from({ length: LIMIT }, async () => await sends.send(first));
			await Promise.all([...sending, ...more]);
			expect(mostInAnySecond(sends.times)).toBeLessThanOrEqual(MOST);
		});

		testBeside('it is emptied, or restarts empty: one window is held', async () => {
			const app = anApp();
			const redis = await startRedis();
			const processes = [processFor(app, { redis }), processFor(app, { redis })];
			const sends = new Sends();
			const send = async (count: number) =>
				await Promise.all(
					Array.from({ length: count }, async (_, i) => await sends.send(processes[i % 2])),
				);
			await send(LIMIT);
			redis.say('FLUSHALL');
			await send(LIMIT);
			await redis.stop();
			await redis.run();
			await send(LIMIT);
			expect(sends.times).toHaveLength(3 * LIMIT);
			expect(mostInAnySecond(sends.times)).toBeLessThanOrEqual(MOST);
		});
	});
});
