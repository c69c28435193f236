import { setTimeout as delay } from 'node:timers/promises';
import type { INode } from 'n8n-workflow';

import { makeApp, type App } from '../sandbox/apps';
import type { Certificate } from '../sandbox/certificate';
import { Sandbox } from '../sandbox/server';
import { setSwitches, SWITCHES } from '../sandbox/switches';
import { drawConnectionMishap, drawMishap, drawProxyMishap } from './faults';
import type { ConnectProxy } from './proxy';
import { draw, pick, pickByShare } from './random';
import { RecordingRelay } from './relay';
import { makeTokens, type MadeToken } from './tokens';

/** Below what the node reaches here without a limit, so that it has to keep to it. */
export const REQUESTS_PER_SECOND = 40;
const AWAY_MS = 300;
/** Closing takes milliseconds; a forgotten keep-alive connection lives for five seconds. */
const PATIENCE_MS = 2000;

/** What happens in the middle of an execution, by share. */
const EVENTS = {
	nothing: 0.45,
	/** KIS is restarted: it ends its connections, and knows what it knew. */
	restart: 0.15,
	/** Connections are refused for a while. */
	away: 0.15,
	/** Connections are refused from then on. */
	gone: 0.05,
	/** The user presses Stop. */
	stop: 0.1,
	/** Nothing, but n8n runs the whole node again if the first item failed. */
	retryOnFail: 0.1,
} as const;

const SECURE_SHARE = 0.4;

/** What TLS needs: this process trusts the one certificate, and calls other machines through the proxy. */
export interface SecureWorld {
	/** The host name of both certificates. */
	readonly host: string;
	readonly trusted: Certificate;
	readonly untrusted: Certificate;
	readonly proxy: ConnectProxy;
}

export interface Order {
	readonly seed: number;
	readonly batch: number;
	readonly items: number;
	/** Share of the attempts that something happens to, from 0 to 1. */
	readonly faultShare: number;
}

/** A KIS, the way to it, and everything that one execution meets there, drawn from the seed. */
export class World {
	readonly app: App = makeApp();
	readonly tokens: readonly MadeToken[];
	readonly sandbox: Sandbox;
	readonly relay: RecordingRelay;
	readonly event: keyof typeof EVENTS;
	/** The event has taken place. */
	hasHappened = false;
	readonly #order: Order;
	/** `null` where this world is reached over plain http. */
	readonly #secure: SecureWorld | null;
	readonly #stop = new AbortController();
	#happening: Promise<void> = Promise.resolve();

	constructor(order: Order, secure: SecureWorld) {
		const { seed, batch, items, faultShare } = order;
		const random = (what: string) => draw(seed, 'world', batch, what);
		this.#order = order;
		this.#secure = random('tls') < SECURE_SHARE ? secure : null;
		this.event = faultShare === 0 ? 'nothing' : pickByShare(EVENTS, random('event'));
		this.sandbox = new Sandbox({
			apps: [this.app],
			requestsPerSecond: REQUESTS_PER_SECOND,
			faultFor: (token) => {
				const mishap = this.relay.arrivals.findLast((arrival) => arrival.token === token)?.mishap;
				return typeof mishap === 'object' ? mishap : undefined;
			},
		});
		const { kis } = this.sandbox;
		const switches = Object.entries(SWITCHES).map(([name, values]) => [
			name,
			pick<unknown>(values, random(name)),
		]);
		setSwitches(kis.switches, Object.fromEntries(switches));
		this.tokens = makeTokens(kis, this.app.appkey, seed, batch, items);
		const eventAt = 1 + Math.floor((random('when') * items) / 2);
		this.relay = new RecordingRelay({
			targetPort: () => Number(new URL(this.sandbox.url).port),
			certificates: this.#secure ?? undefined,
			mishapOfConnection: (connection) => drawConnectionMishap(seed, batch, connection, faultShare),
			mishapOfRequest: (token, times) => drawMishap(seed, this.placeOf(token), times, faultShare),
			onRequest: (requests) => {
				if (requests === eventAt) this.#happening = this.#happen();
			},
		});
	}

	/** Names a token by where it stands first: its text is another in every run. */
	placeOf(token: string): string {
		return `${this.#order.batch}/${this.tokens.findIndex(({ value }) => value === token)}`;
	}

	get baseUrl(): string {
		const { port } = this.relay;
		return this.#secure ? `https://${this.#secure.host}:${port}` : `http://127.0.0.1:${port}`;
	}

	/** The Stop button. */
	get stop(): AbortSignal {
		return this.#stop.signal;
	}

	/** How the node is set in n8n. */
	get settings(): Partial<INode> {
		return this.event === 'retryOnFail'
			? { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 }
			: {};
	}

	/** For a line that tells of it. */
	get circumstances(): string {
		return `${this.event}, ${this.#secure ? 'https through a proxy' : 'http'}`;
	}

	async start(): Promise<this> {
		const { seed, batch, faultShare } = this.#order;
		await this.sandbox.start();
		await this.relay.listen();
		this.#secure?.proxy.mishaps.set(this.relay.port, (tunnel) =>
			drawProxyMishap(seed, batch, tunnel, faultShare),
		);
		return this;
	}

	/** Resolves when the node has closed its connections: to how many it keeps. */
	async connectionsLeft(): Promise<number> {
		await this.#happening;
		const deadline = performance.now() + PATIENCE_MS;
		while (this.relay.open > 0 && performance.now() < deadline) await delay(5);
		return this.relay.open;
	}

	async end(): Promise<void> {
		await this.#happening;
		this.#secure?.proxy.mishaps.delete(this.relay.port);
		await this.relay.close();
		await this.sandbox.stop();
	}

	async #happen(): Promise<void> {
		this.hasHappened = true;
		switch (this.event) {
			case 'restart':
				await this.sandbox.stop();
				await this.sandbox.start();
				return;
			case 'away':
				await this.relay.close();
				await delay(AWAY_MS);
				return await this.relay.listen();
			case 'gone':
				return await this.relay.close();
			case 'stop':
				return this.#stop.abort();
			default:
				return;
		}
	}
}
