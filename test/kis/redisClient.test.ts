// What goes to Redis over one connection, and what is made of each reply. Redis is played here, so that it can answer what a
// real one seldom does; for a real one see sharedStore.test.ts.
import fs from 'node:fs';
import tls from 'node:tls';

import { connectRedis, type RedisClient } from '../../kis/redis/client';
import { until } from '../../tools/common/until';
import { redisUrl } from '../support/redis';
import { bulk, INFO, RedisDouble } from '../support/redisDouble';
import { resources } from '../support/resources';
import { closeServers, hangUp, silence, unusedPort } from '../support/scriptedServer';

let redis: RedisDouble;
let client: RedisClient | null;
beforeEach(async () => {
	redis = await new RedisDouble().start();
	client = null;
});
afterEach(async () => {
	client?.close();
	jest.restoreAllMocks();
	await closeServers();
});

const connect = async (rest = '', keys = '') =>
	(client = await connectRedis(redis.url(rest, keys)));
const SHA = expect.stringMatching(/^[0-9a-f]{40}$/);

test('a script is called by its digest, with keys under the prefix, and with its arguments', async () => {
	const { run } = await connect('?prefix=kis:');
	await expect(run('redis/probe', ['a', 'b'], ['one', 'two'])).resolves.toBe('OK');
	await expect(run('redis/probe', [], [])).resolves.toBe('OK');
	expect(redis.commands.slice(1)).toEqual([
		['EVALSHA', SHA, '2', 'kis:a', 'kis:b', 'one', 'two'],
		['EVALSHA', SHA, '0'],
	]);
});

test('nothing is sent but what a user needs permission for anyway', async () => {
	const { run } = await connect('/2', 'someone:word@');
	await run('redis/probe', ['a'], []);
	expect(redis.commands.map(([name]) => name)).toEqual(['AUTH', 'SELECT', 'INFO', 'EVALSHA']);
	expect(redis.commands.slice(0, 2)).toEqual([
		['AUTH', 'someone', 'word'],
		['SELECT', '2'],
	]);
});

describe('a script', () => {
	test('that Redis does not know is sent to it, once', async () => {
		redis.replies.EVALSHA = ['-NOSCRIPT No matching script.\r\n', '+OK\r\n'];
		const { run } = await connect();
		await run('redis/probe', ['a'], ['one']);
		await run('redis/probe', ['a'], ['one']);
		const names = redis.commands.map(([name]) => name);
		expect(names).toEqual(['INFO', 'EVALSHA', 'EVAL', 'EVALSHA']);
		const lua = fs.readFileSync('kis/redis/probe.lua', 'utf8');
		expect(redis.commands[2]).toEqual(['EVAL', lua, '1', 'n8n-kis:a', 'one']);
	});

	test.each(['-OOM command not allowed\r\n', '-ERR it failed, and not by NOSCRIPT\r\n'])(
		'that may have run is not repeated: %j',
		async (reply) => {
			redis.replies.EVALSHA = [reply];
			const { run } = await connect();
			await expect(run('redis/probe', ['a'], [])).rejects.toThrow(reply.slice(1).trim());
			expect(redis.commands.map(([name]) => name)).toEqual(['INFO', 'EVALSHA']);
		},
	);

	test('whose reply is lost with the connection fails, and is not repeated', async () => {
		redis.replies.EVALSHA = [hangUp];
		const { run } = await connect();
		await expect(run('redis/probe', ['a'], [])).rejects.toThrow('closed');
		expect(redis.server.connections).toBe(1);
		expect(redis.count('EVALSHA')).toBe(1);
	});

	test('is read from the disk once', async () => {
		const { run } = await connect();
		await run('redis/probe', ['a'], []);
		const reads = jest.spyOn(fs, 'readFileSync');
		await run('redis/probe', ['a'], []);
		expect(reads).not.toHaveBeenCalled();
	});
});

describe('which server answers', () => {
	const info = (text: string) => (redis.replies.INFO = [bulk(text.replaceAll('\n', '\r\n'))]);

	test('is told by the lines of INFO that begin with these names', async () => {
		info(
			'# Server\nformer_run_id:b2\nformer_uptime_in_seconds:7\nrun_id:a1\nuptime_in_seconds:86400\n',
		);
		jest.spyOn(performance, 'now').mockReturnValue(1e9);
		const { server } = await connect();
		expect(server).toEqual({ id: 'a1', startedAt: 1e9 - 86_400_000 });
	});

	test.each([
		['no number', 'uptime_in_seconds:86400'],
		['an empty one', 'run_id:\nuptime_in_seconds:86400'],
		['no uptime', 'run_id:a1\nuptime_in_days:1'],
		['an unreadable uptime', 'run_id:a1\nuptime_in_seconds:long'],
		['neither', ''],
	])('is unknown if INFO names %s: then it is not used', async (_what, text) => {
		info(text);
		await expect(connect()).rejects.toThrow();
		await redis.server.abandoned();
	});
});

describe('a connection that cannot be used is closed', () => {
	test.each([
		['AUTH', '-WRONGPASS invalid username-password pair\r\n', 'WRONGPASS'],
		['SELECT', '-ERR DB index is out of range\r\n', 'DB index'],
		['INFO', '-NOPERM this user has no permissions\r\n', 'NOPERM'],
		['INFO', '-LOADING Redis is loading the dataset in memory\r\n', 'LOADING'],
		['INFO', ':7\r\n', 'INFO'],
	])('after %s is answered %j', async (name, reply, message) => {
		redis.replies[name] = [reply];
		await expect(connect('/2', 'someone:word@')).rejects.toThrow(message);
		await redis.server.abandoned();
		expect(redis.server.connections).toBe(1);
	});

	test('after no answer came', async () => {
		redis.replies.INFO = [silence];
		await expect(connect()).rejects.toThrow('timed out');
		await redis.server.abandoned();
	});
});

test('one that works is open until one of the two closes it', async () => {
	const first = await connect();
	expect(first.isOpen).toBe(true);
	first.close();
	await redis.server.abandoned();
	await until(() => !first.isOpen);
	await expect(first.run('redis/probe', ['a'], [])).rejects.toThrow('closed');
	redis.replies.EVALSHA = [hangUp];
	const second = await connect();
	await expect(second.run('redis/probe', ['a'], [])).rejects.toThrow('closed');
	expect(second.isOpen).toBe(false);
	expect(redis.server.connections).toBe(2);
});

test('what Redis has closed is closed without a timer that keeps the process alive', async () => {
	redis.replies.EVALSHA = [hangUp];
	const { run, close } = await connect();
	await expect(run('redis/probe', ['a'], [])).rejects.toThrow('closed');
	const timers = () => resources().get('Timeout') ?? 0;
	const before = timers();
	close();
	expect(timers()).toBe(before);
});

test('what Redis closes before it says which server it is leaves no timer that keeps the process alive', async () => {
	redis.replies.INFO = [hangUp];
	const timers = () => resources().get('Timeout') ?? 0;
	const before = timers();
	await expect(connect()).rejects.toThrow('closed');
	expect(timers()).toBe(before);
});

test('with TLS, the certificate counts even where NODE_TLS_REJECT_UNAUTHORIZED=0 says otherwise', async () => {
	const dialled = jest.spyOn(tls, 'connect');
	await expect(connectRedis(redisUrl(`rediss://127.0.0.1:${await unusedPort()}`))).rejects.toThrow(
		'ECONNREFUSED',
	);
	expect(dialled.mock.calls[0][0]).toMatchObject({ rejectUnauthorized: true });
});

test('INFO is asked of the server only', async () => {
	redis.replies.INFO = [INFO];
	await connect();
	expect(redis.commands).toEqual([['INFO', 'server']]);
});
