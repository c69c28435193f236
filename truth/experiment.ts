import { judge, type Judgement } from './judge';
import { revokeAll, type Product } from './workflow';
import { REQUESTS_PER_SECOND, World, type Order, type SecureWorld } from './world';

const TIMEOUT_MS = 2000;

export interface ExperimentOptions {
	readonly tokens: number;
	readonly seed: number;
	/** Share of the attempts that something happens to, from 0 to 1. */
	readonly faultShare: number;
	/** Items of one execution. */
	readonly batch: number;
	/** Executions at once. */
	readonly parallel: number;
}

export interface Findings {
	items: number;
	readonly outcomes: Record<string, number>;
	/** Whole tokens of this app key whose attempts are not all disturbed, in executions that ran to their end. */
	fairCases: number;
	/** Of these, so many are `unknown`. */
	unknownFairCases: number;
	calls: number;
	/** The most calls of one app key in any sliding second, on the sandbox's clock. */
	busiestSecond: number;
	/** One line for each statement that what was seen contradicts, and for whatever else must not be. */
	readonly accusations: string[];
}

/** Revokes tokens while faults are drawn from the seed, and holds what is reported against what was seen. */
export async function runExperiment(
	product: Product,
	{ tokens, seed, faultShare, batch: size, parallel }: ExperimentOptions,
	secure: SecureWorld,
): Promise<Findings> {
	const findings: Findings = {
		items: 0,
		outcomes: {},
		fairCases: 0,
		unknownFairCases: 0,
		calls: 0,
		busiestSecond: 0,
		accusations: [],
	};
	const batches = Array.from({ length: Math.ceil(tokens / size) }, (_, batch) => batch).values();
	const work = async () => {
		// All workers take from the one iterator.
		for (const batch of batches) {
			const items = Math.min(size, tokens - batch * size);
			await runBatch(product, { seed, batch, items, faultShare }, secure, findings);
		}
	};
	await Promise.all(Array.from({ length: parallel }, work));
	return findings;
}

async function runBatch(
	product: Product,
	order: Order,
	secure: SecureWorld,
	findings: Findings,
): Promise<void> {
	const world = await new World(order, secure).start();
	try {
		const { app, baseUrl, settings, stop } = world;
		const tokens = world.tokens.map(({ text }) => text);
		const options = {
			includeDetails: true,
			requestsPerSecond: REQUESTS_PER_SECOND,
			timeout: TIMEOUT_MS,
		};
		const execution = { app, baseUrl, tokens, options, settings, stop };
		const outcomes = await revokeAll(product, execution);
		add(judge(order, world, outcomes, await world.connectionsLeft()), findings);
	} finally {
		await world.end();
	}
}

function add(judgement: Judgement, findings: Findings): void {
	findings.items += judgement.outcomes.length;
	for (const outcome of judgement.outcomes) {
		findings.outcomes[outcome] = (findings.outcomes[outcome] ?? 0) + 1;
	}
	findings.fairCases += judgement.fairCases;
	findings.unknownFairCases += judgement.unknownFairCases;
	findings.calls += judgement.calls;
	findings.busiestSecond = Math.max(findings.busiestSecond, judgement.busiestSecond);
	findings.accusations.push(...judgement.accusations);
}
