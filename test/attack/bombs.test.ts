// Tried: answers that are small on the wire and huge once decoded (gzip, Brotli, deflate, nested, as a transfer encoding);
// endless ones: early hints, header fields, chunk extensions, trailers, a body; and JSON made to exhaust its reader. The
// memory of the process must not grow with what is announced or sent.
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, createBrotliCompress, createDeflate, createGzip, type Gzip } from 'node:zlib';

import { attack } from '../support/attack';
import { closeServers, http, startServer, type Answer } from '../support/scriptedServer';
import { outcomes, tokenItems } from '../support/workflow';

afterEach(closeServers);

const MEGABYTE = 1024 * 1024;
const MAX_GROWTH_BYTES = 48 * MEGABYTE;

/** A confirmation and a lot of white space: valid JSON once decoded. Streamed, so that it is never in memory here. */
async function bomb(encoder: Gzip, megabytes: number): Promise<Buffer> {
	const chunks: Buffer[] = [];
	encoder.on('data', (chunk: Buffer) => chunks.push(chunk));
	const ended = new Promise((resolve) => encoder.once('end', resolve));
	encoder.write('{"code":200,"message":"done"}');
	const space = Buffer.alloc(MEGABYTE, ' ');
	for (let i = 0; i < megabytes; i++) {
		if (!encoder.write(space)) await new Promise((resolve) => encoder.once('drain', resolve));
	}
	encoder.end();
	await ended;
	return Buffer.concat(chunks);
}

const brotli = () =>
	createBrotliCompress({
		params: { [constants.BROTLI_PARAM_QUALITY]: 5 },
	});

/** Returns by how many bytes the process's peak memory has grown. */
async function growthDuring(run: () => Promise<void>): Promise<number> {
	const before = process.resourceUsage().maxRSS;
	await run();
	return (process.resourceUsage().maxRSS - before) * 1024;
}

async function expectBounded(answer: Answer, outcome = 'unknown', timeout = 10_000): Promise<void> {
	const server = await startServer({ answer: () => answer });
	const growth = await growthDuring(async () => {
		const run = await attack(server.url, {
			input: tokenItems('the-token-of-an-attack'),
			options: { timeout },
		});
		expect(outcomes(run.items)).toEqual([outcome]);
	});
	expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
	expect(server.requests).toHaveLength(1);
}

test.each<[string, () => Gzip, number]>([
	['gzip', createGzip, 60],
	['deflate', createDeflate, 60],
	['br', brotli as () => Gzip, 200],
])('a few KiB that %s decodes to many MiB', async (encoding, create, megabytes) => {
	const body = await bomb(create(), megabytes);
	expect(body.length).toBeLessThan(64 * 1024);
	await expectBounded(http(200, body, { 'content-encoding': encoding }));
	await expectBounded(http(200, body, { 'content-encoding': `${encoding}, ${encoding}` }));
	// Without the header, the body is taken as it is.
	await expectBounded(http(200, body));
	const chunk = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body]);
	const head = `HTTP/1.1 200 OK\r\ntransfer-encoding: ${encoding}, chunked\r\n\r\n`;
	await expectBounded(Buffer.concat([Buffer.from(head), chunk, Buffer.from('\r\n0\r\n\r\n')]));
});

test.each([
	['a length of many TiB', 'content-length: 9999999999999\r\n\r\n'],
	['a length beyond the range of numbers', `content-length: ${'9'.repeat(400)}\r\n\r\n`],
	['a chunk of many TiB', 'transfer-encoding: chunked\r\n\r\nfffffffffff\r\n'],
])('no memory is reserved for %s', async (_name, head) => {
	await expectBounded((socket) => {
		socket.end(`HTTP/1.1 200 OK\r\n${head}{"code":200}`);
	});
});

describe('endless', () => {
	/** Writes for as long as somebody reads. */
	const pour =
		(start: string, more: string): Answer =>
		(socket: Socket) => {
			const block = more.repeat(Math.ceil((64 * 1024) / more.length));
			socket.write(start);
			void (async () => {
				while (socket.writable) {
					if (!socket.write(block)) {
						await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
					}
					await nextTurn();
				}
			})();
		};
	const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

	test.each<[string, string, string]>([
		['early hints', '', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'],
		['Processing', '', 'HTTP/1.1 102 Processing\r\n\r\n'],
		['Continue', '', 'HTTP/1.1 100 Continue\r\n\r\n'],
		['header fields', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
		['one header field', 'HTTP/1.1 200 OK\r\nx: ', 'y'],
		['a reason', 'HTTP/1.1 200 ', 'OK'],
		['a chunk extension', `${chunked}1;x=`, 'y'],
		['chunks of one byte', chunked, '1\r\n \r\n'],
		['trailers', `${chunked}0\r\n`, 'x: y\r\n'],
		['a body', 'HTTP/1.1 200 OK\r\n\r\n{"code":200}', ' '],
	])('%s', async (_name, start, more) => {
		await expectBounded(pour(start, more), 'unknown', 300);
	});
});

test.each([
	['arrays in arrays', '['.repeat(60_000)],
	['objects in objects', '{"a":'.repeat(12_000)],
	['closed arrays in arrays', `{"error":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
	['a number of 60,000 digits', `{"code":2${'0'.repeat(60_000)}}`],
	['a number beyond the range of numbers', '{"code":2e999999}'],
	['60,000 characters of escapes', `{"message":"${'\\u0000'.repeat(10_000)}","code":500}`],
	['6,000 fields', `{${Array.from({ length: 6000 }, (_, i) => `"k${i}":0`).join()}}`],
	['the same field many times', `{${'"code":200,'.repeat(5000)}"code":500}`],
])('%s', async (_name, body) => {
	await expectBounded(http(200, body));
});
