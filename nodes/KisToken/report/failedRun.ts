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

/** Builds the one error of a run that stops on errors, after every item had its turn. At least one report is a failure. */
export function failedRun(
	node: INode,
	reports: readonly Report[],
	tally: Tally,
): NodeApiError | NodeOperationError {
	const failures = reports.flatMap((report, itemIndex) =>
		report.succeeded ? [] : [{ ...report, itemIndex }],
	);
	const [first] = failures;
	const isAlone = reports.length === 1;
	const count = `${failures.length} of ${reports.length} items ${tally.shortfall}`;
	const which = `${failures.length === 1 ? 'namely' : 'first'} item ${first.itemIndex}`;
	const message = isAlone ? first.message : `${count}, ${which}. ${first.message}`;
	const options = {
		message,
		description: isAlone ? describeOne(first) : describe(failures, reports, tally),
		itemIndex: first.itemIndex,
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

type FailedItem = Failure & { readonly itemIndex: number };

/** n8n shows a thrown description as HTML, and nothing else of the item: its outcome would be lost. */
function describeOne({ description, outcome }: Failure): string {
	return `${escapeHtml(description)} Outcome: ${outcome}.`;
}

/** What is said alike of several items is said once. */
function describe(
	failures: readonly FailedItem[],
	reports: readonly Report[],
	{ outcomes }: Tally,
): string {
	const alike = new Map<string, FailedItem[]>();
	for (const failure of failures) {
		const { outcome, message, description } = failure;
		const said = `${outcome} – ${message}. ${description}`;
		const items = alike.get(said);
		if (items) items.push(failure);
		else alike.set(said, [failure]);
	}
	const groups = [...alike];
	const lines = groups.slice(0, MAX_LISTED).map(([said, items]) => `${listItems(items)} – ${said}`);
	const rest = groups.slice(MAX_LISTED).flatMap(([, items]) => items);
	if (rest.length > 0) lines.push(`${rest.length} more: ${summary(rest, outcomes)}`);
	const others = reports.filter(({ succeeded }) => succeeded);
	if (others.length > 0) lines.push(`The rest: ${summary(others, outcomes)}`);
	return `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;
}

/** Such as `items 0, 3, 7` or `items 0, 1, 2 … (24 in all)`. */
function listItems(items: readonly FailedItem[]): string {
	const named = items.slice(0, MAX_LISTED).map(({ itemIndex }) => itemIndex);
	const more = items.length > named.length ? ` … (${items.length} in all)` : '';
	return `${items.length === 1 ? 'item' : 'items'} ${named.join(', ')}${more}`;
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
