// When a connection to the Redis that workers share is opened, shared, left alone and closed. Time passes as the test says, and
// Redis is played; for a real one see sharedStore.test.ts.
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { SharedStore, type ScriptAnswer } from '../../kis/redis/sharedStore';
import { until } from '../../tools/common/until';
import { RedisDouble } from '../support/redisDouble';
import { closeServers, hangUp, silence } from '../support/scriptedServer';

const SECOND = 1000;
const FULL = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
const READ_ONLY = "-READONLY You can't write against a read only replica.\r\n";

let redis: RedisDouble;
let store: SharedStore;
let random: jest.SpyInstance<number, []>;
beforeEach(async () => {
	redis = await new RedisDouble().start();
	store = new SharedStore(redis.url());
	// The longest pauses.
	random = jest.spyOn(Math, 'random').mockReturnValue(1);
	jest.useFakeTimers({
		now: 1e9,
		doNotFake: [
			'Date',
			'hrtime',
			'nextTick',
			'queueMicrotask',
			'setImmediate',
			'clearImmediate',
			'setInterval',
			'clearInterval',
		],
	});
});
afterEach(async () => {
	store.close();
	jest.useRealTimers();
	jest.restoreAllMocks();
	await closeServers();
});

const run = async () => await store.run('redis/probe', ['a']);
const pass = (milliseconds: number) => jest.advanceTimersByTime(milliseconds);
const succeeded = {
	reply: 'OK',
	server: expect.objectContaining({ startedAt: expect.any(Number) }),
};
const failed = (trouble: string) => ({ trouble });
/** How often Redis was asked for anything. */
const asked = () => redis.commands.length;
/** Whether the call reaches Redis, rather than fail at once. */
const reaches = async () => {
	const before = asked();
	await run();
	return asked() > before;
};
/** How long Redis is left alone: what a call does just before and after. */
const expectPause = async (milliseconds: number) => {
	pass(milliseconds - 1);
	expect(await reaches()).toBe(false);
	pass(1);
	expect(await reaches()).toBe(true);
};

describe('one connection', () => {
	test('serves calls that come together, and those that come later', async () => {
		await Promise.all([run(), run(), run()]);
		await run();
		await expect(run()).resolves.toEqual(succeeded);
		expect(redis.server.connections).toBe(1);
		expect(redis.count('EVALSHA')).toBe(5);
	});

	test('is replaced once when it was closed by Redis or on the way', async () => {
		await run();
		redis.replies.EVALSHA = [hangUp, '+OK\r\n'];
		await expect(run()).resolves.toEqual(failed('unreachable'));
		pass(SECOND);
		await Promise.all([run(), run()]);
		await run();
		expect(redis.server.connections).toBe(2);
	});

	test('that was closed between two calls is replaced, unnoticed by the caller', async () => {
		redis.replies.EVALSHA = [(socket) => socket.end('+OK\r\n'), '+OK\r\n'];
		await expect(run()).resolves.toEqual(succeeded);
		await redis.server.abandoned();
		// The client hears of it a little later.
		await sleep(50);
		await expect(run()).resolves.toEqual(succeeded);
		expect(redis.server.connections).toBe(2);
	});

	test('is closed half a minute after its last use, and not before', async () => {
		await Promise.all([run(), run()]);
		pass(20 * SECOND);
		await run();
		pass(30 * SECOND - 1);
		await run();
		expect(redis.server.connections).toBe(1);
		pass(30 * SECOND);
		await redis.server.abandoned();
	});

	test('that was closed unused is opened again, and closed again', async () => {
		await run();
		pass(30 * SECOND);
		await redis.server.abandoned();
		await expect(run()).resolves.toEqual(succeeded);
		expect(redis.server.connections).toBe(2);
		pass(30 * SECOND);
		await redis.server.abandoned();
	});

	test('is not closed while it waits for a reply, however long it was unused before', async () => {
		await run();
		pass(30 * SECOND - 1);
		redis.replies.EVALSHA = [silence];
		const running = run();
		await until(() => redis.count('EVALSHA') === 2);
		pass(1);
		pass(SECOND - 2);
		// Redis hears of a connection's end a little later.
		await sleep(50);
		expect(redis.server.open).toBe(1);
		pass(1);
		await expect(running).resolves.toEqual(failed('slow'));
	});

	test('of two calls, the end of one does not close it under the other', async () => {
		let answer = () => {};
		const held = (socket: Socket) => (answer = () => void socket.write('+OK\r\n'));
		redis.replies.EVALSHA = ['+OK\r\n', held];
		const [first, second] = [run(), run()];
		await expect(first).resolves.toEqual(succeeded);
		await until(() => redis.count('EVALSHA') === 2);
		pass(SECOND - 1);
		answer();
		await expect(second).resolves.toEqual(succeeded);
		expect(redis.server.connections).toBe(1);
	});

	test('that its owner closes under a call is no trouble', async () => {
		redis.replies.EVALSHA = [silence, '+OK\r\n'];
		const running = run();
		await until(() => redis.count('EVALSHA') === 1);
		store.close();
		await expect(running).resolves.toEqual(failed('unreachable'));
		expect(store.trouble).toBeNull();
		await expect(run()).resolves.toEqual(succeeded);
	});
});

test('the arguments are asked for once the server is known, and sent', async () => {
	const ids: string[] = [];
	await store.run('redis/probe', ['a'], ({ id }) => {
		ids.push(id);
		return ['one', id];
	});
	const [id] = ids;
	expect(id).toMatch(/^(a1){20}$/);
	await run();
	const SHA = expect.any(String);
	expect(redis.commands.slice(1)).toEqual([
		['EVALSHA', SHA, '1', 'n8n-kis:a', 'one', id],
		['EVALSHA', SHA, '1', 'n8n-kis:a'],
	]);
});

test('a reply that does not come is waited for a second, and the connection is closed', async () => {
	redis.replies.EVALSHA = [silence];
	const running = run();
	await until(() => redis.count('EVALSHA') === 1);
	pass(SECOND);
	await expect(running).resolves.toEqual(failed('slow'));
	await redis.server.abandoned();
});

test('a rejected password is told without the client’s error, which contains it', async () => {
	store = new SharedStore(redis.url('', 'someone:Secret-Word@'));
	redis.replies.AUTH = ['-WRONGPASS invalid username-password pair\r\n'];
	await expect(run()).resolves.toEqual(failed('wrongPassword'));
	expect(redis.commands).toEqual([['AUTH', 'someone', 'Secret-Word']]);
});

describe('a Redis that fails', () => {
	const fail = () => (redis.replies.INFO = ['-LOADING Redis is loading the dataset in memory\r\n']);

	test('is left alone: for a second, twice as long after each failure, half a minute at most', async () => {
		fail();
		expect(await reaches()).toBe(true);
		for (const seconds of [1, 2, 4, 8, 16, 30, 30]) await expectPause(seconds * SECOND);
		expect(await run()).toEqual(failed('starting'));
	});

	test('is left alone for as little as half of that: workers do not all come back together', async () => {
		random.mockReturnValue(0);
		fail();
		await run();
		for (const seconds of [0.5, 1, 2, 4, 8, 15, 15]) await expectPause(seconds * SECOND);
	});

	test.each(['connect', 'run a script'])('counts once for calls that %s together', async (what) => {
		if (what === 'connect') fail();
		else redis.replies.EVALSHA = [FULL];
		const answers = await Promise.all([run(), run(), run()]);
		expect(answers.every((it) => 'trouble' in it)).toBe(true);
		await expectPause(SECOND);
		await expectPause(2 * SECOND);
	});

	test('and works again is not left alone, and the next pause is a second again', async () => {
		redis.replies.EVALSHA = [FULL, FULL, '+OK\r\n', '+OK\r\n', FULL];
		await run();
		await expectPause(SECOND);
		await expectPause(2 * SECOND);
		expect(store.trouble).toBeNull();
		expect(await reaches()).toBe(true);
		await expect(run()).resolves.toEqual(failed('full'));
		await expectPause(SECOND);
	});

	test('is closed, also where only a script failed', async () => {
		redis.replies.EVALSHA = [FULL];
		await run();
		await redis.server.abandoned();
	});
});

describe('the trouble', () => {
	/** A call after every pause. */
	const later = async (): Promise<ScriptAnswer> => {
		pass(60 * SECOND);
		return await run();
	};

	test('is that of the last call, and also of those that are not sent', async () => {
		redis.replies.EVALSHA = [FULL, READ_ONLY, '+OK\r\n'];
		expect(store.trouble).toBeNull();
		await expect(run()).resolves.toEqual(failed('full'));
		await expect(run()).resolves.toEqual(failed('full'));
		expect(store.trouble).toBe('full');
		await later();
		expect(store.trouble).toBe('readOnly');
		await later();
		expect(store.trouble).toBeNull();
	});

	test('that comes and goes is news again where it was not met for a minute', async () => {
		const succeeds = '+OK\r\n';
		redis.replies.EVALSHA = [FULL, succeeds, FULL, succeeds, FULL];
		await run();
		expect(store.takeNews()).toBe('full');
		pass(SECOND);
		await run();
		pass(59 * SECOND - 1);
		await run();
		expect([store.trouble, store.takeNews()]).toEqual(['full', null]);
		pass(SECOND);
		await run();
		pass(59 * SECOND);
		await run();
		expect(store.takeNews()).toBe('full');
	});

	test('is news to one, until it has passed and comes again', async () => {
		redis.replies.EVALSHA = [FULL, READ_ONLY, '+OK\r\n', FULL];
		expect(store.takeNews()).toBeNull();
		await run();
		expect(store.takeNews()).toBe('full');
		expect(store.takeNews()).toBeNull();
		await later();
		expect(store.takeNews()).toBeNull();
		await later();
		expect(store.takeNews()).toBeNull();
		await later();
		expect(store.takeNews()).toBe('full');
		expect(store.takeNews()).toBeNull();
	});

	test('is news as it is then: as it is by now, and none if it has passed', async () => {
		redis.replies.EVALSHA = [FULL, READ_ONLY, '+OK\r\n'];
		await run();
		await later();
		expect(store.takeNews()).toBe('readOnly');
		redis.replies.EVALSHA = [FULL, '+OK\r\n'];
		await later();
		await later();
		expect(store.takeNews()).toBeNull();
	});
});
