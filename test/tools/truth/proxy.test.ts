// The experiment's proxy: what is written into a tunnel arrives, or the judge would not know of it.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { ConnectProxy } from '../../../tools/truth/proxy';

const proxy = new ConnectProxy();
const arrived: string[] = [];
/** Answers once, and closes its half at that. */
const server = createServer({ allowHalfOpen: true }, (socket) => {
	socket.on('data', (bytes) => arrived.push(bytes.toString()));
	socket.once('data', () => socket.end('answer'));
});
let client: Socket;

beforeEach(async () => {
	await once(server.listen(0, '127.0.0.1'), 'listening');
	await proxy.listen();
	client = connect({ port: Number(new URL(proxy.url).port), allowHalfOpen: true });
});

afterEach(async () => {
	client.destroy();
	await proxy.close();
	server.close();
});

test('passes on what is written after the other end has closed its half', async () => {
	const { port } = server.address() as AddressInfo;
	client.write(`CONNECT kis.test:${port} HTTP/1.1\r\n\r\n`);
	const [accepted] = await Promise.all([once(server, 'connection'), once(client, 'data')]);
	const read = once(accepted[0] as Socket, 'end');
	client.write('first');
	const ended = once(client, 'end');
	const [answer] = (await once(client, 'data')) as [Buffer];
	expect(answer.toString()).toBe('answer');
	await ended;
	client.end('second');
	await read;

	expect(arrived).toEqual(['first', 'second']);
});
