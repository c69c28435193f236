import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { mapInTurns } from '../../../kis/turns';
import { cancelSignal } from '../host/execution';
import type { ItemReport } from './itemReport';
import { toItem } from './outputItem';
import { runError, type Tally } from './runError';
import { countByOutcome, summary } from './summary';

/** How an operation sums up its items, beside the items themselves. */
export interface Notices extends Tally {
	/** What n8n's output panel says about the items of an outcome. `{count}` stands for their number. */
	readonly hints: Readonly<Record<string, string>>;
}

/**
 * Turns the reports of a run into output items.
 *
 * A stopped run never throws. n8n usually stores none of its items, so their counts go to n8n's log.
 *
 * @throws {NodeApiError | NodeOperationError} if an item failed and the node is set to stop on errors.
 */
export async function toOutput(
	context: IExecuteFunctions,
	reports: readonly ItemReport[],
	notices: Notices,
): Promise<INodeExecutionData[]> {
	const stopped = cancelSignal(context).aborted;
	if (stopped) context.logger.info(`KIS Token: stopped. ${summary(reports, notices.outcomes)}`);
	noteCounts(context, reports, notices);
	const failed = reports.some(({ succeeded }) => !succeeded);
	if (failed && !stopped && !context.continueOnFail()) {
		throw await runError(context.getNode(), reports, notices);
	}
	addHints(context, reports, notices);
	return await mapInTurns(reports, toItem);
}

/** Shows hints in the output panel: on outcomes, by count, and on single items. */
function addHints(
	context: IExecuteFunctions,
	reports: readonly ItemReport[],
	{ outcomes, hints }: Notices,
): void {
	const counts = countByOutcome(reports, outcomes);
	const ofOutcomes = [...counts].flatMap(([outcome, count]) =>
		hints[outcome] ? [hints[outcome].replace('{count}', String(count))] : [],
	);
	const ofItems = reports.flatMap((report) => (report.succeeded && report.hint) || []);
	const messages = [...new Set([...ofOutcomes, ...ofItems])];
	if (messages.length === 0) return;
	context.addExecutionHints(
		...messages.map((message) => ({ message, location: 'outputPane' as const })),
	);
}

/**
 * Stores the counts in the execution's custom data, by which n8n can filter executions, as in `kis_unknown` = `2`.
 *
 * n8n keeps ten entries per execution. A count of zero is therefore stored only to replace that of an earlier run.
 */
function noteCounts(
	context: IExecuteFunctions,
	reports: readonly ItemReport[],
	{ outcomes }: Notices,
): void {
	// n8n 1.x gives nodes no custom data, and 2.x gives none to a node that runs outside an execution.
	try {
		const host: Partial<IExecuteFunctions> = context;
		const data = host.customData;
		if (!data) return;
		const counts = countByOutcome(reports, outcomes);
		for (const outcome of outcomes) {
			const count = counts.get(outcome) ?? 0;
			const key = `kis_${outcome}`;
			if (count > 0 || data.get(key)) data.set(key, String(count));
		}
	} catch {
		return;
	}
}
