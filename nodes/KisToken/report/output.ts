import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { mapInTurns } from '../../../kis/turns';
import { cancelSignal } from '../host/execution';
import { addToExecution } from './executionCounts';
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
	addToExecution(context, countByOutcome(reports, notices.outcomes), notices.outcomes);
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
