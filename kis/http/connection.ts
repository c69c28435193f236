import type { Socket } from 'node:net';
import type { buildConnector as BuildConnector, Client as UndiciClient, Dispatcher } from 'undici';
import connectTunnel from 'undici/lib/api/api-connect.js';
import buildConnector from 'undici/lib/core/connect.js';
import Client from 'undici/lib/dispatcher/client.js';
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';

import { isLoopback } from '../baseUrl';
import type { EgressRules } from './egress';
import type { Exchange } from './exchange';
import { RequestWatch } from './requestWatch';
import { CANCELLED, PROXY_UNUSABLE, transportCodeOf } from './transportCodes';

const HEADERS = {
	'content-type': 'application/json; charset=UTF-8',
	accept: 'application/json',
	'accept-encoding': 'identity',
};

/** In the place of a proxy setting that cannot be used, so that NO_PROXY has its say all the same. */
const UNUSABLE_PROXY = new URL('http://unusable.invalid');
const TUNNEL_MADE = 'UND_ERR_INFO';

export interface ConnectionOptions {
	/** The endpoint; of it, origin and path are used. */
	readonly url: URL;
	/** For one exchange, from connecting to the last byte, in milliseconds. */
	readonly timeoutMs: number;
	readonly egress?: EgressRules;
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

	constructor(options: ConnectionOptions) {
		this.#options = options;
	}

	/**
	 * Sends `json`. Never throws: every end is an {@link Exchange}.
	 *
	 * @param onWriting Told right before the request is written, which a new connection delays.
	 */
	async post(json: object, cancel: AbortSignal, onWriting?: () => void): Promise<Exchange> {
		const { timeoutMs } = this.#options;
		const wasUsed = this.#used;
		const watch = new RequestWatch(() => wasUsed && this.#used, onWriting);
		this.#watch = watch;
		const onCancel = () => watch.breakOff(CANCELLED);
		const deadline = setTimeout(() => watch.timeOut(), timeoutMs);
		cancel.addEventListener('abort', onCancel);
		if (cancel.aborted) onCancel();
		void this.#send(watch, JSON.stringify(json));

		const exchange = await watch.ended;
		clearTimeout(deadline);
		cancel.removeEventListener('abort', onCancel);
		this.#used = exchange.ended === 'answered';
		if (!this.#used) void this.close();
		return exchange;
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

	async #send(watch: RequestWatch, body: string): Promise<void> {
		const { url, egress } = this.#options;
		try {
			if (!this.#dispatcher) await egress?.check(url);
		} catch (error) {
			watch.fail(error);
		}
		if (watch.isOver) return;
		this.#dispatcher ??= this.#open();
		if (!this.#dispatcher) return watch.breakOff(PROXY_UNUSABLE);
		this.#dispatcher.dispatch(
			{ origin: url.origin, path: url.pathname, method: 'POST', headers: HEADERS, body },
			watch,
		);
	}

	/** `null` if the environment names a proxy that cannot be used. */
	#open(): Dispatcher | null {
		const { url, egress } = this.#options;
		const tls = { rejectUnauthorized: true, timeout: 0 };
		const connect = this.#tracked(buildConnector({ ...tls, lookup: egress?.lookup }));
		if (isLoopback(url)) return this.#client(url.origin, { connect });
		try {
			return new EnvHttpProxyAgent({
				httpProxy: proxySetting('http_proxy'),
				httpsProxy: proxySetting('https_proxy'),
				connect,
				requestTls: tls,
				proxyTls: tls,
				factory: (origin, options) => this.#client(origin, options),
				clientFactory: (origin, options) => this.#proxyClient(origin, options),
			});
		} catch {
			return null;
		}
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
		const refuse: BuildConnector.connector = (_options, callback) =>
			callback(Object.assign(new Error('unusable proxy'), { code: PROXY_UNUSABLE }), null);
		const isUsable = origin.origin !== UNUSABLE_PROXY.origin;
		const client = new Client(origin, { ...options, connect: isUsable ? connect : refuse });
		client.on('disconnect', (_origin, _targets, error) => {
			// undici 7 would ask a proxy that closes on CONNECT again without end. "Upgrade" is the tunnel itself.
			if (client.destroyed || error.code === TUNNEL_MADE) return;
			this.#watch?.breakOff(transportCodeOf(error));
		});
		return Object.assign(client, { connect: connectTunnel });
	}

	#tracked(connect: ReturnType<typeof buildConnector>): BuildConnector.connector {
		return (options, callback) => {
			const socket = connect(options, callback);
			this.#sockets.add(socket);
			socket.once('close', () => this.#sockets.delete(socket));
		};
	}
}

/** The environment's setting. undici would throw for what is no address, and its SOCKS support is experimental: such sockets cannot be followed to their end. */
function proxySetting(name: 'http_proxy' | 'https_proxy'): string | undefined {
	const setting = process.env[name] ?? process.env[name.toUpperCase()];
	if (!setting) return setting;
	const isHttp = URL.canParse(setting) && /^https?:$/.test(new URL(setting).protocol);
	return isHttp ? setting : UNUSABLE_PROXY.href;
}
