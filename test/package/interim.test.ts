// Tried: interim responses (1xx) before an answer, alone, endless, in a proxy's tunnel and in place of the tunnel. They run in
// the built package, since unpatched undici takes "100 Continue" for the end of an exchange.
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { HOST, makeCertificate } from '../support/certificate';
import { postFromChild } from '../support/child';
import {
	closeServers,
	CONFIRMATION,
	startServer,
	tunnelTo,
	type Answer,
} from '../support/scriptedServer';

afterEach(closeServers);

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const OTHERS = [
	'HTTP/1.1 102 Processing\r\n\r\n',
	'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n',
];

/** Writes each part as a packet of its own. */
const inTurn =
	(...parts: Array<string | Buffer>): Answer =>
	(socket) => {
		void (async () => {
			for (const part of parts) {
				socket.write(part);
				await sleep(20);
			}
		})();
	};
const atOnce =
	(...parts: Array<string | Buffer>): Answer =>
	(socket) =>
		socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))));

test.each<[string, Answer]>([
	['in the same packet', atOnce(CONTINUE, CONFIRMATION)],
	['before it', inTurn(CONTINUE, CONFIRMATION)],
	['byte by byte', inTurn(...CONTINUE, CONFIRMATION)],
	['with header fields', atOnce('HTTP/1.1 100 Continue\r\nserver: relay\r\n\r\n', CONFIRMATION)],
	['without a reason', atOnce('HTTP/1.1 100\r\n\r\n', CONFIRMATION)],
	['several times', atOnce(CONTINUE.repeat(5), CONFIRMATION)],
	['among others', atOnce(OTHERS[0], CONTINUE, OTHERS[1], CONTINUE, CONFIRMATION)],
])('an answer after 100 Continue %s is read, and the connection kept', async (_name, answer) => {
	const server = await startServer({ answer: () => answer });
	const result = await postFromChild(server.url, {}, { count: 3 });
	expect(result).toMatchObject({
		endedWell: true,
		exchanges: Array(3).fill({
			kind: 'answered',
			httpStatus: 200,
			body: expect.stringContaining('"code":200'),
		}),
	});
	expect([server.requests.length, server.connections]).toEqual([3, 1]);
});

test.each<[string, Answer, string]>([
	['silence', CONTINUE, 'UND_ERR_HEADERS_TIMEOUT'],
	['a close', (socket) => socket.end(CONTINUE), 'UND_ERR_SOCKET'],
	['more of them without end', pour, 'UND_ERR_HEADERS_TIMEOUT'],
])('100 Continue and then %s is not an answer', async (_name, answer, transportCode) => {
	const server = await startServer({ answer: () => answer });
	expect(await postFromChild(server.url, {}, { timeoutMs: 2000 })).toMatchObject({
		endedWell: true,
		exchanges: [{ kind: 'unanswered', transportCode, httpStatus: null }],
	});
	expect(server.requests).toHaveLength(1);
});

test('an unexpected one ends the connection, and does not count for the next request', async () => {
	const server = await startServer({ answer: () => atOnce(CONFIRMATION, CONTINUE) });
	expect(await postFromChild(server.url, {}, { count: 2 })).toMatchObject({
		endedWell: true,
		exchanges: Array(2).fill({ kind: 'answered', httpStatus: 200 }),
	});
	expect([server.requests.length, server.connections]).toEqual([2, 2]);
});

test('in a proxy’s tunnel it is read, and in place of the tunnel it is not', async () => {
	const certificate = await makeCertificate();
	const kis = await startServer({
		tls: certificate,
		answer: () => atOnce(CONTINUE, CONFIRMATION),
	});
	const proxy = await startServer({
		answer: (_request, index) => (index === 0 ? tunnelTo(kis) : atOnce(CONTINUE, CONFIRMATION)),
	});
	const env = { NODE_EXTRA_CA_CERTS: certificate.file, HTTPS_PROXY: proxy.url };
	const [tunnelled, refused] = [
		await postFromChild(`https://${HOST}`, env),
		await postFromChild(`https://${HOST}`, env),
	];
	expect(tunnelled).toMatchObject({ endedWell: true, exchanges: [{ kind: 'answered' }] });
	expect(refused).toMatchObject({ endedWell: true, exchanges: [{ kind: 'unwritten' }] });
	expect(kis.requests).toHaveLength(1);
	await certificate.remove();
});

function pour(socket: Socket): void {
	const more = () => {
		while (socket.writable && socket.write(CONTINUE.repeat(100)));
		socket.once('drain', more);
	};
	more();
}
