import type { LookupFunction, Socket } from 'node:net';
import type { buildConnector as BuildConnector, Client as UndiciClient, Dispatcher } from 'undici';
import connectTunnel from 'undici/lib/api/api-connect.js';
import buildConnector from 'undici/lib/core/connect.js';
import Client from 'undici/lib/dispatcher/client.js';
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';

import { endpointOf, isLoopback } from '../baseUrl';
import type { Exchange } from './exchange';
import {
	ABORTED,
	BODY_TIMEOUT,
	BODY_TOO_LARGE,
	CONNECT_TIMEOUT,
	EGRESS_REFUSED,
	HEADERS_TIMEOUT,
	PROXY_UNUSABLE,
	transportCodeOf,
} from './transportCodes';

/** KIS's answers are below 2 KiB; the rest of a larger one is not read. */
export const MAX_BODY_BYTES = 64 * 1024;

/** What a host program imposes on outgoing connections (n8n's SSRF protection). */
export interface EgressRules {
	/** Resolves to why the address is forbidden, or to `null` if it is not. Never rejects. */
	forbids(url: URL): Promise<string | null>;
	/** Used in place of `dns.lookup`, so that the address that was checked is the one that is called. */
	readonly lookup: LookupFunction;
}

export interface ConnectionOptions {
	readonly baseUrl: URL;
	/** For one exchange, from connecting to the last byte, in milliseconds. */
	readonly timeoutMs: number;
	readonly egress?: EgressRules;
}

/**
 * One keep-alive connection to one host, for one request at a time, so that nothing queues inside undici and that
 * ending one exchange by destroying its dispatcher hurts no other.
 */
export class Connection {
	readonly #options: ConnectionOptions;
	readonly #sockets = new Set<Socket>();
	#dispatcher: Dispatcher | null = null;
	/** The present socket has carried a whole exchange. */
	#used = false;
	#forbids: Promise<string | null> | null = null;

	constructor(options: ConnectionOptions) {
		this.#options = options;
	}

	/** Sends `json` to a path below the base URL. Never throws: every end is an {@link Exchange}. */
	async post(path: string, json: object, cancel: AbortSignal): Promise<Exchange> {
		if (cancel.aborted) return { ended: 'unwritten', transportCode: ABORTED, forbidden: null };
		try {
			this.#dispatcher ??= this.#open();
		} catch {
			return { ended: 'unwritten', transportCode: PROXY_UNUSABLE, forbidden: null };
		}
		const url = endpointOf(this.#options.baseUrl, path);
		return await this.#exchange(this.#dispatcher, url, JSON.stringify(json), cancel);
	}

	/** Ends whatever is going on, at once; resolves when no socket is left. The next `post` connects anew. */
	async close(): Promise<void> {
		const dispatcher = this.#dispatcher;
		this.#dispatcher = null;
		// Left to itself, undici keeps a socket that is still connecting until the system gives up on it.
		const closed = [...this.#sockets].map(async (socket) => {
			await new Promise((resolve) => socket.once('close', resolve).destroy());
		});
		await Promise.all([dispatcher?.destroy(), ...closed]);
	}

	async #exchange(
		dispatcher: Dispatcher,
		url: URL,
		body: string,
		cancel: AbortSignal,
	): Promise<Exchange> {
		return await new Promise((resolve) => {
			const stale = this.#used;
			const chunks: Buffer[] = [];
			let size = 0;
			let written = false;
			let httpStatus: number | null = null;
			let contentEncoding: string | null = null;
			let over = false;

			const end = (exchange: Exchange) => {
				if (over) return;
				over = true;
				clearTimeout(deadline);
				cancel.removeEventListener('abort', onCancel);
				resolve(exchange);
			};
			const breakOff = (transportCode: string) => {
				if (over) return;
				const onStaleConnection = stale && this.#used && httpStatus === null;
				this.#used = false;
				end(
					written
						? { ended: 'unanswered', transportCode, httpStatus, onStaleConnection }
						: { ended: 'unwritten', transportCode, forbidden: null },
				);
				// A proxy that closes on CONNECT makes undici 7 reconnect for ever, deaf to an abort.
				void this.close();
			};
			const onCancel = () => breakOff(ABORTED);
			const onDeadline = () => {
				if (!written) breakOff(CONNECT_TIMEOUT);
				else breakOff(httpStatus === null ? HEADERS_TIMEOUT : BODY_TIMEOUT);
			};
			const deadline = setTimeout(onDeadline, this.#options.timeoutMs);
			cancel.addEventListener('abort', onCancel);

			const send = () =>
				dispatcher.dispatch(
					{
						origin: url.origin,
						path: url.pathname,
						method: 'POST',
						headers: {
							'content-type': 'application/json; charset=UTF-8',
							accept: 'application/json',
							'accept-encoding': 'identity',
						},
						body,
					},
					{
						// undici calls this right before it writes the request; aborted inside, nothing is written.
						onRequestStart: (controller) => {
							if (over) controller.abort(new Error(ABORTED));
							else written = true;
						},
						onResponseStart: (_controller, status, headers) => {
							if (status < 200) return;
							httpStatus = status;
							contentEncoding = headers['content-encoding']?.toString() ?? null;
						},
						onResponseData: (_controller, chunk) => {
							size += chunk.length;
							if (size > MAX_BODY_BYTES) breakOff(BODY_TOO_LARGE);
							else chunks.push(chunk);
						},
						onResponseEnd: () => {
							this.#used = true;
							end({
								ended: 'answered',
								httpStatus: httpStatus ?? 0,
								contentEncoding,
								body: Buffer.concat(chunks),
							});
						},
						onResponseError: (_controller, error) => breakOff(transportCodeOf(error)),
					},
				);

			this.#forbids ??= this.#options.egress?.forbids(url) ?? Promise.resolve(null);
			void this.#forbids.then((forbidden) => {
				if (over) return;
				if (forbidden === null) send();
				else end({ ended: 'unwritten', transportCode: EGRESS_REFUSED, forbidden });
			});
		});
	}

	#open(): Dispatcher {
		const { baseUrl, egress } = this.#options;
		const tls = { rejectUnauthorized: true, timeout: 0 };
		const connect = this.#tracked(buildConnector({ ...tls, lookup: egress?.lookup }));
		if (isLoopback(baseUrl)) return this.#client(baseUrl.origin, { connect });
		return new EnvHttpProxyAgent({
			connect,
			requestTls: tls,
			proxyTls: tls,
			factory: (origin, options) => this.#client(origin, options),
			clientFactory: (origin, options) => this.#proxyClient(origin, options),
		});
	}

	/** The connection itself, to the host or through the proxy's tunnel. The deadline above replaces undici's timeouts. */
	#client(origin: string | URL, options: UndiciClient.Options): Dispatcher {
		const client = new Client(origin, { ...options, headersTimeout: 0, bodyTimeout: 0 });
		client.on('connect', () => {
			this.#used = false;
		});
		return client;
	}

	/** The connection to the proxy. undici's index would give its clients the method `connect`, which asks for a tunnel. */
	#proxyClient(origin: URL, options: UndiciClient.Options): Dispatcher {
		const connect = this.#tracked(options.connect as ReturnType<typeof buildConnector>);
		return Object.assign(new Client(origin, { ...options, connect }), { connect: connectTunnel });
	}

	#tracked(connect: ReturnType<typeof buildConnector>): BuildConnector.connector {
		return (options, callback) => {
			const socket = connect(options, callback);
			this.#sockets.add(socket);
			socket.once('close', () => this.#sockets.delete(socket));
		};
	}
}
