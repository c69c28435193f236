import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer as createTlsServer } from 'node:tls';

import type { Certificate } from '../sandbox/certificate';
import { LOST, STALE, type ConnectionMishap } from './faults';

export interface RelayOptions {
	/** Of the sandbox, on this computer. */
	readonly targetPort: number;
	/** Speaks TLS with the first; a bad certificate is the second. Plain if absent. */
	readonly certificates?: { readonly trusted: Certificate; readonly untrusted: Certificate };
	/** @param connection Counts from 0. */
	mishapOfConnection(connection: number): ConnectionMishap;
	/** @param times How often a request for the token has arrived by now, from 1. */
	mishapOfRequest(token: string, times: number): typeof LOST | typeof STALE | null;
	/** @param requests So many have arrived by now. */
	onRequest(requests: number): void;
}

/** Stands between the node and the sandbox, records every request that arrives, and loses some. */
export class RecordingRelay {
	/** How many requests arrived for each token. */
	readonly received = new Map<string, number>();
	/** Connections that ended before they were read: each may have carried a request that nobody saw. */
	unread = 0;
	readonly #options: RelayOptions;
	readonly #server: Server;
	/** Of those who call, by their port: below TLS, where a connection can be reset. */
	readonly #near = new Map<number | undefined, Socket>();
	readonly #far = new Set<Socket>();
	#port = 0;
	#connections = 0;
	#requests = 0;

	constructor(options: RelayOptions) {
		this.#options = options;
		const { certificates } = options;
		if (!certificates) {
			this.#server = createServer((socket) => this.#carry(socket));
		} else {
			const { trusted, untrusted } = certificates;
			const [good, bad] = [trusted, untrusted].map((pair) => createSecureContext(pair));
			const SNICallback = (_name: string, answer: (error: null, context: typeof good) => void) =>
				answer(null, this.#mishap() === 'badCertificate' ? bad : good);
			this.#server = createTlsServer({ ...trusted, SNICallback }, (socket) => this.#carry(socket));
			this.#server.on('tlsClientError', () => undefined);
		}
		this.#server.on('connection', (socket: Socket) => this.#accept(socket));
	}

	get port(): number {
		return this.#port;
	}

	async listen(): Promise<void> {
		await once(this.#server.listen(this.#port, '127.0.0.1'), 'listening');
		this.#port = (this.#server.address() as AddressInfo).port;
	}

	/** Refuses connections, and ends those that are there. */
	async close(): Promise<void> {
		if (!this.#server.listening) return;
		const closed = once(this.#server, 'close');
		this.#server.close();
		this.unread += this.#near.size;
		for (const socket of [...this.#near.values(), ...this.#far]) socket.destroy();
		await closed;
	}

	#mishap(): ConnectionMishap {
		return this.#options.mishapOfConnection(this.#connections);
	}

	/** Of TLS too: the socket below it. */
	#accept(socket: Socket): void {
		this.#connections++;
		const { remotePort } = socket;
		this.#near.set(remotePort, socket);
		socket.once('close', () => this.#near.delete(remotePort));
		socket.on('error', () => undefined);
		if (this.#mishap() !== 'cutOnArrival') return;
		this.unread++;
		socket.resetAndDestroy();
	}

	#carry(near: Socket): void {
		const far = connect(this.#options.targetPort, '127.0.0.1');
		this.#far.add(far);
		far.once('close', () => this.#far.delete(far));
		far.on('error', () => undefined);
		const reset = () => this.#near.get(near.remotePort)?.resetAndDestroy();
		near.on('error', () => undefined);
		let stale = false;
		far.on('data', (bytes) => {
			near.write(bytes);
			if (stale) near.end();
		});
		far.once('close', (broken) => (broken ? reset() : near.end()));
		near.once('close', () => far.destroy());

		let request = '';
		near.on('data', (bytes) => {
			request += bytes.toString('latin1');
			const token = /"token":"([^"]+)"\}/.exec(request)?.[1];
			if (token === undefined) return;
			const times = (this.received.get(token) ?? 0) + 1;
			this.received.set(token, times);
			const mishap = this.#options.mishapOfRequest(token, times);
			stale = mishap === STALE;
			if (mishap === LOST) reset();
			else far.write(request, 'latin1');
			request = '';
			this.#options.onRequest(++this.#requests);
		});
	}
}
