import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { mapInTurns } from '../../../kis/turns';
import { cancelSignal } from '../host';
import { failedRun, type Tally } from './failedRun';
import { toItem } from './item';
import type { Report } from './report';
import { summary } from './summary';

/**
 * Ends a run as the user wants failed items to be handled: an item for each, or one error for all.
 *
 * A stopped run always gives items; n8n usually stores nothing of them, hence the line in its log.
 *
 * @throws {NodeApiError | NodeOperationError} if an item failed and the node is to stop on errors.
 */
export async function toOutput(
	context: IExecuteFunctions,
	reports: readonly Report[],
	tally: Tally,
): Promise<INodeExecutionData[]> {
	const stopped = cancelSignal(context).aborted;
	if (stopped) context.logger.info(`KIS Token: stopped. ${summary(reports, tally.outcomes)}`);
	const failed = reports.some(({ succeeded }) => !succeeded);
	if (failed && !stopped && !context.continueOnFail()) {
		throw failedRun(context.getNode(), reports, tally);
	}
	return await mapInTurns(reports, toItem);
}
