import { once } from 'node:events';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';

import { endpointOf } from '../../kis/input/baseUrl';

/** Longer is no answer of KIS. */
const MAX_BODY_BYTES = 64 * 1024;

/** A request that asks KIS something, without the host. */
export interface Probe {
	readonly method: 'GET' | 'POST';
	readonly path: string;
	/** With its question mark. */
	readonly query?: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body?: string;
}

/** What an answer is made of, as it arrived. */
export interface RawAnswer {
	readonly status: number;
	/** By lower-case name. */
	readonly headers: IncomingMessage['headers'];
	/** `1.1` */
	readonly httpVersion: string;
	readonly body: Buffer;
}

/** What became of a probe. Times are in milliseconds on this process's monotonic clock. */
export interface Probed {
	readonly sentAt: number;
	readonly endedAt: number;
	/** A whole answer, or what went wrong instead (`ECONNRESET`). */
	readonly came: RawAnswer | string;
	/** Whether it went over a connection that had carried another one. */
	readonly reused: boolean;
	/** From the end of the one before until the server closed the connection, or until this one; 0 for the first. */
	readonly idleMs: number;
	/** Whether the server closed the connection during `idleMs`. */
	readonly closed: boolean;
}

/** One connection to one host, for one probe at a time; a new one once the server has closed it. */
export class KeptConnection {
	readonly #baseUrl: URL;
	readonly #timeoutMs: number;
	readonly #request;
	readonly #agent: http.Agent;
	#socket: Socket | null = null;
	#endedAt: number | null = null;
	#closedAt: number | null = null;

	/** @param timeoutMs For each probe, from connecting to the last byte. */
	constructor(baseUrl: URL, timeoutMs: number) {
		this.#baseUrl = baseUrl;
		this.#timeoutMs = timeoutMs;
		const { Agent, request } = baseUrl.protocol === 'http:' ? http : https;
		this.#request = request;
		// Said aloud, for NODE_TLS_REJECT_UNAUTHORIZED=0 would turn it off.
		this.#agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: true });
	}

	/** Never throws: whatever goes wrong is in what it gives. Redirects are not followed. */
	async send({ method, path, query = '', headers, body = '' }: Probe): Promise<Probed> {
		const sentAt = performance.now();
		const idleUntil = this.#closedAt ?? sentAt;
		const idleMs = Math.max(0, idleUntil - (this.#endedAt ?? idleUntil));
		const closed = this.#closedAt !== null;
		const signal = AbortSignal.timeout(this.#timeoutMs);
		const url = endpointOf(this.#baseUrl, path);
		url.search = query;
		let reused = false;
		let came: RawAnswer | string;
		try {
			const outgoing = this.#request(url, { method, headers, agent: this.#agent, signal });
			outgoing.once('socket', (socket) => {
				reused = socket === this.#socket;
				this.#socket = socket;
				this.#closedAt = null;
				if (reused) return;
				socket.once('close', () => {
					this.#closedAt = performance.now();
				});
			});
			came = await answerTo(outgoing.end(body));
		} catch (error) {
			const { code, name } = error as NodeJS.ErrnoException;
			came = signal.aborted ? `no answer within ${this.#timeoutMs / 1000} s` : (code ?? name);
		}
		this.#endedAt = performance.now();
		return { sentAt, endedAt: this.#endedAt, came, reused, idleMs, closed };
	}

	close(): void {
		this.#agent.destroy();
	}
}

async function answerTo(outgoing: ClientRequest): Promise<RawAnswer | string> {
	// A reset in the middle of the answer is an error of both; the answer's is the one that is read.
	outgoing.on('error', () => {});
	const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of response as AsyncIterable<Buffer>) {
		bytes += chunk.length;
		if (bytes > MAX_BODY_BYTES) return `an answer of more than ${MAX_BODY_BYTES / 1024} KiB`;
		chunks.push(chunk);
	}
	const { statusCode = 0, headers, httpVersion } = response;
	return { status: statusCode, headers, httpVersion, body: Buffer.concat(chunks) };
}
