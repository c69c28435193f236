import type { INodeExecutionData } from 'n8n-workflow';

import type { ItemReport } from './itemReport';

/**
 * Turns a report into an output item.
 *
 * n8n sends an item to the Error output, and merges the input item into it, only if `error` is the only key of its JSON
 * (2.x allows two more) and `pairedItem` is an object.
 */
export function toItem(report: ItemReport, itemIndex: number): INodeExecutionData {
	const { outcome } = report;
	const details = report.details && { details: report.details };
	if (report.succeeded) {
		return { json: { ...report.json, outcome, ...details }, pairedItem: { item: itemIndex } };
	}
	const { message, description, code, httpStatus } = report;
	return {
		json: { error: { message, description, code, httpStatus, outcome, ...details } },
		pairedItem: { item: itemIndex },
	};
}
