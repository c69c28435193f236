import type { IDataObject } from 'n8n-workflow';

import type { Attempt } from '../../../kis/attempt';
import type { Unusable } from '../../../kis/unusable';

/**
 * How an item ended, over all operations; the order in which they are counted.
 *
 * - of a revoke: `revoked`, `alreadyInvalid`, `rejected`, `unknown`, `notSent`;
 * - of an issue: `issued`, `reused`, `unusable`, `rejected`, `unknown`, `notSent`;
 * - of an inspection: `inspected`, `notInspected`.
 */
export const ITEM_OUTCOMES = [
	'revoked',
	'alreadyInvalid',
	'issued',
	'reused',
	'inspected',
	'unusable',
	'rejected',
	'unknown',
	'notSent',
	'notInspected',
] as const;
export type ItemOutcome = (typeof ITEM_OUTCOMES)[number];

/** What is said about one item. Nothing in it is secret, but for the token that Issue gives out. */
export type Report = Success | Failure;

export interface Success {
	readonly succeeded: true;
	readonly outcome: ItemOutcome;
	/** What the operation gives out. */
	readonly json: IDataObject;
	/** `null` unless the user asked for it. */
	readonly details: IDataObject | null;
}

export interface Failure {
	readonly succeeded: false;
	readonly outcome: ItemOutcome;
	/** What happened. */
	readonly message: string;
	/** What that means, KIS's own words, and how to get unstuck. Plain text. */
	readonly description: string;
	/** The last code that KIS gave; else that of the connection; `null` where there is neither. */
	readonly code: string | null;
	readonly httpStatus: number | null;
	/** The input could not be used, so that KIS was never asked. */
	readonly unusableInput: boolean;
	/** `null` unless the user asked for it. */
	readonly details: IDataObject | null;
}

/** For input that cannot be used, be it the token, the credential or an option. */
export function reportUnusable(
	outcome: ItemOutcome,
	headline: string,
	{ why, todo }: Unusable,
	details: IDataObject | null = null,
): Failure {
	return {
		succeeded: false,
		outcome,
		message: `${headline}: ${why}`,
		description: `KIS was not asked. ${todo}`,
		code: null,
		httpStatus: null,
		unusableInput: true,
		details,
	};
}

/** For every item of a run that broke in the node itself. */
export function reportBroken(outcome: ItemOutcome, headline: string, consequence: string): Failure {
	return {
		succeeded: false,
		outcome,
		message: `${headline}: the node itself broke off`,
		description: `${consequence} Report this to the maintainers of this node.`,
		code: null,
		httpStatus: null,
		unusableInput: false,
		details: null,
	};
}

/** What the other side said in its own words, if it said anything. */
export function quote(answer: Attempt | null): string[] {
	if (!answer?.text) return [];
	const { verdict, refusalCode, text } = answer;
	const speaker = verdict === 'unwritten' ? 'n8n says' : 'The server says';
	return [`${speaker}${refusalCode === null ? '' : ` (${refusalCode})`}: “${quotable(text)}”`];
}

/** Without what would move, hide or end the quotation: control and format characters, lines, quotation marks of its kind. */
function quotable(text: string): string {
	return text.replace(/[\s\p{C}]+/gu, ' ').replace(/[“”]/g, '"');
}
