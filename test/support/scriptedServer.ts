import { once } from 'node:events';
import {
	connect as dial,
	createServer as createTcpServer,
	type AddressInfo,
	type Server,
	type Socket,
} from 'node:net';
import { performance } from 'node:perf_hooks';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

import { until } from '../../tools/common/until';

/** One whole HTTP request, as it arrived. */
export interface SeenRequest {
	/** `POST /oauth2/revokeP HTTP/1.1` */
	readonly line: string;
	/** By lower-case name. */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
	/** Which connection it came on: the client's port. */
	readonly connection: number | undefined;
	/** When it was whole, in milliseconds, on the monotonic clock. */
	readonly at: number;
}

/** Bytes to write, or what to do with the socket. */
export type Answer = string | Buffer | ((socket: Socket) => void);

export interface Script {
	/** What follows on a whole request; without it the server stays silent. `index` counts from 0. */
	readonly answer?: (request: SeenRequest, index: number) => Answer;
	/** What follows on a TCP connection, before a byte was read. `index` counts from 0. */
	readonly connected?: (socket: Socket, index: number) => void;
	/** Speak TLS. Without: plain. */
	readonly tls?: Pick<TlsOptions, 'cert' | 'key' | 'ALPNProtocols'>;
	/** Where to listen: another address of this computer, at a port that is free there. */
	readonly at?: { readonly address: string; readonly port: number };
}

/** Closing takes milliseconds, and a forgotten keep-alive connection lives for four seconds. */
const PATIENCE = { looks: 400, everyMs: 5 };

const started: ScriptedServer[] = [];

/** A server on this computer that does to the byte what a test says. `closeServers` ends it. */
export async function startServer(script: Script = {}): Promise<ScriptedServer> {
	const server = new ScriptedServer(script);
	started.push(server);
	return await server.listen();
}

export async function closeServers(): Promise<void> {
	await Promise.all(started.splice(0).map(async (server) => await server.close()));
}

/** An address at which nothing listens. */
export async function unusedPort(): Promise<number> {
	const server = await startServer();
	await server.close();
	return server.port;
}

export class ScriptedServer {
	readonly requests: SeenRequest[] = [];
	/** TCP connections accepted so far. */
	connections = 0;
	/** Bytes of HTTP received, after decryption. */
	bytes = 0;
	readonly #script: Script;
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	#port = 0;

	constructor(script: Script) {
		this.#script = script;
		this.#server = script.tls ? createTlsServer(script.tls) : createTcpServer();
		// Of TLS too: the socket below it.
		this.#server.on('connection', (socket) => this.#accept(socket));
		this.#server.on('tlsClientError', () => {});
		if (script.tls) this.#server.on('secureConnection', (socket) => this.#read(socket));
	}

	get port(): number {
		return this.#port;
	}

	get #address(): string {
		return this.#script.at?.address ?? '127.0.0.1';
	}

	get url(): string {
		return `${this.#script.tls ? 'https' : 'http'}://${this.#address}:${this.port}`;
	}

	/** Connections that are open now, as the server sees it. */
	get open(): number {
		return this.#sockets.size;
	}

	async listen(): Promise<this> {
		await once(this.#server.listen(this.#script.at?.port ?? 0, this.#address), 'listening');
		this.#port = (this.#server.address() as AddressInfo).port;
		return this;
	}

	/** Resolves when the clients have closed all connections; rejects if they keep one. */
	async abandoned(): Promise<void> {
		if (await until(() => this.#sockets.size === 0, PATIENCE)) return;
		throw new Error(`${this.#sockets.size} connections are still open`);
	}

	/** Resolves when so many requests have arrived. */
	async received(count: number): Promise<void> {
		while (this.requests.length < count) await once(this.#server, 'scripted');
	}

	/** Resolves when so many connections were made. */
	async reached(count: number): Promise<void> {
		while (this.connections < count) await once(this.#server, 'connection');
	}

	async close(): Promise<void> {
		if (!this.#server.listening) return;
		const ended = once(this.#server, 'close');
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await ended;
	}

	#accept(socket: Socket): void {
		const index = this.connections++;
		this.#sockets.add(socket);
		socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
		this.#script.connected?.(socket, index);
		if (!this.#script.tls) this.#read(socket);
	}

	#read(socket: Socket): void {
		let pending = Buffer.alloc(0);
		const connection = socket.remotePort;
		socket.on('error', () => {});
		socket.on('data', (chunk) => {
			this.bytes += chunk.length;
			pending = Buffer.concat([pending, chunk]);
			for (;;) {
				const request = parse(pending, connection);
				if (!request) return;
				pending = pending.subarray(request.length);
				this.#serve(request.seen, socket);
			}
		});
	}

	#serve(request: SeenRequest, socket: Socket): void {
		const index = this.requests.push(request) - 1;
		this.#server.emit('scripted');
		const answer = this.#script.answer?.(request, index) ?? silence;
		if (typeof answer === 'function') answer(socket);
		else if (socket.writable) socket.write(answer);
	}
}

function parse(
	bytes: Buffer,
	connection: number | undefined,
): { readonly seen: SeenRequest; readonly length: number } | null {
	const headLength = bytes.indexOf('\r\n\r\n');
	if (headLength < 0) return null;
	const [line, ...lines] = bytes.subarray(0, headLength).toString('latin1').split('\r\n');
	const headers = Object.fromEntries(
		lines.map((header) => {
			const colon = header.indexOf(':');
			return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()];
		}),
	);
	const start = headLength + 4;
	const length = start + Number(headers['content-length'] ?? 0);
	if (bytes.length < length) return null;
	const body = bytes.subarray(start, length).toString();
	return { seen: { line, headers, body, connection, at: performance.now() }, length };
}

/** A whole response, to the letter. */
export function http(status: number, body: string | Buffer, headers: object = {}): Buffer {
	const all = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
	const lines = Object.entries({ ...all, ...headers }).map(([name, value]) => `${name}: ${value}`);
	const head = `HTTP/1.1 ${status} Scripted\r\n${lines.join('\r\n')}\r\n\r\n`;
	return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

export const CONFIRMATION = http(
	200,
	JSON.stringify({ code: 200, message: '접근토큰 폐기에 성공하였습니다.' }),
);

/** A refusal in the shape of the OAuth endpoints. */
export function refusal(code: string, status = 403): Buffer {
	return http(status, JSON.stringify({ error_description: '거부', error_code: code }));
}

/** Ways to leave a request without an answer. */
export function silence(): void {}

/**
 * How long a client should wait for such answers, in milliseconds: long, since a busy computer may take its time, unless one
 * of them never comes.
 */
export function timeoutFor(...answers: readonly Answer[]): number {
	return answers.includes(silence) ? 1000 : 60_000;
}
export function hangUp(socket: Socket): void {
	socket.destroy();
}
export function reset(socket: Socket): void {
	socket.resetAndDestroy();
}

/** What a proxy does on CONNECT: lets everything through, here to a host of the test's choice. */
export function tunnelTo(target: ScriptedServer): Answer {
	return (socket: Socket) => {
		socket.removeAllListeners('data');
		const onward = dial(target.port, '127.0.0.1', () => {
			socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
			socket.pipe(onward).pipe(socket);
		});
		for (const [one, other] of [
			[socket, onward],
			[onward, socket],
		]) {
			one.on('error', () => {}).on('close', () => other.destroy());
		}
	};
}
