import type { IExecuteFunctions } from 'n8n-workflow';

import { cancelSignal, retriedRun } from '../host/execution';

type Counts = ReadonlyMap<string, number>;

/** The counts that each run of a node with Retry On Fail has added last: by execution, then by run. */
const lastAdded = new WeakMap<AbortSignal, Map<string, Counts>>();

/**
 * Adds the counts of a run to the execution's custom data, by which n8n can filter executions, as in `kis_unknown` = `2`.
 * A later try of "Retry On Fail" replaces the counts of the earlier one.
 *
 * They are sums over all runs: a loop or a second node must not hide that a token before may still be live. n8n keeps ten
 * entries per execution, as many as there are outcomes. A count of zero is stored only to replace that of an earlier try.
 *
 * @param counts By outcome, without zeros.
 * @param outcomes All outcomes of the operation.
 */
export function addToExecution(
	context: IExecuteFunctions,
	counts: Counts,
	outcomes: readonly string[],
): void {
	// n8n 1.x gives nodes no custom data, and 2.x gives none to a node that runs outside an execution.
	try {
		const host: Partial<IExecuteFunctions> = context;
		const data = host.customData;
		if (!data) return;
		const replaced = replacedBy(context, counts);
		for (const outcome of outcomes) {
			const key = `kis_${outcome}`;
			// The sum is read back: an execution that waits may go on in another process.
			const stored = Number(data.get(key)) || 0;
			const sum = stored - (replaced?.get(outcome) ?? 0) + (counts.get(outcome) ?? 0);
			if (sum > 0 || stored > 0) data.set(key, String(sum));
		}
	} catch {
		return;
	}
}

/** Returns the counts of an earlier try of the same run, which these replace. */
function replacedBy(context: IExecuteFunctions, counts: Counts): Counts | undefined {
	const run = retriedRun(context);
	if (run === null) return undefined;
	const execution = cancelSignal(context);
	const runs = lastAdded.get(execution) ?? new Map<string, Counts>();
	lastAdded.set(execution, runs);
	const replaced = runs.get(run);
	runs.set(run, counts);
	return replaced;
}
