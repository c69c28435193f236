import { busiestSecond } from './conduct';
import type { Secure } from './host';
import { judge, type Judgement } from './judge';
import type { Foundation } from './promises';
import type { Sharing } from './redis';
import type { Team } from './team';
import { judgeTrading } from './trading/judge';
import { TradingWorld } from './trading/world';
import { REQUESTS_PER_SECOND, World, type Order, type Played } from './world';

export interface ExperimentOptions {
	/** To be revoked: items, over all executions. */
	readonly tokens: number;
	/** Items of the steps in trading worlds. */
	readonly steps: number;
	readonly seed: number;
	/** Share of the attempts that something happens to, from 0 to 1. */
	readonly faultShare: number;
	/** Items of one world. */
	readonly batch: number;
	/** How many worlds run concurrently. */
	readonly parallel: number;
	/** After so many accusations no world is begun. */
	readonly enough: number;
	/** Whether there are two processes, and how the Redis behaves that they share. */
	readonly sharing: Sharing;
}

export interface Findings {
	executions: number;
	items: number;
	readonly outcomes: Record<string, number>;
	/** Whole tokens of this app key whose attempts are not all disturbed, in executions that ran to their end. */
	fairCases: number;
	/** Of these, so many are `unknown`. */
	unknownFairCases: number;
	calls: number;
	/** The most calls of one app key in any sliding second, on the sandbox's clock. */
	busiestSecond: number;
	/** What each statement rests on. */
	readonly foundations: Foundation[];
	/** Of the steps in trading worlds: how often each was made, such as `orders answered`. */
	readonly statements: Record<string, number>;
	/** One line for each statement that what was seen contradicts, and for whatever else must not be. */
	readonly accusations: string[];
}

/** Revokes tokens while faults are drawn from the seed, and compares what is reported with what was seen. */
export async function runExperiment(
	team: Team,
	options: ExperimentOptions,
	secure: Secure,
): Promise<Findings> {
	const { parallel, enough } = options;
	const findings: Findings = {
		executions: 0,
		items: 0,
		outcomes: {},
		fairCases: 0,
		unknownFairCases: 0,
		calls: 0,
		busiestSecond: 0,
		foundations: [],
		statements: {},
		accusations: [],
	};
	const begins = inTurns(
		revoking(team, options, secure, findings),
		trading(team, options, findings),
	);
	// All workers take from the same worlds, which are the same however they share them.
	const work = async () => {
		for (const begin of begins) {
			await begin();
			if (findings.accusations.length >= enough) return;
		}
	};
	// If one fails, no other world is begun, and those under way still need what is there for them.
	const working = Array.from({ length: parallel }, work);
	await Promise.allSettled(working);
	await Promise.all(working);
	return findings;
}

/** Begins a world, and plays and judges it. */
type Begin = () => Promise<void>;

function* revoking(
	team: Team,
	{ tokens, seed, faultShare, batch: size }: ExperimentOptions,
	secure: Secure,
	findings: Findings,
): Generator<Begin> {
	let left = tokens;
	for (let batch = 0; left > 0; batch++) {
		const order = { seed, batch, items: Math.min(size, left), faultShare };
		const world = new World(order, secure);
		left -= world.items;
		yield async () => await play(world, order, team, findings);
	}
}

/** Steps of one trading world. */
const TRADING_STEPS = 24;

function* trading(
	team: Team,
	{ steps, seed, faultShare, sharing }: ExperimentOptions,
	findings: Findings,
): Generator<Begin> {
	for (let world = 0, left = steps; left > 0; world++, left -= TRADING_STEPS) {
		const plan = { seed, world, items: Math.min(TRADING_STEPS, left), faultShare };
		yield async () => {
			const trading = new TradingWorld(plan);
			const scenes = await trading.play(team);
			const { statements, accusations } = await judgeTrading(plan, trading, scenes, sharing);
			for (const it of statements) findings.statements[it] = (findings.statements[it] ?? 0) + 1;
			findings.accusations.push(...accusations);
		};
	}
}

function* inTurns<T>(one: Generator<T>, other: Generator<T>): Generator<T> {
	for (let next = one.next(); !next.done; next = one.next()) {
		yield next.value;
		[one, other] = [other, one];
	}
	yield* other;
}

async function play(world: World, order: Order, team: Team, findings: Findings): Promise<void> {
	const played: Played[] = [];
	await world.start();
	try {
		for (const act of world.acts) {
			const latest = await world.play(act, team);
			add(await judge(order, world, latest, played), findings);
			played.push(latest);
		}
		findings.calls += world.calls.length;
		const busiest = busiestSecond(world);
		findings.busiestSecond = Math.max(findings.busiestSecond, busiest);
		if (busiest > REQUESTS_PER_SECOND) {
			const where = `seed ${order.seed}, batch ${order.batch} (${world.circumstances})`;
			findings.accusations.push(`${where}: ${busiest} calls within one second`);
		}
	} finally {
		await world.end();
	}
}

function add(judgement: Judgement, findings: Findings): void {
	findings.executions++;
	findings.items += judgement.outcomes.length;
	for (const outcome of judgement.outcomes) {
		findings.outcomes[outcome] = (findings.outcomes[outcome] ?? 0) + 1;
	}
	findings.fairCases += judgement.fairCases;
	findings.unknownFairCases += judgement.unknownFairCases;
	findings.foundations.push(...judgement.foundations);
	findings.accusations.push(...judgement.accusations);
}
