import type { IDataObject } from 'n8n-workflow';

import { makeApp, TokenIssuer } from '../../sandbox/apps';
import type { SeenCall } from '../../sandbox/server';
import { setSwitches } from '../../sandbox/switches';
import { drawConnectionMishap } from '../faults';
import { drawSwitches } from '../drawSwitches';
import { Host } from '../host';
import { observe, type Observed } from '../observe';
import { draw } from '../random';
import type { Team } from '../team';
import type { Apps, MadeToken } from '../tokens';
import { WorldClock } from './clock';
import { drawTokens, drawWork } from './drawSetup';
import { drawTradingMishap, purposeOf, type Place } from './mishaps';
import { drawLife, drawScenes, type Scene, type Step } from './script';
import { ageKept, redisUrlFor } from './sharedClock';
import type { StepSetup } from './step';

/** Above what the steps of one world send. */
const REQUESTS_PER_SECOND = 40;
const MINUTE_MS = 60 * 1000;
/** As docs/operations.md and README.md say: renewed an hour before the end, or after nine tenths. */
const DUE_SHARE = 0.9;

export interface WorldPlan {
	readonly seed: number;
	readonly world: number;
	/** So many over all steps, or a few more. */
	readonly items: number;
	/** Share of the requests that something happens to, from 0 to 1. */
	readonly faultShare: number;
}

/** What a step did, and what was told of it. */
export interface StepRun {
	readonly step: Step;
	readonly setup: StepSetup;
	/** Which of the processes took it. */
	readonly process: number;
	/** For Inspect and Issue: what each item holds. */
	readonly tokens: readonly MadeToken[];
	/** On the monotonic clock. */
	readonly startedAt: number;
	readonly endedAt: number;
	readonly said: readonly IDataObject[];
	readonly stored: string;
	/** The longest turn of its process's event loop. */
	readonly longestTurnMs: number;
}

/** A scene, and what was seen meanwhile. */
export interface PlayedScene extends Observed {
	readonly scene: Scene;
	readonly runs: readonly StepRun[];
	/** Of the host's event loop, or of one that took a step: either can keep an answer from being read in time. */
	readonly longestTurnMs: number;
}

/** A KIS and what a few executions do there, one after the other or two concurrently, drawn from the seed. */
export class TradingWorld {
	readonly apps: Apps = { own: makeApp(), other: makeApp() };
	readonly host: Host;
	readonly clock = new WorldClock();
	readonly name: string;
	readonly lifeMs: number;
	readonly #plan: WorldPlan;
	readonly #scenes: readonly Scene[];
	readonly #place: Place;
	readonly #counts = new Map<string, number>();
	#scene: Scene | null = null;
	#requestsBefore = 0;
	#happening: Promise<void> = Promise.resolve();

	constructor(plan: WorldPlan) {
		const { seed, world, items, faultShare } = plan;
		this.#plan = plan;
		this.name = `trading/${seed}/${world}`;
		this.lifeMs = drawLife(seed, world);
		this.#scenes = drawScenes(seed, world, items);
		const now = () => this.clock.now();
		this.host = new Host({
			apps: Object.values(this.apps),
			requestsPerSecond: REQUESTS_PER_SECOND,
			secure: null,
			tokenLifeMs: this.lifeMs,
			now,
			mishapOfConnection: (connection) =>
				drawConnectionMishap(seed, world, connection, faultShare / 4),
			mishapOfTunnel: () => null,
			mishapOfRequest: (request) => {
				const { path, body } = request;
				const purpose = purposeOf(request);
				const isNumbered = purpose === 'quote' || purpose === 'order';
				const name = isNumbered ? `${path} ${body}` : purpose;
				const times = (this.#counts.get(name) ?? 0) + 1;
				this.#counts.set(name, times);
				return drawTradingMishap(request, times, this.#place);
			},
			onRequest: (requests) => {
				if (requests - this.#requestsBefore === this.#scene?.amidAt) {
					this.#happening = this.#happen(this.#scene);
				}
			},
		});
		const { kis } = this.host.sandbox;
		const random = (what: string) => draw(seed, 'trading', world, what);
		setSwitches(kis.switches, { ...drawSwitches(random, 'nothing'), oauthCounts: false });
		const strangers = new TokenIssuer();
		const { apps, lifeMs } = this;
		this.#place = { seed, world, share: faultShare, apps, kis, strangers, lifeMs, now };
	}

	get calls(): readonly SeenCall[] {
		return this.host.sandbox.calls;
	}

	/** Plays all scenes. */
	async play(team: Team): Promise<PlayedScene[]> {
		const { redisUrl } = team;
		if (redisUrl !== null) {
			this.clock.listeners.add(async (_ahead, by) => await ageKept(redisUrl, this.name, by));
		}
		await this.host.start();
		try {
			return await this.clock.run(async () => {
				const played: PlayedScene[] = [];
				for (const scene of this.#scenes) played.push(await this.#play(scene, team));
				return played;
			});
		} finally {
			await this.#happening;
			await this.host.stop();
		}
	}

	async #play(scene: Scene, team: Team): Promise<PlayedScene> {
		await this.#prepare(scene);
		const endObserving = observe(this.host);
		this.#scene = scene;
		this.#requestsBefore = this.host.relay.arrivals.length;
		const runs = await Promise.all(
			scene.steps.map(async (step, i) => await this.#take(step, i, team)),
		);
		await this.#happening;
		this.#scene = null;
		const observed = await endObserving();
		const turns = [observed, ...runs].map(({ longestTurnMs }) => longestTurnMs);
		return { ...observed, longestTurnMs: Math.max(...turns), scene, runs };
	}

	async #take(step: Step, index: number, { members, redisUrl }: Team): Promise<StepRun> {
		const { seed, world } = this.#plan;
		const random = (what: string) => draw(seed, 'step', world, step.name, what);
		const tokens = drawTokens(step, this.#place);
		const first = Math.floor(random('process') * members.length);
		const process = (first + index) % members.length;
		const setup: StepSetup = {
			id: `${this.name}/${step.name}`,
			world: this.name,
			aheadMs: this.clock.aheadMs,
			redisUrl,
			...drawWork(step, tokens, `http://127.0.0.1:${this.host.relay.port}`, random),
			fields: {
				...this.apps[step.app],
				environment: 'custom',
				baseUrl: this.host.baseUrl(random('spelling')),
				bringAuthorization: step.does !== 'issue' || random('brings') < 0.85,
				...(redisUrl !== null && { redisUrl: redisUrlFor(redisUrl, this.name) }),
			},
		};
		const startedAt = performance.now();
		const { items: said, ...taken } = await members[process].takeStep(setup, this.clock);
		const endedAt = performance.now();
		return { step, setup, process, tokens, startedAt, endedAt, said, ...taken };
	}

	/** Between two scenes. */
	async #prepare({ before }: Scene): Promise<void> {
		const { clock, lifeMs } = this;
		const latest = this.host.sandbox.kis.latestOf(this.apps.own.appkey);
		const until = async (moment: number) => await clock.forward(moment - clock.now());
		switch (before) {
			case 'nothing':
				return;
			case 'revokedElsewhere':
				return this.#revokeElsewhere();
			case 'issuedElsewhere':
				return this.#issueElsewhere();
			case 'halfAMinute':
				return await clock.forward(MINUTE_MS / 2);
			case 'aMinute':
				return await clock.forward(MINUTE_MS + 2000);
			case 'elevenMinutes':
				return await clock.forward(11 * MINUTE_MS);
			case 'untilDue':
				return await until(
					latest
						? latest.issuedAt + Math.max(lifeMs * DUE_SHARE, lifeMs - 60 * MINUTE_MS) + 1000
						: 0,
				);
			case 'untilOver':
				return await until(latest ? latest.expiresAt + 1000 : 0);
		}
	}

	/** Another program does. */
	#revokeElsewhere(): void {
		const latest = this.host.sandbox.kis.latestOf(this.apps.own.appkey);
		if (latest) latest.revoked = true;
	}

	/** Another program has KIS issue one, past the relay. */
	#issueElsewhere(): void {
		const body = JSON.stringify({ grant_type: 'client_credentials', ...this.apps.own });
		const headers = { 'content-type': 'application/json' };
		this.host.sandbox.kis.answer({ method: 'POST', path: '/oauth2/tokenP', headers, body });
	}

	async #happen({ amid }: Scene): Promise<void> {
		if (amid === 'revokedElsewhere') this.#revokeElsewhere();
		if (amid !== 'restart') return;
		await this.host.sandbox.stop();
		await this.host.sandbox.start();
	}
}
