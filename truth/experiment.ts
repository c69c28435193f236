import {
	placeOf,
	REQUESTS_PER_SECOND,
	runBatch,
	type Product,
	type Report,
	type SecureWorld,
} from './batch';
import { isCursed } from './faults';
import { contradictionTo, overLimit } from './judge';
import type { MadeToken } from './tokens';

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
	/** Calls beyond the limit in any sliding second, on the sandbox's clock. */
	overLimit: number;
	/** One line for each statement that what was seen contradicts. */
	readonly falseStatements: string[];
}

/** Of which KIS's "invalid" is a verdict. */
const WHOLE: ReadonlyArray<MadeToken['kind']> = ['live', 'dead', 'expired'];

/** Revokes tokens while faults are drawn from the seed, and holds what is reported against what was seen. */
export async function runExperiment(
	product: Product,
	{ tokens, seed, faultShare, batch, parallel }: ExperimentOptions,
	secure: SecureWorld | null,
): Promise<Findings> {
	const findings: Findings = {
		items: 0,
		outcomes: {},
		fairCases: 0,
		unknownFairCases: 0,
		calls: 0,
		overLimit: 0,
		falseStatements: [],
	};
	const numbers = Array.from({ length: Math.ceil(tokens / batch) }, (_, number) => number).values();
	const work = async () => {
		// All workers take from the one iterator.
		for (const number of numbers) {
			const items = Math.min(batch, tokens - number * batch);
			const order = { seed, number, items, faultShare };
			judge(order, await runBatch(product, order, secure), findings);
		}
	};
	await Promise.all(Array.from({ length: parallel }, work));
	return findings;
}

function judge(
	{ seed, number, faultShare }: { seed: number; number: number; faultShare: number },
	{ tokens, outcomes, mishaps, seen, cutShort, circumstances }: Report,
	findings: Findings,
): void {
	const accuse = (item: number, what: string) => {
		const met = JSON.stringify(mishaps.get(tokens[item].value) ?? []);
		findings.falseStatements.push(
			`seed ${seed}, batch ${number} (${circumstances}), item ${item}: ${outcomes[item]}, but ${what}; ${met}`,
		);
	};
	tokens.forEach(({ value, kind }, i) => {
		const outcome = outcomes[i];
		findings.items++;
		findings.outcomes[outcome] = (findings.outcomes[outcome] ?? 0) + 1;
		const contradiction = contradictionTo(outcome, value, seen);
		if (contradiction) accuse(i, contradiction);
		if (!WHOLE.includes(kind) || cutShort || isCursed(seed, placeOf(number, i), faultShare)) return;
		findings.fairCases++;
		if (outcome === 'unknown') findings.unknownFairCases++;
	});
	const unseen = new Map(
		tokens.flatMap(({ value }, i) =>
			outcomes[i] === 'unknown' && !seen.relay.received.has(value) ? [[value, i]] : [],
		),
	);
	// A request that nobody has read can only be counted.
	for (const item of [...unseen.values()].slice(seen.relay.unread))
		accuse(item, 'no request was received');
	const { calls } = seen.sandbox;
	findings.calls += calls.length;
	findings.overLimit += overLimit(calls, REQUESTS_PER_SECOND);
}
