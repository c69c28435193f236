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

/** The deadline of an exchange replaces undici's own timeouts. */
const TLS = { rejectUnauthorized: true, timeout: 0 };
/** What an address of a host gets before the next one is tried. */
const ADDRESS_MS = 1000;
/** n8n switches the choice among addresses off for its whole process. */
const CONNECT = { ...TLS, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: ADDRESS_MS };

const TUNNEL_MADE = 'UND_ERR_INFO';

type Connector = ReturnType<typeof buildConnector>;

export interface ConnectionOptions {
	/** The endpoint; of it, origin, path and query are used. */
	readonly url: URL;
	/** For one exchange, from connecting to the last byte, in milliseconds. */
	readonly timeoutMs: number;
	readonly egress?: EgressRules;
}

interface Request {
	readonly method: 'GET' | 'POST';
	/** Beside those of every request. */
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string;
}

/**
 * One keep-alive connection to one endpoint, for one request at a time, so that nothing queues inside undici and that
 * ending one exchange by destroying its dispatcher hurts no other.
 */
export class Connection {
	readonly #options: ConnectionOptions;
	readonly #sockets = new Set<Socket>();
	#dispatcher: Dispatcher | null = null;
	#watch: RequestWatch | null = null;
	/** The present socket has carried a whole exchange. */
	#used = false;
	/** The proxy has accepted a connection, and TLS with it is not there yet. */
	#awaitsProxyTls = false;

	constructor(options: ConnectionOptions) {
		this.#options = options;
	}

	/**
	 * Sends `json`. Never throws: every end is an {@link Exchange}.
	 *
	 * @param onWriting Told right before the request is written, which a new connection delays.
	 */
	async post(json: object, cancel: AbortSignal, onWriting?: () => void): Promise<Exchange> {
		return await this.#exchange({ method: 'POST', body: JSON.stringify(json) }, cancel, onWriting);
	}

	/** Asks with these headers; all else as with {@link post}. */
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
		const onCancel = () => watch.breakOff(CANCELLED);
		const onTimeout = () =>
			this.#awaitsProxyTls ? watch.breakOff(PROXY_TLS_FAILED) : watch.timeOut();
		const deadline = setTimeout(onTimeout, timeoutMs);
		cancel.addEventListener('abort', onCancel);
		if (cancel.aborted) onCancel();
		void this.#send(watch, request);

		const exchange = await watch.exchange;
		clearTimeout(deadline);
		cancel.removeEventListener('abort', onCancel);
		this.#used = exchange.kind === 'answered';
		if (!this.#used) void this.close();
		return exchange;
	}

	/** Ends whatever is going on, immediately; resolves when no socket is left. The next `post` connects anew. */
	async close(): Promise<void> {
		const dispatcher = this.#dispatcher;
		this.#dispatcher = null;
		// Left to itself, undici keeps a socket that is still connecting until the system gives up on it.
		const closed = [...this.#sockets].map(async (socket) => {
			await new Promise((resolve) => socket.once('close', resolve).destroy());
		});
		await Promise.all([dispatcher?.destroy(), ...closed]);
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

	/** The connection itself, to the host or through the proxy's tunnel. */
	#client(origin: string | URL, options: UndiciClient.Options): Dispatcher {
		const client = new Client(origin, { ...options, headersTimeout: 0, bodyTimeout: 0 });
		client.on('connect', () => {
			this.#used = false;
		});
		return client;
	}

	/** The connection to the proxy. undici's index would give its clients the method `connect`, which asks for a tunnel. */
	#proxyClient(origin: URL, options: UndiciClient.Options): Dispatcher {
		const client = new Client(origin, { ...options, connect: this.#tracked(this.#toProxy()) });
		client.on('disconnect', (_origin, _targets, error) => {
			// undici 7 would ask a proxy that closes on CONNECT again without end. "Upgrade" is the tunnel itself.
			if (client.destroyed || error.code === TUNNEL_MADE) return;
			this.#watch?.breakOff(transportCodeOf(error));
		});
		return Object.assign(client, { connect: connectTunnel });
	}

	/** Connects to the proxy. An error in the TLS handshake with it gets a code of its own. */
	#toProxy(): Connector {
		const connect = buildConnector(CONNECT);
		return (options, callback) => {
			// undici names the proxy to TLS even where it is an address, of which Node.js warns the whole process.
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
