// The connection to a real Redis. What is tried: every way in which a Redis cannot be used, concurrently and repeatedly, and
// what is left open.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { connectRedis } from '../../kis/redis/client';
import type { RedisTrouble } from '../../kis/redis/redisErrors';
import { probe, SharedStore, sharedStoreOf } from '../../kis/redis/sharedStore';
import { until } from '../../tools/common/until';
import { makeCertificate, type Certificate } from '../support/certificate';
import { runNodeJs } from '../support/child';
import { describeWithRedis, RedisServer, redisUrl } from '../support/redis';
import { leftSince, resources } from '../support/resources';
import { closeServers, startServer, unusedPort } from '../support/scriptedServer';

const PASSWORD = 'p@ss/word%';

afterEach(closeServers);

test('a Redis that is not there is unreachable', async () => {
	const store = new SharedStore(redisUrl(`redis://127.0.0.1:${await unusedPort()}`));
	await expect(store.run('redis/probe', ['a'])).resolves.toEqual({ trouble: 'unreachable' });
	expect(store.trouble).toBe('unreachable');
});

test('no reconnect storm: callers, concurrent or one by one, make one attempt, and then none for a while', async () => {
	const server = await startServer({ connected: (socket) => socket.destroy() });
	const store = new SharedStore(redisUrl(`redis://127.0.0.1:${server.port}`));
	const run = async () => await store.run('redis/probe', ['a']);
	const answers = await Promise.all(Array.from({ length: 1000 }, run));
	for (let i = 0; i < 1000; i++) answers.push(await run());
	expect(answers).toEqual(Array(2000).fill({ trouble: 'unreachable' }));
	expect(server.connections).toBe(1);
});

test.each<[string, RedisTrouble]>([
	['HTTP/1.1 400 Bad Request\r\n\r\n', 'broken'],
	['$5\r\nhello\r\n', 'broken'],
	['-NOAUTH Authentication required.\r\n', 'wrongPassword'],
	['-NOPERM this user has no permissions\r\n', 'forbidden'],
	['-LOADING Redis is loading the dataset in memory\r\n', 'starting'],
])('what answers %j is %s', async (answer, trouble) => {
	const server = await startServer({
		connected: (socket) => socket.on('data', () => socket.write(answer)),
	});
	const url = redisUrl(`redis://127.0.0.1:${server.port}`);
	await expect(probe(url)).resolves.toBe(trouble);
});

test('a server that accepts a connection and says nothing is slow', async () => {
	const server = await startServer({ connected: () => {} });
	await expect(probe(redisUrl(`redis://127.0.0.1:${server.port}`))).resolves.toBe('slow');
});

test('TLS with a server that speaks none fails, and so does a host that cannot be resolved', async () => {
	const server = await startServer({ connected: (socket) => socket.end('hello, this is no TLS') });
	await expect(probe(redisUrl(`rediss://127.0.0.1:${server.port}`))).resolves.toBe('notTls');
	await expect(probe(redisUrl('redis://redis.invalid'))).resolves.toBe('unknownHost');
});

describeWithRedis('with a real Redis', () => {
	let server: RedisServer;
	beforeAll(async () => {
		server = await RedisServer.start();
	});
	afterAll(async () => await server.stop());

	const url = (rest = '') => redisUrl(server.url + rest);

	test('a probe succeeds, and leaves nothing open', async () => {
		const before = resources();
		await expect(probe(url('/3?prefix=kis:'))).resolves.toBeNull();
		await expect(leftSince(before)).resolves.toEqual([]);
		await sleep(1100);
		expect(server.say('INFO', 'keyspace')).not.toContain('db');
	});

	test('everything in a process shares one connection to it', async () => {
		const clients = () => server.say('CLIENT', 'LIST').split('\n').length;
		const before = clients();
		const store = sharedStoreOf(url());
		expect(sharedStoreOf(url())).toBe(store);
		expect(sharedStoreOf(url('/1'))).not.toBe(store);
		await Promise.all(
			Array.from({ length: 100 }, async (_, i) => await store.run('redis/probe', [`${i}`])),
		);
		expect(clients() - before).toBe(1);
		store.close();
	});

	test('a connection that was closed meanwhile is reopened, unnoticed by the caller', async () => {
		const store = new SharedStore(url());
		await store.run('redis/probe', ['a']);
		server.say('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
		await sleep(50);
		await expect(store.run('redis/probe', ['a'])).resolves.toMatchObject({ reply: 'OK' });
		expect(store.trouble).toBeNull();
		store.close();
	});

	test('a script that Redis has forgotten is sent again', async () => {
		const store = new SharedStore(url());
		await store.run('redis/probe', ['a']);
		server.say('SCRIPT', 'FLUSH');
		await expect(store.run('redis/probe', ['a'])).resolves.toMatchObject({ reply: 'OK' });
		store.close();
	});

	test('it does not keep a process alive', async () => {
		const sockets = () => resources().get('TCPSocketWrap') ?? 0;
		const before = sockets();
		const client = await connectRedis(redisUrl(server.url));
		expect(sockets()).toBe(before);
		client.close();
	});

	test('nor does the timer that closes it when it is unused', async () => {
		const timers = jest.spyOn(globalThis, 'setTimeout');
		const store = new SharedStore(url());
		await store.run('redis/probe', ['a']);
		const unused = timers.mock.calls.findIndex(([, milliseconds]) => milliseconds === 30_000);
		const { value } = timers.mock.results[unused];
		timers.mockRestore();
		store.close();
		expect((value as NodeJS.Timeout).hasRef()).toBe(false);
	});

	test('a missing database, a full memory, and a read-only Redis each have a name', async () => {
		await expect(probe(url('/99'))).resolves.toBe('wrongDatabase');
		server.say('CONFIG', 'SET', 'maxmemory', '1');
		await expect(probe(url())).resolves.toBe('full');
		server.say('CONFIG', 'SET', 'maxmemory', '0');
		server.say('REPLICAOF', '127.0.0.1', '1');
		await expect(probe(url())).resolves.toBe('readOnly');
		server.say('REPLICAOF', 'NO', 'ONE');
		await expect(probe(url())).resolves.toBeNull();
	});

	test('a replica that can be read is told of once, though every other call succeeds', async () => {
		const store = new SharedStore(url());
		server.say('REPLICAOF', '127.0.0.1', '1');
		const news: Array<RedisTrouble | null> = [];
		for (let round = 0; round < 3; round++) {
			await expect(store.run('redis/probe', ['a'])).resolves.toEqual({ trouble: 'readOnly' });
			news.push(store.takeNews());
			await sleep(1000);
			const look = await store.run('memory/tokens', ['run:', 'token:a'], () => ['look', '1', '']);
			expect(look).toMatchObject({ reply: [''] });
		}
		server.say('REPLICAOF', 'NO', 'ONE');
		store.close();
		expect(news).toEqual(['readOnly', null, null]);
	});

	test('users: one without permission, one with a wrong password, and one that may', async () => {
		const rules = ['on', `>${PASSWORD}`, '~kis:*', '+info', '+select'];
		server.say('ACL', 'SETUSER', 'little', ...rules);
		server.say('ACL', 'SETUSER', 'enough', ...rules, '+@read', '+@write', '+@scripting', '+time');
		const as = (user: string, word: string, prefix = 'kis:') =>
			redisUrl(
				`redis://${user}:${encodeURIComponent(word)}@127.0.0.1:${server.port}?prefix=${prefix}`,
			);
		await expect(probe(as('little', PASSWORD))).resolves.toBe('forbidden');
		await expect(probe(as('enough', PASSWORD, 'other:'))).resolves.toBe('forbidden');
		await expect(probe(as('enough', 'another'))).resolves.toBe('wrongPassword');
		await expect(probe(as('enough', PASSWORD))).resolves.toBeNull();
	});

	test('a user who lacks one command of the scripts may not, and nothing is left', async () => {
		const calls = (script: string) =>
			[...readFileSync(resolve(script), 'utf8').matchAll(/redis\.call\('(\w+)'/g)].map(
				([, it]) => it,
			);
		const scripts = ['keptToken/kept', 'memory/tokens', 'rateLimit/limit'];
		const needed = new Set(scripts.flatMap((name) => calls(`kis/${name}.lua`)));
		expect(new Set(calls('kis/redis/probe.lua'))).toEqual(needed);
		for (const command of needed) {
			const rules = ['on', `>${PASSWORD}`, '~kis:*', '+info', '+select', '+@read', '+@write'];
			const name = `without-${command}`;
			server.say('ACL', 'SETUSER', name, ...rules, '+@scripting', '+time', `-${command}`);
			const user = `${name}:${encodeURIComponent(PASSWORD)}`;
			const { port } = server;
			const lacking = redisUrl(`redis://${user}@127.0.0.1:${port}?prefix=kis:`);
			expect([command, await probe(lacking)]).toEqual([command, 'forbidden']);
		}
		await sleep(1100);
		expect(server.say('KEYS', 'kis:*')).toBe('');
	});

	test('a cluster is none, even if one node keeps everything', async () => {
		const folder = await mkdtemp(join(tmpdir(), 'kis-redis-'));
		const nodes = ['--cluster-config-file', join(folder, 'nodes.conf')];
		const cluster = await RedisServer.start('--cluster-enabled', 'yes', ...nodes);
		cluster.say('CLUSTER', 'ADDSLOTS', ...Array.from({ length: 16_384 }, (_, i) => String(i)));
		const isUp = () => cluster.say('CLUSTER', 'INFO').includes('state:ok');
		const wasUp = await until(isUp, { looks: 500, everyMs: 20 });
		const trouble = await probe(redisUrl(cluster.url));
		await cluster.stop();
		await rm(folder, { recursive: true });
		expect([wasUp, trouble]).toEqual([true, 'cluster']);
	});

	test('a frozen Redis costs a second, and is used again when it thaws', async () => {
		const store = new SharedStore(url());
		await store.run('redis/probe', ['a']);
		server.freeze();
		await expect(store.run('redis/probe', ['a'])).resolves.toEqual({ trouble: 'slow' });
		server.thaw();
		await expect(store.run('redis/probe', ['a'])).resolves.toEqual({ trouble: 'slow' });
		await sleep(1000);
		await expect(store.run('redis/probe', ['a'])).resolves.toMatchObject({ reply: 'OK' });
		expect(store.trouble).toBeNull();
		store.close();
	});

	test('a restarted Redis is another server', async () => {
		const store = new SharedStore(url());
		const serverOf = async () => {
			const answer = await store.run('redis/probe', [randomUUID()]);
			return 'server' in answer ? answer.server : null;
		};
		const before = await serverOf();
		await server.stop();
		await server.run();
		const after = await serverOf();
		expect(after?.id).toMatch(/^\w{40}$/);
		expect(after?.id).not.toBe(before?.id);
		expect(after?.startedAt).toBeGreaterThan(before?.startedAt ?? Infinity);
		store.close();
	});
});

describeWithRedis('with TLS', () => {
	let certificate: Certificate;
	let server: RedisServer;
	let folder: string;
	let url: string;
	beforeAll(async () => {
		certificate = await makeCertificate();
		folder = await mkdtemp(join(tmpdir(), 'kis-redis-'));
		const key = join(folder, 'key.pem');
		await writeFile(key, certificate.key);
		const files = ['--tls-cert-file', certificate.file, '--tls-key-file', key];
		const tlsPort = String(await unusedPort());
		server = await RedisServer.start('--tls-port', tlsPort, '--tls-auth-clients', 'no', ...files);
		url = `rediss://127.0.0.1:${tlsPort}`;
	});
	afterAll(async () => {
		await server.stop();
		await certificate.remove();
		await rm(folder, { recursive: true });
	});

	test('an untrusted certificate is rejected, whatever the environment says', async () => {
		await expect(probe(redisUrl(url))).resolves.toBe('notTls');
		expect(await probeFromChild(url, {})).toBe('notTls');
		expect(await probeFromChild(url, { NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toBe('notTls');
		expect(await probeFromChild(url, { NODE_EXTRA_CA_CERTS: certificate.file })).toBeNull();
	});
});

/** What the built package finds of a Redis, in a plain program, which ends by itself. */
async function probeFromChild(url: string, env: Record<string, string>): Promise<unknown> {
	const program = `
		const { parseRedisUrl } = require('./dist/kis/input/redisUrl.js');
		const { probe } = require('./dist/kis/redis/sharedStore.js');
		probe(parseRedisUrl(process.argv[1])).then((said) => console.log(JSON.stringify(said)));
	`;
	const { stdout } = await runNodeJs(['-e', program, url], { env });
	return JSON.parse(stdout);
}

test('the Redis client is loaded on first use, and logs nothing if DEBUG is set', async () => {
	const server = await startServer({ connected: (socket) => socket.destroy() });
	const program = `
		const { parseCredential } = require('./dist/kis/input/credential.js');
		const { probe } = require('./dist/kis/redis/sharedStore.js');
		require('./dist/index.js');
		require('./dist/kis/revoke/revokeTokens.js');
		const loaded = () => Object.keys(require.cache).some((file) => file.endsWith('redis/client.js'));
		const keys = { appkey: 'a', appsecret: 'b', environment: 'real' };
		const { redis } = parseCredential({ ...keys, redisUrl: process.argv[1] });
		const before = loaded();
		probe(redis).then(() => console.log(JSON.stringify([before, loaded()])));
	`;
	const url = `redis://user:SecretWord@127.0.0.1:${server.port}`;
	const env = { DEBUG: '*' };
	const ended = await runNodeJs(['-e', program, url], { env });
	expect(ended).toEqual({ status: 0, stdout: '[false,true]\n', stderr: '' });
});
