import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';

import { endpointOf } from '../kis/baseUrl';
import type { KisRequest } from './requests';

/** Longer is no answer of KIS. */
const MAX_BODY_BYTES = 64 * 1024;

/** What an answer is made of, as it arrived. */
export interface RawAnswer {
	readonly status: number;
	/** By lower-case name. */
	readonly headers: IncomingMessage['headers'];
	/** `1.1` */
	readonly httpVersion: string;
	readonly body: Buffer;
}

/** One request and what became of it. Times are in milliseconds on this process's monotonic clock. */
export interface Exchange {
	readonly sentAt: number;
	readonly endedAt: number;
	/** A whole answer, or what went wrong instead (`ECONNRESET`). */
	readonly came: RawAnswer | string;
	/** It went over a connection that had carried another exchange. */
	readonly reused: boolean;
	/** How the connection had fared since the exchange before; `null` for the first on a line. */
	readonly idle: Idle | null;
}

export interface Idle {
	/** From the answer before until the server closed the connection, or until this request. */
	readonly ms: number;
	readonly closed: boolean;
}

/** One kept-alive connection at a time to one host, for one request at a time; a new one once the server has closed it. */
export class Line {
	readonly #baseUrl: URL;
	readonly #timeoutMs: number;
	readonly #request;
	readonly #agent: HttpAgent;
	readonly #known = new WeakSet<Socket>();
	#endedAt: number | null = null;
	#closedAt: number | null = null;

	/** @param timeoutMs For each exchange, from connecting to the last byte. */
	constructor(baseUrl: URL, timeoutMs: number) {
		this.#baseUrl = baseUrl;
		this.#timeoutMs = timeoutMs;
		const isPlain = baseUrl.protocol === 'http:';
		this.#request = isPlain ? requestHttp : requestHttps;
		const options = { keepAlive: true, maxSockets: 1 };
		// Said aloud, for NODE_TLS_REJECT_UNAUTHORIZED=0 would turn it off.
		this.#agent = isPlain
			? new HttpAgent(options)
			: new HttpsAgent({ ...options, rejectUnauthorized: true });
	}

	/** Never throws: whatever goes wrong is in the exchange. Redirects are not followed. */
	async send(request: KisRequest): Promise<Exchange> {
		const idle = this.#idle();
		const sentAt = performance.now();
		let reused = false;
		const came = await new Promise<RawAnswer | string>((resolve) => {
			const url = endpointOf(this.#baseUrl, request.path);
			url.search = request.query ?? '';
			const { method, headers, body = '' } = request;
			const length = method === 'POST' ? { 'content-length': Buffer.byteLength(body) } : {};
			const outgoing = this.#request(url, {
				method,
				agent: this.#agent,
				headers: { ...headers, ...length },
			});
			const timer = setTimeout(
				() => end(`no answer within ${this.#timeoutMs / 1000} s`),
				this.#timeoutMs,
			);
			const end = (ending: RawAnswer | string) => {
				clearTimeout(timer);
				resolve(ending);
				if (typeof ending === 'string') outgoing.destroy();
			};
			outgoing.on('socket', (socket) => {
				reused = this.#known.has(socket);
				this.#watch(socket);
			});
			outgoing.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.name));
			outgoing.on('response', (response) => void read(response).then(end));
			outgoing.end(body);
		});
		this.#endedAt = performance.now();
		return { sentAt, endedAt: this.#endedAt, came, reused, idle };
	}

	close(): void {
		this.#agent.destroy();
	}

	#idle(): Idle | null {
		if (this.#endedAt === null) return null;
		const until = this.#closedAt ?? performance.now();
		return { ms: Math.max(0, until - this.#endedAt), closed: this.#closedAt !== null };
	}

	#watch(socket: Socket): void {
		this.#closedAt = null;
		if (this.#known.has(socket)) return;
		this.#known.add(socket);
		socket.once('close', () => {
			this.#closedAt = performance.now();
		});
	}
}

async function read(response: IncomingMessage): Promise<RawAnswer | string> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	try {
		for await (const chunk of response as AsyncIterable<Buffer>) {
			bytes += chunk.length;
			if (bytes > MAX_BODY_BYTES) return `an answer of more than ${MAX_BODY_BYTES / 1024} KiB`;
			chunks.push(chunk);
		}
	} catch (error) {
		return (error as NodeJS.ErrnoException).code ?? 'an answer that was cut off';
	}
	const { statusCode = 0, headers, httpVersion } = response;
	return { status: statusCode, headers, httpVersion, body: Buffer.concat(chunks) };
}
