import { setTimeout as delay } from 'node:timers/promises';

import { makeApp } from '../sandbox/apps';
import type { Fault } from '../sandbox/faults';
import type { SeenCall } from '../sandbox/server';
import { setSwitches, type Switches } from '../sandbox/switches';
import { drawScript, isLonely, isStanding, makeActs, TIMES, type Act, type Script } from './acts';
import { drawLongWait, drawStanding } from './answers';
import { drawSwitches } from './drawSwitches';
import { drawConnectionMishap, drawMishap, drawProxyMishap, type Mishap } from './faults';
import { Host, type HostOptions, type Secure } from './host';
import { observe, type Observed } from './observe';
import { drawAsks, drawQuestionMishap } from './questionDraws';
import { draw } from './random';
import type { Request } from './relay';
import type { Team } from './team';
import { makeTokens, type MadeToken } from './tokens';

/** Below what the node reaches here without a limit, so that it has to keep to it. */
export const REQUESTS_PER_SECOND = 40;
const TIMEOUT_MS = 2000;
const AWAY_MS = 300;

const NEW_CUSTOMER = { requestsPerSecond: 3, tokens: 40 } as const;

const UNDISTURBED: Script = { event: 'nothing', plan: 'alone' };

const SECURE_SHARE = 0.4;

export interface Order {
	readonly seed: number;
	readonly batch: number;
	/** So many over all executions, or less. */
	readonly items: number;
	/** Share of the attempts that something happens to, from 0 to 1. */
	readonly faultShare: number;
}

/** What became of an execution, and what was seen meanwhile. */
export interface Played extends Observed {
	readonly act: Act;
	/** Which of the processes has done it. */
	readonly process: number;
	readonly outcomes: readonly string[];
	/** By item: a moment at which the token is said to have been alive. */
	readonly stillAcceptedAt: ReadonlyArray<string | null>;
	/** When the event took place, on the monotonic clock; `null` if it did not. */
	readonly happenedAt: number | null;
}

/** A KIS, the way to it, and everything that a few executions meet there, drawn from the seed. */
export class World {
	readonly apps = { own: makeApp(), other: makeApp() };
	readonly kis: Host;
	readonly acts: readonly Act[];
	/** Whether the node may ask KIS about a token. */
	readonly asks: boolean;
	readonly #order: Order;
	readonly #tokens: readonly MadeToken[];
	readonly #hosts: readonly Host[];
	readonly #secure: Secure | null;
	readonly #standing: Fault;
	readonly #stop = new AbortController();
	readonly #eventAt: number;
	#act: Act | null = null;
	#requestsBefore = 0;
	#happenedAt: number | null = null;
	#happening: Promise<void> = Promise.resolve();

	constructor(order: Order, secure: Secure) {
		const { seed, batch, items, faultShare } = order;
		const random = (what: string) => draw(seed, 'world', batch, what);
		const drawn = drawScript(seed, batch, items);
		const { event, plan }: Script = faultShare === 0 ? UNDISTURBED : drawn;
		const isNew = event === 'newCustomer';
		this.#order = isNew ? { ...order, faultShare: 0 } : order;
		this.asks = drawAsks(seed, batch);
		this.#secure = random('tls') < SECURE_SHARE ? secure : null;
		this.#standing = drawStanding(random, event === 'rateStands');
		this.kis = this.#makeHost(
			isNew ? NEW_CUSTOMER.requestsPerSecond : REQUESTS_PER_SECOND,
			(request, times, requests) => this.#mishap(request, times, requests),
		);
		setSwitches(this.kis.sandbox.kis.switches, drawSwitches(random, isNew ? 'newCustomer' : plan));

		const most = isNew ? NEW_CUSTOMER.tokens : Infinity;
		const count = Math.min(most, Math.floor(items / TIMES[plan]));
		this.#tokens = makeTokens(this.kis.sandbox.kis, this.apps, seed, batch, count);
		this.#eventAt = 1 + Math.floor((random('when') * count) / (isLonely(event) ? 4 : 2));
		const mock = this.#makeHost(REQUESTS_PER_SECOND, () => YES);
		const { apps, kis } = this;
		this.acts = makeActs({ plan, event }, { seed, batch, apps, kis, mock, tokens: this.#tokens });
		this.#hosts = [...new Set([kis, ...this.acts.map(({ host }) => host)])];
	}

	/** Over all executions. */
	get items(): number {
		return this.acts.reduce((sum, { tokens }) => sum + tokens.length, 0);
	}

	get switches(): Switches {
		return this.kis.sandbox.kis.switches;
	}

	/** Every call of KIS's double in this world, and of what took its place. */
	get calls(): SeenCall[] {
		return this.#hosts.flatMap(({ sandbox }) => sandbox.calls);
	}

	/** For a line that tells of it. */
	get circumstances(): string {
		const events = this.acts.map(({ name, event }) => `${name} ${event}`);
		return `${events.join(', ')}, ${this.#secure ? 'https through a proxy' : 'http'}`;
	}

	/** Names a token by where it stands first: its text is another in every run. */
	nameOf(token: string): string {
		return `${this.#order.batch}/${this.#tokens.findIndex(({ value }) => value === token)}`;
	}

	async start(): Promise<this> {
		await Promise.all(this.#hosts.map(async (host) => await host.start()));
		return this;
	}

	async end(): Promise<void> {
		await this.#happening;
		await Promise.all(this.#hosts.map(async (host) => await host.stop()));
	}

	async play(act: Act, { members, redisUrl }: Team): Promise<Played> {
		const { seed, batch } = this.#order;
		const { host, app, tokens, event } = act;
		const endObserving = observe(host);
		this.#act = act;
		this.#requestsBefore = host.relay.arrivals.length;
		this.#happenedAt = null;
		const process = this.#processOf(act, members.length);
		const said = await members[process].revoke({
			id: act.execution,
			credentialId: host === this.kis ? 'kis' : 'mock',
			fields:
				act.fields === null
					? null
					: {
							...app,
							environment: 'custom',
							baseUrl: host.baseUrl(draw(seed, 'spelling', batch, act.name)),
							...(redisUrl !== null && { redisUrl }),
							...act.fields,
						},
			tokens: tokens.map(({ text }) => text),
			options: {
				requestsPerSecond: REQUESTS_PER_SECOND,
				timeout: TIMEOUT_MS,
				askBeforeUnknown: this.asks,
				includeDetails: true,
				...act.options,
			},
			settings: event === 'retryOnFail' ? RETRY_ON_FAIL : {},
			stop: event === 'stop' ? this.#stop.signal : undefined,
		});
		await this.#happening;
		this.#act = null;
		return {
			...(await endObserving()),
			act,
			process,
			outcomes: said.map(({ outcome }) => outcome),
			stillAcceptedAt: said.map(({ stillAcceptedAt }) => stillAcceptedAt),
			happenedAt: this.#happenedAt,
		};
	}

	/** In turns; but an execution stays where it is. */
	#processOf({ execution }: Act, processes: number): number {
		const executions = [...new Set(this.acts.map((act) => act.execution))];
		return (this.#order.batch + executions.indexOf(execution)) % processes;
	}

	#makeHost(requestsPerSecond: number, mishapOfRequest: HostOptions['mishapOfRequest']): Host {
		const { seed, batch, faultShare } = this.#order;
		const isKis = () => this.#act?.host === this.kis && !this.#stands();
		const share = () => (isKis() ? faultShare : 0);
		return new Host({
			apps: Object.values(this.apps),
			requestsPerSecond,
			secure: this.#secure,
			mishapOfConnection: (connection) => drawConnectionMishap(seed, batch, connection, share()),
			mishapOfTunnel: (tunnel) => drawProxyMishap(seed, batch, tunnel, share()),
			mishapOfRequest,
			onRequest: (requests) => {
				if (requests - this.#requestsBefore !== this.#eventAt) return;
				this.#happening = this.#happen();
			},
		});
	}

	#mishap({ token, isQuestion }: Request, times: number, requests: number): Mishap {
		const { seed, batch, faultShare } = this.#order;
		if (this.#stands()) return isQuestion ? BAD_GATEWAY : this.#standing;
		const isNow = requests - this.#requestsBefore === this.#eventAt;
		if (isNow && this.#act?.event === 'longWait') {
			// Now: it may name a time.
			return drawLongWait((what) => draw(seed, 'longWait', batch, what));
		}
		const drawn = isQuestion ? drawQuestionMishap : drawMishap;
		return drawn(seed, this.nameOf(token), times, faultShare);
	}

	#stands(): boolean {
		return isStanding(this.#act?.event) && this.#happenedAt !== null;
	}

	async #happen(): Promise<void> {
		const { sandbox, relay } = this.kis;
		this.#happenedAt = performance.now();
		switch (this.#act?.event) {
			case 'restart':
				await sandbox.stop();
				await sandbox.start();
				return;
			case 'away':
				await relay.close();
				await delay(AWAY_MS);
				return await relay.listen();
			case 'gone':
				return await relay.close();
			case 'stop':
				return this.#stop.abort();
			default:
				return;
		}
	}
}

const RETRY_ON_FAIL = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 } as const;
const BAD_GATEWAY = { kind: 'raw', status: 502, body: '<html>' } as const satisfies Fault;
const YES = {
	kind: 'raw',
	body: '{"code":200,"message":"OK"}',
} as const satisfies Fault;
