// What is tried: connections that the server drops between two requests, during the second, and too late; and bytes of one
// answer that look like the next.
import { BODY, closeAll, connect, NEVER } from '../support/connections';
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

describe('keep-alive', () => {
	const twice = async (second: Answer, timeoutMs = 5000) => {
		const server = await startServer({
			answer: (_request, index) => (index === 0 ? CONFIRMATION : second),
		});
		const connection = connect(server.url, { timeoutMs });
		expect(await connection.post(BODY, NEVER)).toMatchObject({ kind: 'answered' });
		const exchange = await connection.post(BODY, NEVER);
		await connection.close();
		await server.abandoned();
		return { server, exchange };
	};

	test('several requests go over one connection', async () => {
		const { server, exchange } = await twice(CONFIRMATION);
		expect(exchange.kind).toBe('answered');
		expect(server.connections).toBe(1);
	});

	test.each([
		['reset', reset],
		['closed', hangUp],
	])('a used connection that is %s by the next request may have been stale', async (_name, way) => {
		const { server, exchange } = await twice(way);
		expect(exchange).toMatchObject({ kind: 'unanswered', onStaleConnection: true });
		expect(server.connections).toBe(1);
	});

	test.each<[string, Answer]>([
		['silent', silence],
		['a head without a body', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n'],
		[
			'cut off within the body',
			(socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{'),
		],
		['not HTTP', 'garbage\r\n\r\n'],
	])('a used connection on which the next answer is %s was not stale', async (_name, answer) => {
		const { exchange } = await twice(answer, 300);
		expect(exchange).toMatchObject({ kind: 'unanswered', onStaleConnection: false });
	});

	test('a connection that the server closed meanwhile is silently replaced', async () => {
		const server = await startServer({
			answer: () => (socket) => socket.end(CONFIRMATION),
		});
		const connection = connect(server.url);
		await connection.post(BODY, NEVER);
		await server.abandoned();
		expect(await connection.post(BODY, NEVER)).toMatchObject({ kind: 'answered' });
		expect(server.connections).toBe(2);
	});

	test('a reset on the replacement does not count as stale', async () => {
		const server = await startServer({
			answer: (_request, index) => (index === 0 ? (socket) => socket.end(CONFIRMATION) : reset),
		});
		const connection = connect(server.url);
		await connection.post(BODY, NEVER);
		await server.abandoned();
		expect(await connection.post(BODY, NEVER)).toMatchObject({
			kind: 'unanswered',
			onStaleConnection: false,
		});
	});

	test('after a broken exchange the next request connects anew, and a reset does not count as stale', async () => {
		const server = await startServer({
			answer: (_request, index) => (index === 0 ? CONFIRMATION : reset),
		});
		const connection = connect(server.url);
		const stale = [];
		for (let i = 0; i < 3; i++) stale.push(await connection.post(BODY, NEVER));
		expect(stale).toMatchObject([
			{ kind: 'answered' },
			{ kind: 'unanswered', onStaleConnection: true },
			{ kind: 'unanswered', onStaleConnection: false },
		]);
		expect(server.connections).toBe(2);
	});

	test('late bytes of a broken exchange do not answer the next request', async () => {
		const server = await startServer({
			answer: (_request, index) =>
				index === 0
					? (socket) => setTimeout(() => socket.write(CONFIRMATION), 1100)
					: http(403, '{}'),
		});
		const connection = connect(server.url, { timeoutMs: 1000 });
		expect(await connection.post(BODY, NEVER)).toMatchObject({ kind: 'unanswered' });
		expect(await connection.post(BODY, NEVER)).toMatchObject({ httpStatus: 403 });
	});

	test('bytes after a whole answer do not answer the next request', async () => {
		const server = await startServer({
			answer: (_request, index) =>
				index === 0 ? Buffer.concat([http(403, '{}'), CONFIRMATION]) : silence,
		});
		const connection = connect(server.url, { timeoutMs: 1000 });
		await connection.post(BODY, NEVER);
		expect((await connection.post(BODY, NEVER)).kind).not.toBe('answered');
	});
});
