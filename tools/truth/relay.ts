import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { constants } from 'node:crypto';
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls';

import type { Certificate } from '../sandbox/certificate';
import { LOST, STALE, type ConnectionMishap, type Mishap } from './faults';

/** The most of one execution, as docs/limits.md says. */
const CONNECTIONS = 64;

export interface RelayOptions {
	/** Of the sandbox, on this computer. */
	targetPort(): number;
	/** Speaks TLS with the first; a bad certificate is the second. Plain if absent. */
	readonly certificates?: { readonly trusted: Certificate; readonly untrusted: Certificate };
	/** @param connection Counts from 1. */
	mishapOfConnection(connection: number): ConnectionMishap;
	/**
	 * @param times How often a request for the token has arrived by now, from 1.
	 * @param requests How many for any token.
	 */
	mishapOfRequest(request: Request, times: number, requests: number): Mishap;
	/** @param requests So many have arrived by now. */
	onRequest(requests: number): void;
}

/** A request as it arrived. */
export interface Request {
	readonly method: string;
	/** With its query. */
	readonly path: string;
	/** Empty if it names none. */
	readonly appkey: string;
	/** In its body or its header `authorization`; empty if it has none. */
	readonly token: string;
	readonly body: string;
	/** It asks for a quote with the token, and does not revoke it. */
	readonly isQuestion: boolean;
}

/** One request that arrived, and what came of it. */
export interface Arrival extends Request {
	/** On the monotonic clock, in milliseconds. */
	readonly at: number;
	readonly mishap: Mishap;
	/** What went back while the client still listened, up to {@link MAX_KEPT_BYTES}. */
	readonly answer: Buffer[];
	/** When the last of it did. */
	answeredAt: number;
	/** The request before it on its connection, if there was one. */
	readonly previous: Arrival | undefined;
	/** Another request came on its connection, so that the answer was read whole. */
	isSurelyRead: boolean;
}

/** An answer that drips pauses for less. */
const LONGEST_PAUSE_MS = 500;

/** Holds the index of an arrival, in the request that is passed on. */
export const NUMBER_HEADER = 'relay-number';
/** A longer answer counts as cut off: the node reads none. */
const MAX_KEPT_BYTES = 64 * 1024;

/** Stands between the node and the sandbox, records every request that arrives, and loses some. */
export class RecordingRelay {
	readonly arrivals: Arrival[] = [];
	/** Connections that were ended from here without being read to their end: each may have carried one request more. */
	endedUnread = 0;
	/** Connections that ended without a request. */
	unused = 0;
	/** Requests on a connection whose certificate nobody vouches for. */
	misled = 0;
	readonly #options: RelayOptions;
	readonly #server: Server;
	/** Of those who call, by their port: below TLS, where a connection can be reset. */
	readonly #near = new Map<number | undefined, Socket>();
	readonly #far = new Set<Socket>();
	/** The latest request of those who have sent one, by their port. */
	readonly #latest = new Map<number | undefined, Arrival>();
	#port = 0;
	#connections = 0;

	constructor(options: RelayOptions) {
		this.#options = options;
		const { certificates } = options;
		if (!certificates) {
			this.#server = createServer((socket) => this.#carry(socket));
		} else {
			const { trusted, untrusted } = certificates;
			// A resumed session would spare the client the look at the certificate.
			const secureOptions = constants.SSL_OP_NO_TICKET;
			const [good, bad] = [trusted, untrusted].map((pair) =>
				createSecureContext({ ...pair, secureOptions }),
			);
			const SNICallback = (_name: string, answer: (error: null, context: typeof good) => void) =>
				answer(null, this.#mishap() === 'badCertificate' ? bad : good);
			this.#server = createTlsServer({ ...trusted, secureOptions, SNICallback }, (socket) =>
				this.#carry(socket),
			);
			this.#server.on('tlsClientError', () => undefined);
		}
		this.#server.on('connection', (socket: Socket) => this.#accept(socket));
	}

	get port(): number {
		return this.#port;
	}

	/** Connections are refused. */
	get isClosed(): boolean {
		return !this.#server.listening;
	}

	/** Connections that clients hold open. */
	get open(): number {
		return this.#near.size;
	}

	/** The requests on open connections of which the answer is still to come, or is coming. */
	get unanswered(): Arrival[] {
		const since = performance.now() - LONGEST_PAUSE_MS;
		const latest = [...this.#near.keys()].flatMap((port) => this.#latest.get(port) ?? []);
		return latest.filter(({ answeredAt }) => answeredAt > since);
	}

	/** How many requests for a token arrived. */
	count(token: string): number {
		return this.arrivals.filter((arrival) => arrival.token === token).length;
	}

	async listen(): Promise<void> {
		await once(this.#server.listen(this.#port, '127.0.0.1'), 'listening');
		this.#port = (this.#server.address() as AddressInfo).port;
	}

	/** Refuses connections, and ends those that are there. */
	async close(): Promise<void> {
		if (this.isClosed) return;
		const closed = once(this.#server, 'close');
		this.#server.close();
		// Those too that the system has taken and that nobody has accepted yet: they cannot be counted.
		this.endedUnread += CONNECTIONS;
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
		socket.once('close', () => {
			this.#near.delete(remotePort);
			if (!this.#latest.delete(remotePort)) this.unused++;
		});
		socket.on('error', () => undefined);
		if (this.#mishap() !== 'cutOnArrival') return;
		this.endedUnread++;
		socket.resetAndDestroy();
	}

	#carry(near: Socket): void {
		const far = connect(this.#options.targetPort(), '127.0.0.1');
		this.#far.add(far);
		far.once('close', () => this.#far.delete(far));
		far.on('error', () => undefined);
		near.on('error', () => undefined);
		const reset = () => {
			if (!arrival) this.endedUnread++;
			this.#near.get(near.remotePort)?.resetAndDestroy();
		};
		const isBad = this.#hasBadCertificate(near);

		let arrival: Arrival | undefined;
		far.on('data', (bytes) => {
			if (arrival && near.writable) keep(bytes, arrival);
			near.write(bytes);
			if (arrival?.mishap === STALE) near.end();
		});
		far.once('close', (broken) => (broken ? reset() : near.end()));
		near.once('close', () => far.destroy());

		let request = '';
		near.on('data', (bytes) => {
			request += bytes.toString('latin1');
			const read = readRequest(request);
			if (!read) return;
			if (isBad) this.misled++;
			const { arrivals } = this;
			const times = this.count(read.token) + 1;
			const mishap = this.#options.mishapOfRequest(read, times, arrivals.length + 1);
			if (arrival) arrival.isSurelyRead = true;
			arrival = {
				...read,
				at: performance.now(),
				mishap,
				answer: [],
				answeredAt: Infinity,
				previous: arrival,
				isSurelyRead: false,
			};
			arrivals.push(arrival);
			this.#latest.set(near.remotePort, arrival);
			if (mishap === LOST) reset();
			else far.write(numbered(request, arrivals.length), 'latin1');
			request = '';
			this.#options.onRequest(arrivals.length);
		});
	}

	#hasBadCertificate(near: Socket): boolean {
		const { untrusted } = this.#options.certificates ?? {};
		if (!untrusted || !(near instanceof TLSSocket)) return false;
		const { raw } = near.getCertificate() as { raw?: Buffer };
		return raw !== undefined && untrusted.cert.replace(/\s/g, '').includes(raw.toString('base64'));
	}
}

/** Returns `null` while it is not whole. */
function readRequest(text: string): Request | null {
	const end = text.indexOf('\r\n\r\n');
	if (end < 0) return null;
	const [start, ...lines] = text.slice(0, end).split('\r\n');
	const [method, path] = start.split(' ');
	const body = text.slice(end + 4);
	const header = (name: string) =>
		lines
			.find((line) => line.toLowerCase().startsWith(`${name}:`))
			?.slice(name.length + 1)
			.trim();
	if (body.length < Number(header('content-length') ?? 0)) return null;
	const inBody = (name: string) => new RegExp(`"${name}":"([^"]+)"`).exec(body)?.[1];
	return {
		method,
		path,
		body,
		appkey: inBody('appkey') ?? header('appkey') ?? '',
		token: inBody('token') ?? /^Bearer (.+)$/.exec(header('authorization') ?? '')?.[1] ?? '',
		isQuestion: method === 'GET',
	};
}

/** Tells the sandbox which of the arrivals it is. */
function numbered(request: string, count: number): string {
	return request.replace('\r\n', `\r\n${NUMBER_HEADER}: ${count - 1}\r\n`);
}

function keep(bytes: Buffer, arrival: Arrival): void {
	const kept = arrival.answer.reduce((sum, { length }) => sum + length, 0);
	if (kept + bytes.length > MAX_KEPT_BYTES) return;
	arrival.answer.push(bytes);
	arrival.answeredAt = performance.now();
}
