import { busiestSecond } from './conduct';
import type { Secure } from './host';
import { judge, type Judgement } from './judge';
import type { Foundation } from './promises';
import type { Sharing } from './redis';
import type { Revoke } from './workflow';
import { REQUESTS_PER_SECOND, World, type Order, type Played } from './world';

export interface ExperimentOptions {
	/** Items, over all executions. */
	readonly tokens: number;
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

/** Who revokes: one process, or several that share a Redis. */
export interface Team {
	readonly members: readonly Revoke[];
	readonly redisUrl: string | null;
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
	/** One line for each statement that what was seen contradicts, and for whatever else must not be. */
	readonly accusations: string[];
}

/** Revokes tokens while faults are drawn from the seed, and compares what is reported with what was seen. */
export async function runExperiment(
	team: Team,
	{ tokens, seed, faultShare, batch: size, parallel, enough }: ExperimentOptions,
	secure: Secure,
): Promise<Findings> {
	const findings: Findings = {
		executions: 0,
		items: 0,
		outcomes: {},
		fairCases: 0,
		unknownFairCases: 0,
		calls: 0,
		busiestSecond: 0,
		foundations: [],
		accusations: [],
	};
	let batch = 0;
	let left = tokens;
	const work = async () => {
		// All workers take from the same tokens, and the worlds are the same however they share them.
		while (left > 0 && findings.accusations.length < enough) {
			const order = { seed, batch, items: Math.min(size, left), faultShare };
			const world = new World(order, secure);
			batch++;
			left -= world.items;
			await play(world, order, team, findings);
		}
	};
	await Promise.all(Array.from({ length: parallel }, work));
	return findings;
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
