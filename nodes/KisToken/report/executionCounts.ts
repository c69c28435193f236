import type { IExecuteFunctions } from 'n8n-workflow';

import { cancelSignal } from '../host/execution';

/** What the KIS Token nodes of one execution have counted. */
interface Counted {
	/** By outcome, what the execution had before this process counted: it may have waited, and gone on elsewhere. */
	readonly before: Map<string, number>;
	/** By node and run, then by outcome. A later try of "Retry On Fail" replaces the earlier one of the same run. */
	readonly runs: Map<string, ReadonlyMap<string, number>>;
}

/** By an object that is garbage when the execution is. */
const executions = new WeakMap<AbortSignal, Counted>();

/**
 * Adds the counts of a run to the execution's custom data, by which n8n can filter executions, as in `kis_unknown` = `2`.
 *
 * They are sums over all runs: a loop or a second node must not hide that a token before may still be live. n8n keeps ten
 * entries per execution. A count of zero is therefore stored only to replace that of an earlier try.
 *
 * @param counts By outcome, without zeros.
 * @param outcomes All outcomes of the operation.
 */
export function addToExecution(
	context: IExecuteFunctions,
	counts: ReadonlyMap<string, number>,
	outcomes: readonly string[],
): void {
	// n8n 1.x gives nodes no custom data, and 2.x gives none to a node that runs outside an execution.
	try {
		const host: Partial<IExecuteFunctions> = context;
		const data = host.customData;
		if (!data) return;
		const execution = cancelSignal(context);
		const { before, runs } = executions.get(execution) ?? { before: new Map(), runs: new Map() };
		executions.set(execution, { before, runs });
		const { $runIndex } = context.getWorkflowDataProxy(0);
		runs.set(JSON.stringify([context.getNode().name, $runIndex]), counts);
		for (const outcome of outcomes) {
			const key = `kis_${outcome}`;
			const stored = data.get(key);
			if (!before.has(outcome)) before.set(outcome, Number(stored ?? 0) || 0);
			let sum = before.get(outcome) ?? 0;
			for (const run of runs.values()) sum += run.get(outcome) ?? 0;
			if (sum > 0 || stored) data.set(key, String(sum));
		}
	} catch {
		return;
	}
}
