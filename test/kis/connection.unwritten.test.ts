// What is tried: every way in which no connection is made. Each ends as `unwritten`, and the server has seen no request.
import type { LookupFunction } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { EgressRefusal, type EgressRules } from '../../kis/http/egress';
import { makeCertificate, type Certificate } from '../support/certificate';
import { BODY, closeAll, connect, NEVER, PATH, postOnce } from '../support/connections';
import { leftSince, resources } from '../support/resources';
import {
	CONFIRMATION,
	hangUp,
	reset,
	startServer,
	unusedPort,
	type Script,
} from '../support/scriptedServer';

afterEach(closeAll);

const unwritten = (transportCode: string | RegExp) => ({
	kind: 'unwritten',
	transportCode: expect.stringMatching(transportCode),
	forbidden: null,
});

const allowed: EgressRules = {
	check: async () => {},
	lookup: (hostname, _options, callback) =>
		callback(
			Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }),
			'',
			0,
		),
};

test('a port at which nothing listens', async () => {
	const before = resources();
	const connection = connect(`http://127.0.0.1:${await unusedPort()}`);
	expect(await connection.post(BODY, NEVER)).toEqual(unwritten('ECONNREFUSED'));
	await connection.close();
	expect(await leftSince(before)).toEqual([]);
});

test('a name that cannot be resolved', async () => {
	const connection = connect('https://does-not-exist.invalid', { egress: allowed });
	expect(await connection.post(BODY, NEVER)).toEqual(unwritten('ENOTFOUND'));
});

test('a name lookup that hangs ends at the deadline', async () => {
	const egress = { ...allowed, lookup: () => {} };
	const connection = connect('https://does-not-exist.invalid', { egress, timeoutMs: 100 });
	expect(await connection.post(BODY, NEVER)).toEqual(unwritten('UND_ERR_CONNECT_TIMEOUT'));
	await connection.close();
});

describe('TLS', () => {
	let tls: Certificate;
	beforeAll(async () => {
		tls = await makeCertificate();
	});
	afterAll(async () => await tls.remove());

	test('an untrusted certificate', async () => {
		const server = await startServer({ tls, answer: () => CONFIRMATION });
		expect(await postOnce(server)).toEqual(unwritten('DEPTH_ZERO_SELF_SIGNED_CERT'));
		expect(server.connections).toBe(1);
	});

	test('an untrusted certificate of the proxy is not called a failed handshake', async () => {
		const proxy = await startServer({ tls });
		const before = process.env;
		process.env = { ...before, HTTPS_PROXY: `127.0.0.1:${proxy.port}` };
		const connection = connect('https://does-not-exist.invalid', { egress: allowed });
		const exchange = await connection.post(BODY, NEVER);
		process.env = before;
		expect(exchange).toEqual(unwritten('DEPTH_ZERO_SELF_SIGNED_CERT'));
	});

	test.each<[string, Script, RegExp]>([
		[
			'a port that speaks plain HTTP',
			{ connected: (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n') },
			/SSL|EPROTO/,
		],
		[
			'a reset during the handshake',
			{ connected: (socket) => socket.once('data', () => reset(socket)) },
			/ECONNRESET/,
		],
		[
			'a close during the handshake',
			{ connected: (socket) => socket.once('data', () => hangUp(socket)) },
			/ECONNRESET|UND_ERR_SOCKET/,
		],
		['a close before the handshake', { connected: hangUp }, /ECONNRESET|EPIPE|UND_ERR_SOCKET/],
	])('%s', async (_name, script, code) => {
		const server = await startServer(script);
		expect(await postOnce(server, {}, server.url.replace('http', 'https'))).toEqual(
			unwritten(code),
		);
		expect(server.connections).toBe(1);
	});

	test('a server that accepts the connection and never completes the handshake', async () => {
		const server = await startServer();
		const exchange = await postOnce(
			server,
			{ timeoutMs: 150 },
			server.url.replace('http', 'https'),
		);
		expect(exchange).toEqual(unwritten('UND_ERR_CONNECT_TIMEOUT'));
		expect(server.connections).toBe(1);
	});

	test('plain HTTP to a TLS port is written, so it is unanswered', async () => {
		const server = await startServer({ tls });
		expect(await postOnce(server, {}, server.url.replace('https', 'http'))).toMatchObject({
			kind: 'unanswered',
		});
	});
});

describe('egress rules', () => {
	test('that forbid the address: nothing is connected, and the reason is kept', async () => {
		const server = await startServer();
		const asked: string[] = [];
		const check = async (url: URL) => {
			asked.push(url.href);
			throw new EgressRefusal('Loopback addresses are not allowed.');
		};
		expect(await postOnce(server, { egress: { ...allowed, check } })).toEqual({
			kind: 'unwritten',
			transportCode: 'EGRESS_REFUSED',
			forbidden: 'Loopback addresses are not allowed.',
		});
		expect(asked).toEqual([`${server.url}${PATH}`]);
		expect(server.connections).toBe(0);
	});

	test('that never decide end at the deadline', async () => {
		const server = await startServer();
		const check = async () => await new Promise<void>(() => {});
		const egress = { ...allowed, check };
		expect(await postOnce(server, { egress, timeoutMs: 100 })).toEqual(
			unwritten('UND_ERR_CONNECT_TIMEOUT'),
		);
		expect(server.connections).toBe(0);
	});

	test('that decide too late: nothing is connected', async () => {
		const server = await startServer();
		const check = async () => await sleep(30);
		const egress = { ...allowed, check };
		const connection = connect(server.url, { egress, timeoutMs: 10 });
		expect(await connection.post(BODY, NEVER)).toEqual(unwritten('UND_ERR_CONNECT_TIMEOUT'));
		await sleep(100);
		expect(server.connections).toBe(0);
	});

	test('resolve names, so that the checked address is the one called', async () => {
		const server = await startServer({ answer: () => CONFIRMATION });
		const names: string[] = [];
		const lookup: LookupFunction = (hostname, options, callback) => {
			names.push(hostname);
			if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
			else callback(null, '127.0.0.1', 4);
		};
		const url = `http://localhost:${server.port}`;
		expect(await postOnce(server, { egress: { ...allowed, lookup } }, url)).toMatchObject({
			kind: 'answered',
		});
		expect(names).toEqual(['localhost']);
	});
});
