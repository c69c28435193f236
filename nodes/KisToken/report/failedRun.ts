import { NodeApiError, NodeOperationError, type INode } from 'n8n-workflow';

import type { Failure, Report } from './report';
import { summary } from './summary';

/** More would not be read; the others are counted. */
const MAX_LISTED = 20;

/** How the items of an operation are summed up. */
export interface Tally {
	/** How an item can end, in the order in which they are counted. */
	readonly outcomes: readonly string[];
	/** What failed items have in common, as in `3 of 5 items not confirmed as revoked`. */
	readonly shortfall: string;
}

/** The one error of a run that stops on errors, after every item had its turn. At least one report is a failure. */
export function failedRun(
	node: INode,
	reports: readonly Report[],
	{ shortfall, outcomes }: Tally,
): NodeApiError | NodeOperationError {
	const failures = reports.filter(hasFailed);
	const [first] = failures;
	const itemIndex = reports.indexOf(first);
	const count = `${failures.length} of ${reports.length} ${reports.length === 1 ? 'item' : 'items'}`;
	const which = `${failures.length === 1 ? 'namely' : 'first'} item ${itemIndex}`;
	const message = `${count} ${shortfall}, ${which}. ${first.message}`;
	const options = {
		message,
		description: describe(failures, reports, outcomes),
		itemIndex,
	};
	// n8n stores the node with the error: a token that was typed in is among its parameters.
	const withoutParameters: INode = { ...node, parameters: {} };
	if (failures.every(({ unusableInput }) => unusableInput)) {
		return new NodeOperationError(withoutParameters, message, options);
	}
	return new NodeApiError(
		withoutParameters,
		{ message },
		{ ...options, httpCode: first.httpStatus === null ? undefined : String(first.httpStatus) },
	);
}

/** n8n shows a thrown description as HTML. */
function describe(
	failures: readonly Failure[],
	reports: readonly Report[],
	outcomes: readonly string[],
): string {
	const lines: string[] = [];
	for (const [itemIndex, report] of reports.entries()) {
		if (lines.length === MAX_LISTED) break;
		if (hasFailed(report)) lines.push(describeItem(report, itemIndex));
	}
	const rest = failures.slice(MAX_LISTED);
	if (rest.length > 0) lines.push(`${rest.length} more: ${summary(rest, outcomes)}`);
	const others = reports.filter(({ succeeded }) => succeeded);
	if (others.length > 0) lines.push(`The rest: ${summary(others, outcomes)}`);
	return `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;
}

function hasFailed(report: Report): report is Failure {
	return !report.succeeded;
}

function describeItem({ outcome, code, message, description }: Failure, itemIndex: number): string {
	return [`item ${itemIndex}`, outcome, code, `${message}. ${description}`]
		.filter((part) => part !== null)
		.join(' – ');
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&#39;',
};

function escapeHtml(text: string): string {
	return text.replace(/[&<>"']/g, (character) => HTML_ENTITIES[character]);
}
