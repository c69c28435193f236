// Tried: to make one answer pass for another. Responses split in two by their own fields; two lengths, or a length beside
// chunks; an answer before the request; an answer in a trailer, in an early hint, in a header; and servers that answer a
// request twice, so that the second answer is ready for the next token on the same connection. A token's outcome has to
// come from the server's answer to that token. (A second answer that arrives during the next request cannot be told from
// that request's own, since HTTP/1.1 does not number answers. docs/reliability.md says so.)
import type { Socket } from 'node:net';

import { attack, fieldsOf } from '../support/attack';
import {
	closeServers,
	CONFIRMATION,
	http,
	refusal,
	silence,
	startServer,
	type Answer,
} from '../support/scriptedServer';
import { outcomes, tokenItems } from '../support/workflow';

afterEach(closeServers);

const [ONE, TWO] = ['one-token-of-an-attack', 'two-tokens-of-an-attack'];
const REFUSED = refusal('EGW00101');
const BODY = '{"code":200,"message":"done"}';
const OK = 'HTTP/1.1 200 OK\r\n';
const quick = { timeout: 1000 };

test.each<[string, string]>([
	['two lengths', `${OK}content-length: 2\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`],
	['two lengths in one field', `${OK}content-length: 2, ${BODY.length}\r\n\r\n${BODY}`],
	['a length with a sign', `${OK}content-length: +${BODY.length}\r\n\r\n${BODY}`],
	['a negative length', `${OK}content-length: -1\r\n\r\n${BODY}`],
	['a length in hex', `${OK}content-length: 0x1d\r\n\r\n${BODY}`],
	['a length that ends before the body', `${OK}content-length: 2\r\n\r\n${BODY}`],
	[
		'a length beside chunks',
		`${OK}content-length: ${BODY.length}\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
	],
	[
		'chunks beside a length',
		`${OK}transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n1d\r\n${BODY}\r\n0\r\n\r\n`,
	],
	['chunks that are not the last encoding', `${OK}transfer-encoding: chunked, x\r\n\r\n${BODY}`],
	[
		'a chunk of negative length',
		`${OK}transfer-encoding: chunked\r\n\r\n-1\r\n${BODY}\r\n0\r\n\r\n`,
	],
	[
		'a chunk longer than it says',
		`${OK}transfer-encoding: chunked\r\n\r\n2\r\n${BODY}\r\n0\r\n\r\n`,
	],
	['a confirmation in a header', `${OK}x: ${BODY}\r\ncontent-length: 2\r\n\r\n{}`],
	[
		'a confirmation in a trailer',
		`${OK}transfer-encoding: chunked\r\ntrailer: x\r\n\r\n2\r\n{}\r\n0\r\nx: ${BODY}\r\n\r\n`,
	],
	['a confirmation in the reason', `HTTP/1.1 500 ${BODY}\r\ncontent-length: 2\r\n\r\n{}`],
	['a header that is folded', `${OK}x: y\r\n content-length: 0\r\n\r\n${BODY}`],
	['a white space before the colon', `${OK}content-length : ${BODY.length}\r\n\r\n${BODY}`],
	['a NUL in a header', `${OK}x: \0\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`],
	['an early hint with a body', `HTTP/1.1 103 Early Hints\r\ncontent-length: 29\r\n\r\n${BODY}`],
	['204', `HTTP/1.1 204 No Content\r\n\r\n${BODY}`],
	['304', `HTTP/1.1 304 Not Modified\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`],
	['a status of two digits', `HTTP/1.1 20 OK\r\n\r\n${BODY}`],
	['a status of four digits', `HTTP/1.1 2000 OK\r\n\r\n${BODY}`],
	['HTTP of another version', `HTTP/2.0 200 OK\r\n\r\n${BODY}`],
	['no head at all', BODY],
])('%s confirms nothing', async (_name, answer) => {
	const server = await startServer({ answer: () => answer });
	const run = await attack(server.url, {
		input: tokenItems('the-token-of-an-attack'),
		options: quick,
	});
	expect(outcomes(run.items)).toEqual(['unknown']);
	expect(server.requests).toHaveLength(1);
});

test('an answer that a header splits in two is one answer', async () => {
	const split = `${OK}x: y\r\ncontent-length: 0\r\n\r\n${CONFIRMATION.toString()}`;
	const server = await startServer({ answer: () => split });
	const run = await attack(server.url, { input: tokenItems(ONE, TWO), options: quick });
	expect(outcomes(run.items)).toEqual(['unknown', 'unknown']);
});

describe('a second answer to one request does not count for the next token', () => {
	/** Answers the first token with `first`. Refuses any other after a while. */
	const startTwice = async (first: Answer) =>
		await startServer({
			answer: (request) =>
				fieldsOf(request).token === ONE
					? first
					: (socket) => setTimeout(() => socket.writable && socket.write(REFUSED), 50),
		});
	const twice = Buffer.concat([CONFIRMATION, CONFIRMATION]);
	const after = (ms: number) => (socket: Socket) => {
		socket.write(CONFIRMATION);
		setTimeout(() => socket.write(CONFIRMATION), ms);
	};

	test.each<[string, Answer, Record<string, number>]>([
		['in one packet', twice, {}],
		['in one packet, three times', Buffer.concat([twice, CONFIRMATION]), {}],
		['in one packet, cut within the second', twice.subarray(0, CONFIRMATION.length + 30), {}],
		['while the connection is idle', after(20), { requestsPerSecond: 1 }],
	])('%s', async (_name, first, options) => {
		const server = await startTwice(first);
		const run = await attack(server.url, { input: tokenItems(ONE, TWO), options });
		expect(outcomes(run.items)).toEqual(['revoked', 'rejected']);
		expect(server.connections).toBe(2);
	});
});

test('an answer after the timeout does not count for the next token', async () => {
	const server = await startServer({
		answer: (_request, index) =>
			index === 0
				? (socket) => setTimeout(() => socket.writable && socket.write(CONFIRMATION), 2100)
				: (socket) => setTimeout(() => socket.writable && socket.write(REFUSED), 150),
	});
	const setup = { input: tokenItems(ONE, TWO), options: { timeout: 2000 } };
	expect(outcomes((await attack(server.url, setup)).items)).toEqual(['unknown', 'rejected']);
	expect(server.connections).toBe(2);
});

test('each of eight concurrent tokens gets the answer on its own connection', async () => {
	const tokens = Array.from({ length: 40 }, (_, i) => `the-token-of-an-attack-${i}`);
	const isOdd = (token: unknown) => Number(String(token).split('-').at(-1)) % 2 === 1;
	const server = await startServer({
		answer: (request) => (socket) => {
			const answer = isOdd(fieldsOf(request).token) ? REFUSED : CONFIRMATION;
			setTimeout(() => socket.write(answer), Math.random() * 20);
		},
	});
	const run = await attack(server.url, { input: tokenItems(...tokens) });
	expect(outcomes(run.items)).toEqual(
		tokens.map((token) => (isOdd(token) ? 'rejected' : 'revoked')),
	);
});

test('an answer before the request was read, and then a close, do not make it sent again', async () => {
	const server = await startServer({
		connected: (socket) => socket.end(http(403, '{}')),
		answer: () => silence,
	});
	const run = await attack(server.url, {
		input: tokenItems('the-token-of-an-attack'),
		options: quick,
	});
	expect(outcomes(run.items)).not.toContain('revoked');
	expect(server.connections).toBe(1);
});
