import type { INodeExecutionData } from 'n8n-workflow';

import type { ItemReport } from './itemReport';

/**
 * n8n routes an item to the Error output, and merges the input into it, only if `error` is the single key of its JSON
 * (2.x would allow two more) and `pairedItem` is an object.
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
