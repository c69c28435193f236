// What is tried: Stop in every phase of a request.
import { setTimeout as sleep } from 'node:timers/promises';

import { BODY, closeAll, connect, NEVER } from '../support/connections';
import { CONFIRMATION, silence, startServer, type Answer } from '../support/scriptedServer';

afterEach(closeAll);

describe('Stop', () => {
	const CANCELLED = { kind: 'unwritten', transportCode: 'ABORT_ERR', forbidden: null };

	test('before: nothing is connected', async () => {
		const server = await startServer();
		expect(await connect(server.url).post(BODY, AbortSignal.abort())).toEqual(CANCELLED);
		expect(server.connections).toBe(0);
	});

	test('while connecting: nothing is written', async () => {
		const server = await startServer();
		const stop = new AbortController();
		const exchange = connect(server.url.replace('http', 'https')).post(BODY, stop.signal);
		await server.reached(1);
		stop.abort();
		expect(await exchange).toEqual(CANCELLED);
		await server.abandoned();
		expect(server.requests).toHaveLength(0);
	});

	test('in the same turn of the event loop: it connects, and nothing is written', async () => {
		const server = await startServer();
		const stop = new AbortController();
		const exchange = connect(server.url).post(BODY, stop.signal);
		stop.abort();
		expect(await exchange).toEqual(CANCELLED);
		await server.abandoned();
		expect(server.bytes).toBe(0);
	});

	test.each<[string, Answer, number | null]>([
		['the head', silence, null],
		['the body', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n', 200],
	])('while waiting for %s: the request is unanswered', async (_name, answer, httpStatus) => {
		const stop = new AbortController();
		const server = await startServer({ answer: () => answer });
		const exchange = connect(server.url).post(BODY, stop.signal);
		await server.received(1);
		await sleep(50);
		stop.abort();
		expect(await exchange).toMatchObject({
			kind: 'unanswered',
			transportCode: 'ABORT_ERR',
			httpStatus,
		});
		await server.abandoned();
	});

	test('after the answer: nothing changes, and no listener is left once the connection is closed', async () => {
		const server = await startServer({ answer: () => CONFIRMATION });
		const stop = new AbortController();
		const listening = jest.spyOn(stop.signal, 'addEventListener');
		const gone = jest.spyOn(stop.signal, 'removeEventListener');
		const connection = connect(server.url);
		for (let i = 0; i < 3; i++) await connection.post(BODY, stop.signal);
		stop.abort();
		expect(await connection.post(BODY, NEVER)).toMatchObject({ kind: 'answered' });
		await connection.close();
		expect(listening).toHaveBeenCalledTimes(1);
		expect(gone).toHaveBeenCalledTimes(1);
	});
});
