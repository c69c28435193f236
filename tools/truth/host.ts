import type { App } from '../sandbox/apps';
import type { Certificate } from '../sandbox/certificate';
import { Sandbox } from '../sandbox/server';
import type { ConnectionMishap, Mishap, ProxyMishap } from './faults';
import type { ConnectProxy } from './proxy';
import { pick } from './random';
import { NUMBER_HEADER, RecordingRelay, type Request } from './relay';

/** What TLS needs: this process trusts the one certificate, and calls other machines through the proxy. */
export interface Secure {
	/** The host name of both certificates. */
	readonly host: string;
	readonly trusted: Certificate;
	readonly untrusted: Certificate;
	readonly proxy: ConnectProxy;
}

/** One host, however it is written: all of these the URL parser reads alike. */
const SPELLINGS = {
	http: [
		(port: number) => `http://127.0.0.1:${port}`,
		(port: number) => `HTTP://127.1:${port}/`,
		(port: number) => `http://2130706433:${port}//`,
		(port: number) => `http://127.0.0.1:0${port}/`,
	],
	https: [
		(port: number, host: string) => `https://${host}:${port}`,
		(port: number, host: string) => `https://${host.toUpperCase()}:${port}/`,
		(port: number, host: string) => `https://${host}:${port}//`,
	],
} as const;

export interface HostOptions {
	readonly apps: readonly App[];
	readonly requestsPerSecond: number;
	/** `null` if it is reached over plain http. */
	readonly secure: Secure | null;
	/** @param connection Counts from 1. */
	mishapOfConnection(connection: number): ConnectionMishap;
	mishapOfTunnel(tunnel: number): ProxyMishap;
	mishapOfRequest(request: Request, times: number, requests: number): Mishap;
	/** @param requests So many have arrived by now. */
	onRequest(requests: number): void;
	/** How long a token lives that is issued there, in milliseconds; a day if absent. */
	readonly tokenLifeMs?: number;
	/** The clock there; this computer's if absent. */
	readonly now?: () => number;
}

/** A KIS, or what takes its place, and the relay in front of it. */
export class Host {
	readonly sandbox: Sandbox;
	readonly relay: RecordingRelay;
	readonly #options: HostOptions;
	#disturbed = 0;

	constructor(options: HostOptions) {
		this.#options = {
			...options,
			mishapOfConnection: (connection) => this.#noted(options.mishapOfConnection(connection)),
			mishapOfTunnel: (tunnel) => this.#noted(options.mishapOfTunnel(tunnel)),
		};
		const { apps, requestsPerSecond, secure, tokenLifeMs, now } = options;
		this.sandbox = new Sandbox({
			apps,
			requestsPerSecond,
			tokenLifeMs,
			now,
			faultFor: (_token, headers) => {
				const { mishap } = this.relay.arrivals[Number(headers[NUMBER_HEADER])];
				return typeof mishap === 'object' ? mishap : undefined;
			},
		});
		this.relay = new RecordingRelay({
			...this.#options,
			targetPort: () => Number(new URL(this.sandbox.url).port),
			certificates: secure ?? undefined,
		});
	}

	/** How many connections came to nothing, at least, before there was a request on them. */
	get disturbed(): number {
		return this.#disturbed + this.relay.unused;
	}

	async start(): Promise<this> {
		const { secure, mishapOfTunnel } = this.#options;
		await this.sandbox.start();
		await this.relay.listen();
		secure?.proxy.mishaps.set(this.relay.port, mishapOfTunnel);
		return this;
	}

	async stop(): Promise<void> {
		this.#options.secure?.proxy.mishaps.delete(this.relay.port);
		await this.relay.close();
		await this.sandbox.stop();
	}

	/** @param random From 0 to 1: how its address is written. */
	baseUrl(random: number): string {
		const { secure } = this.#options;
		const { port } = this.relay;
		return secure
			? pick(SPELLINGS.https, random)(port, secure.host)
			: pick(SPELLINGS.http, random)(port);
	}

	#noted<T>(mishap: T): T {
		if (mishap !== null) this.#disturbed++;
		return mishap;
	}
}
