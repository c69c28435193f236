import { NodeApiError, NodeOperationError, type INode } from 'n8n-workflow';

import { nextTurn, turnIsOver } from '../../../kis/turns';
import type { Failure, ItemReport } from './itemReport';
import { summary } from './summary';

/** More lines than this nobody reads. The rest are counted. */
const MAX_LISTED = 20;

/** How an operation counts its items. */
export interface Tally {
	/** Every outcome of an item, in the order in which they are counted. */
	readonly outcomes: readonly string[];
	/** What failed items have in common: a predicate, as in `3 of 5 items ended without a confirmed revoke`. */
	readonly shortfall: string;
}

/**
 * Returns the error that a run throws if the node is set to stop on errors. By then every item has been processed.
 *
 * @param reports One per item, in order. At least one is a failure.
 */
export async function runError(
	node: INode,
	reports: readonly ItemReport[],
	{ shortfall, outcomes }: Tally,
): Promise<NodeApiError | NodeOperationError> {
	const failures = reports.filter(hasFailed);
	const [first] = failures;
	const itemIndex = reports.indexOf(first);
	const isAlone = reports.length === 1;
	const which = `${failures.length === 1 ? 'namely' : 'the first of them'} item ${itemIndex}`;
	const count = `${failures.length} of ${reports.length} items ${shortfall}, ${which}. `;
	const message = isAlone ? first.message : count + first.message;
	const description = isAlone ? describeOne(first) : await describeAll(reports, outcomes);
	const options = { message, description, itemIndex };
	// n8n stores the node with the error, and a typed token is one of the node's parameters.
	const withoutParameters: INode = { ...node, parameters: {} };
	if (failures.every(({ invalidInput }) => invalidInput)) {
		return new NodeOperationError(withoutParameters, message, options);
	}
	return new NodeApiError(
		withoutParameters,
		{ message },
		{ ...options, httpCode: first.httpStatus === null ? undefined : String(first.httpStatus) },
	);
}

function hasFailed(report: ItemReport): report is Failure {
	return !report.succeeded;
}

/** Describes the only item. n8n shows the description as HTML and nothing else of the item, so the outcome goes into it. */
function describeOne({ description, outcome }: Failure): string {
	return `${escapeHtml(description)} Outcome: ${outcome}.`;
}

/** Describes all items. Items with the same message share a line. */
async function describeAll(
	reports: readonly ItemReport[],
	outcomes: readonly string[],
): Promise<string> {
	/** Item indexes by message. */
	const alike = new Map<string, number[]>();
	for (const [itemIndex, report] of reports.entries()) {
		while (turnIsOver()) await nextTurn();
		if (!hasFailed(report)) continue;
		const said = `${report.outcome} – ${report.message}. ${report.description}`;
		const items = alike.get(said) ?? [];
		alike.set(said, items);
		items.push(itemIndex);
	}
	const groups = [...alike];
	const lines = groups.slice(0, MAX_LISTED).map(([said, items]) => `${listItems(items)} – ${said}`);
	const rest = groups.slice(MAX_LISTED).flatMap(([, items]) => items.map((item) => reports[item]));
	if (rest.length > 0) lines.push(`${rest.length} more: ${summary(rest, outcomes)}`);
	const others = reports.filter(({ succeeded }) => succeeded);
	if (others.length > 0) lines.push(`The rest: ${summary(others, outcomes)}`);
	return `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;
}

/** Lists item indexes, as in `items 0, 3, 7` or `items 0, 1, 2 … (24 in all)`. */
function listItems(items: readonly number[]): string {
	const more = items.length > MAX_LISTED ? ` … (${items.length} in all)` : '';
	return `${items.length === 1 ? 'item' : 'items'} ${items.slice(0, MAX_LISTED).join(', ')}${more}`;
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
