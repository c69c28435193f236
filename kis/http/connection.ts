import type { Socket } from 'node:net';
import type { buildConnector as BuildConnector, Client as UndiciClient, Dispatcher } from 'undici';
import connectTunnel from 'undici/lib/api/api-connect.js';
import buildConnector from 'undici/lib/core/connect.js';
import Client from 'undici/lib/dispatcher/client.js';
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';

import type { EgressRules } from './egress';
import type { Exchange } from './exchange';
import { proxyFor } from './proxy';
import { RequestWatch } from './requestWatch';
import { CANCELLED, isUnverified, PROXY_TLS_FAILED, transportCodeOf } from './transportCodes';

const HEADERS = {
	'content-type': 'application/json; charset=UTF-8',
	accept: 'application/json',
	'accept-encoding': 'identity',
};

/** No timeout of undici's own: each exchange has one deadline. */
const TLS = { rejectUnauthorized: true, timeout: 0, allowH2: false };
/** How long one address of a host is tried before the next. */
const ADDRESS_MS = 1000;
/** Set here because n8n switches `autoSelectFamily` off for its whole process. */
const CONNECT = { ...TLS, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: ADDRESS_MS };

const TUNNEL_MADE = 'UND_ERR_INFO';

type Connector = ReturnType<typeof buildConnector>;

export interface ConnectionOptions {
	/** The endpoint. Its fragment and user info are ignored. */
	readonly url: URL;
	/** The deadline of one exchange, from connecting to the last byte, in milliseconds. */
	readonly timeoutMs: number;
	/** Absent if every address may be called. */
	readonly egress?: EgressRules;
}

interface Request {
	readonly method: 'GET' | 'POST';
	/** Added to those of every request. */
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string;
}

/**
 * One keep-alive connection to one endpoint. It carries one request at a time: nothing queues inside undici, and
 * destroying the dispatcher ends one exchange only.
 */
export class Connection {
	readonly #options: ConnectionOptions;
	readonly #sockets = new Set<Socket>();
	#dispatcher: Dispatcher | null = null;
	#watch: RequestWatch | null = null;
	/** Listened to until {@link close}: once per connection, not once per request. */
	#cancel: AbortSignal | null = null;
	readonly #onCancel = () => this.#watch?.breakOff(CANCELLED);
	/** Whether the present socket has carried a whole exchange. */
	#used = false;
	/** Whether the proxy has accepted the connection, and the TLS handshake with it is not over. */
	#awaitsProxyTls = false;

	constructor(options: ConnectionOptions) {
		this.#options = options;
	}

	/**
	 * Posts `json`. Never throws: failures are an {@link Exchange} too.
	 *
	 * @param onWriting Called right before the request is written, after a new connection is made.
	 */
	async post(json: object, cancel: AbortSignal, onWriting?: () => void): Promise<Exchange> {
		return await this.#exchange({ method: 'POST', body: JSON.stringify(json) }, cancel, onWriting);
	}

	/** Sends a GET request with these headers, otherwise like {@link post}. */
	async get(
		headers: Readonly<Record<string, string>>,
		cancel: AbortSignal,
		onWriting?: () => void,
	): Promise<Exchange> {
		return await this.#exchange({ method: 'GET', headers }, cancel, onWriting);
	}

	async #exchange(
		request: Request,
		cancel: AbortSignal,
		onWriting?: () => void,
	): Promise<Exchange> {
		const { timeoutMs } = this.#options;
		const wasUsed = this.#used;
		const watch = new RequestWatch(() => wasUsed && this.#used, onWriting);
		this.#watch = watch;
		const onTimeout = () =>
			this.#awaitsProxyTls ? watch.breakOff(PROXY_TLS_FAILED) : watch.timeOut();
		const deadline = setTimeout(onTimeout, timeoutMs);
		this.#listenTo(cancel);
		if (cancel.aborted) this.#onCancel();
		void this.#send(watch, request);

		const exchange = await watch.exchange;
		clearTimeout(deadline);
		this.#used = exchange.kind === 'answered';
		if (!this.#used) void this.close();
		return exchange;
	}

	/**
	 * Closes all sockets immediately. The next request connects anew.
	 *
	 * @returns Resolves when they are closed. No outcome depends on that, so none has to wait for it.
	 */
	async close(): Promise<void> {
		this.#listenTo(null);
		const dispatcher = this.#dispatcher;
		this.#dispatcher = null;
		// undici keeps a socket that is still connecting until the operating system gives up.
		const closed = [...this.#sockets].map(async (socket) => {
			await new Promise((resolve) => socket.once('close', resolve).destroy());
		});
		await Promise.all([dispatcher?.destroy(), ...closed]);
	}

	#listenTo(cancel: AbortSignal | null): void {
		if (cancel === this.#cancel) return;
		this.#cancel?.removeEventListener('abort', this.#onCancel);
		cancel?.addEventListener('abort', this.#onCancel);
		this.#cancel = cancel;
	}

	async #send(watch: RequestWatch, { method, headers, body }: Request): Promise<void> {
		const { url, egress } = this.#options;
		try {
			if (!this.#dispatcher) await egress?.check(url);
			if (watch.isOver) return;
			this.#dispatcher ??= this.#open();
			this.#dispatcher.dispatch(
				{
					origin: url.origin,
					path: url.pathname + url.search,
					method,
					headers: { ...HEADERS, ...headers },
					body,
				},
				watch,
			);
		} catch (error) {
			watch.fail(error);
		}
	}

	#open(): Dispatcher {
		const { url, egress } = this.#options;
		this.#awaitsProxyTls = false;
		const proxy = proxyFor(url);
		if (!proxy) {
			const connect = buildConnector({ ...CONNECT, lookup: egress?.lookup });
			return this.#client(url.origin, { connect: this.#tracked(connect) });
		}
		return new ProxyAgent({
			uri: proxy.origin,
			token: proxy.authorization,
			requestTls: TLS,
			factory: (origin, options) => this.#client(origin, options),
			clientFactory: (origin, options) => this.#proxyClient(origin, options),
		});
	}

	/** Makes the client for the host, reached directly or through the proxy's tunnel. */
	#client(origin: string | URL, options: UndiciClient.Options): Dispatcher {
		const client = new Client(origin, { ...options, headersTimeout: 0, bodyTimeout: 0 });
		client.on('connect', () => {
			this.#used = false;
		});
		return client;
	}

	/** Makes the client for the proxy. Adds `connect`, which asks for a tunnel, as undici's index does to its clients. */
	#proxyClient(origin: URL, options: UndiciClient.Options): Dispatcher {
		const client = new Client(origin, { ...options, connect: this.#tracked(this.#toProxy()) });
		client.on('disconnect', (_origin, _targets, error) => {
			// If the proxy closes on CONNECT, undici 7 would retry forever. TUNNEL_MADE is no failure: the tunnel is there.
			if (client.destroyed || error.code === TUNNEL_MADE) return;
			this.#watch?.breakOff(transportCodeOf(error));
		});
		return Object.assign(client, { connect: connectTunnel });
	}

	/** Makes the connector to the proxy, which gives a failed TLS handshake its own code. */
	#toProxy(): Connector {
		const connect = buildConnector(CONNECT);
		return (options, callback) => {
			// undici sends the proxy's name to TLS (SNI) even if it is an IP address: Node.js warns about that.
			const socket = connect({ ...options, servername: undefined }, (...result) => {
				const [error] = result;
				if (error && this.#awaitsProxyTls && !isUnverified(transportCodeOf(error))) {
					Object.assign(error, { code: PROXY_TLS_FAILED });
				}
				this.#awaitsProxyTls = false;
				callback(...result);
			});
			return socket.once('connect', () => {
				this.#awaitsProxyTls = options.protocol === 'https:';
			});
		};
	}

	#tracked(connect: Connector): BuildConnector.connector {
		return (options, callback) => {
			const socket = connect(options, callback);
			this.#sockets.add(socket);
			socket.once('close', () => this.#sockets.delete(socket));
		};
	}
}
