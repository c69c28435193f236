// What is tried: answers in every shape that HTTP allows and many that it does not, cut off in every phase, endless, and
// dripping. No socket is left after any of them.
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

import { MAX_BODY_BYTES } from '../../kis/http/requestWatch';
import type { Exchange } from '../../kis/http/exchange';
import { closeAll, connect, NEVER, BODY, postOnce } from '../support/connections';
import { leftSince, resources } from '../support/resources';
import {
	CONFIRMATION,
	hangUp,
	http,
	reset,
	silence,
	startServer,
	type Answer,
} from '../support/scriptedServer';

afterEach(closeAll);

async function answeredWith(answer: Answer, timeoutMs = 5000): Promise<Exchange> {
	const server = await startServer({ answer: () => answer });
	const exchange = await postOnce(server, { timeoutMs });
	// No request is sent twice.
	expect(server.requests).toHaveLength(1);
	expect(server.connections).toBe(1);
	return exchange;
}

const writes =
	(...parts: Array<string | Buffer>) =>
	(socket: Socket) => {
		for (const part of parts) socket.write(part);
	};

describe('an answer', () => {
	test('comes with its status, encoding and bytes, and the request is as KIS wants it', async () => {
		const server = await startServer({ answer: () => CONFIRMATION });
		const exchange = await postOnce(server);
		expect(exchange).toMatchObject({ kind: 'answered', httpStatus: 200, contentEncoding: null });
		const [{ line, headers, body }] = server.requests;
		expect(line).toBe('POST /oauth2/revokeP HTTP/1.1');
		expect(headers).toMatchObject({
			host: `127.0.0.1:${server.port}`,
			'content-type': 'application/json; charset=UTF-8',
			'accept-encoding': 'identity',
		});
		expect(headers).not.toHaveProperty('authorization');
		expect(headers).not.toHaveProperty('tr_id');
		expect(JSON.parse(body)).toEqual(BODY);
	});

	test('is requested below the path prefix', async () => {
		const server = await startServer({ answer: () => CONFIRMATION });
		await connect(`${server.url}/kis/`).post(BODY, NEVER);
		expect(server.requests[0].line).toBe('POST /kis/oauth2/revokeP HTTP/1.1');
	});

	test.each<[string, Answer, number, string | null, string]>([
		['of a refusal', http(403, '{}'), 403, null, '{}'],
		['without a body', http(200, ''), 200, null, ''],
		[
			'without a length, ended by closing',
			(socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n{}'),
			200,
			null,
			'{}',
		],
		[
			'in chunks',
			'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n',
			200,
			null,
			'{}',
		],
		[
			'after early hints',
			writes('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n', http(200, '{}')),
			200,
			null,
			'{}',
		],
		[
			'that is a redirect, which is not followed',
			http(307, '', { location: '/elsewhere' }),
			307,
			null,
			'',
		],
		[
			'of exactly 64 KiB',
			http(200, 'x'.repeat(MAX_BODY_BYTES)),
			200,
			null,
			'x'.repeat(MAX_BODY_BYTES),
		],
		[
			'with an encoding that nobody asked for',
			http(200, gzipSync('{}'), { 'content-encoding': 'gzip' }),
			200,
			'gzip',
			gzipSync('{}').toString(),
		],
	])('%s', async (_name, answer, httpStatus, contentEncoding, body) => {
		const server = await startServer({ answer: () => answer });
		const exchange = await postOnce(server);
		expect(exchange).toMatchObject({ kind: 'answered', httpStatus, contentEncoding });
		expect('body' in exchange && Buffer.from(exchange.body).toString()).toBe(body);
		expect(server.requests).toHaveLength(1);
	});
});

describe('a written request without a whole answer', () => {
	const head = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n';
	test.each<[string, Answer, RegExp, number | null]>([
		['reset', reset, /^ECONNRESET|UND_ERR_SOCKET$/, null],
		['closed', hangUp, /^UND_ERR_SOCKET|ECONNRESET$/, null],
		['closed within the head', (socket) => socket.end('HTTP/1.1 200 OK\r\ncont'), /./, null],
		['closed within the body', (socket) => socket.end(`${head}{"code":200`), /./, 200],
		[
			'closed within a chunk',
			(socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"code"'),
			/./,
			200,
		],
		['not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', /^(HPE_|UND_ERR_HTTP_PARSER)/, null],
		['HTTP of another age', 'HTTP/9.9 200 OK\r\n\r\n', /^(HPE_|UND_ERR_HTTP_PARSER)/, null],
		[
			'two lengths',
			'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}',
			/./,
			null,
		],
		[
			'a head without end',
			(socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(200_000)}`),
			/./,
			null,
		],
		[
			'an unasked upgrade',
			'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
			/./,
			null,
		],
		[
			'a body above 64 KiB',
			http(200, 'x'.repeat(MAX_BODY_BYTES + 1)),
			/^UND_ERR_RES_EXCEEDED_MAX_SIZE$/,
			200,
		],
	])('%s', async (_name, answer, transportCode, httpStatus) => {
		expect(await answeredWith(answer)).toEqual({
			kind: 'unanswered',
			transportCode: expect.stringMatching(transportCode),
			httpStatus,
			onStaleConnection: false,
		});
	});

	test.each<[string, Answer, string, number | null]>([
		['silence', silence, 'UND_ERR_HEADERS_TIMEOUT', null],
		[
			'early hints, then silence',
			'HTTP/1.1 103 Early Hints\r\n\r\n',
			'UND_ERR_HEADERS_TIMEOUT',
			null,
		],
		['a head that drips', drip('HTTP/1.1 200 OK\r\nx: '), 'UND_ERR_HEADERS_TIMEOUT', null],
		['a head, then silence', head, 'UND_ERR_BODY_TIMEOUT', 200],
		['a body that drips', drip(head), 'UND_ERR_BODY_TIMEOUT', 200],
	])('%s, until the deadline', async (_name, answer, transportCode, httpStatus) => {
		const started = performance.now();
		expect(await answeredWith(answer, 150)).toMatchObject({
			kind: 'unanswered',
			transportCode,
			httpStatus,
		});
		expect(performance.now() - started).toBeGreaterThanOrEqual(149);
	});

	test('an endless body is read up to 64 KiB only', async () => {
		let sent = 0;
		const server = await startServer({
			answer: () => (socket) => {
				const chunk = Buffer.alloc(16 * 1024, 0x20);
				const pour = () => {
					if (!socket.writable) return;
					sent += chunk.length;
					if (socket.write(chunk)) setImmediate(pour);
				};
				socket.on('drain', pour).write('HTTP/1.1 200 OK\r\n\r\n');
				pour();
			},
		});
		expect(await postOnce(server)).toMatchObject({
			kind: 'unanswered',
			transportCode: 'UND_ERR_RES_EXCEEDED_MAX_SIZE',
			httpStatus: 200,
		});
		// The operating system buffers more than was read.
		expect(sent).toBeLessThan(50 * 1024 * 1024);
	});
});

function drip(start: string): Answer {
	return (socket) => {
		socket.write(start);
		const timer = setInterval(() => socket.writable && socket.write(' '), 10);
		socket.on('close', () => clearInterval(timer));
	};
}

test('close leaves nothing that keeps the process alive', async () => {
	const server = await startServer({ answer: () => CONFIRMATION });
	const before = resources();
	const connection = connect(server.url);
	await connection.post(BODY, NEVER);
	await connection.close();
	await server.abandoned();
	await connection.close();
	expect(await leftSince(before)).toEqual([]);
});
