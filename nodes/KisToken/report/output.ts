import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { mapInTurns } from '../../../kis/turns';
import { cancelSignal } from '../host/execution';
import { runError, type Tally } from './runError';
import { toItem } from './item';
import type { ItemReport } from './itemReport';
import { countByOutcome, summary } from './summary';

/** How a run tells, beside its items, what became of them. */
export interface Notices extends Tally {
	/** What n8n's output panel says of items that ended so, by outcome; `{count}` stands for how many. */
	readonly hints: Readonly<Record<string, string>>;
}

/**
 * Ends a run as the user wants failed items to be handled: an item for each, or one error for all.
 *
 * A stopped run always gives items; n8n usually stores nothing of them, hence the line in its log.
 *
 * @throws {NodeApiError | NodeOperationError} if an item failed and the node is to stop on errors.
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

/** Shows in the output panel what the items alone would not make plain. */
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
 * Notes the counts as the execution's custom data, by which n8n filters executions: `kis_unknown` is `2`. n8n keeps ten
 * entries for an execution, so an outcome that none has is not noted, unless an earlier run has noted it.
 */
function noteCounts(
	context: IExecuteFunctions,
	reports: readonly ItemReport[],
	{ outcomes }: Notices,
): void {
	// n8n 1.x has none for nodes, and 2.x none for a node that is run outside an execution.
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
