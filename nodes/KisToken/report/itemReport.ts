import type { IDataObject } from 'n8n-workflow';

import type { InvalidInput } from '../../../kis/input/invalidInput';

/** What is said about one item. Nothing in it is secret, but for the token that Issue passes on. */
export type ItemReport<Name extends string = string> = Success<Name> | Failure<Name>;

export interface Success<Name extends string = string> {
	readonly succeeded: true;
	readonly outcome: Name;
	/** What the operation gives out. */
	readonly json: IDataObject;
	/** `null` unless the user asked for it. */
	readonly details: IDataObject | null;
	/** What the user should see in the node's output panel, without the workflow having to handle it: a sentence. */
	readonly hint?: string;
}

export interface Failure<Name extends string = string> {
	readonly succeeded: false;
	readonly outcome: Name;
	/** What happened. */
	readonly message: string;
	/** What that means, KIS's own words, and how to get unstuck. Plain text. */
	readonly description: string;
	/** The last code that KIS gave; else that of the connection; `null` where there is neither. */
	readonly code: string | null;
	readonly httpStatus: number | null;
	/** The input could not be used, so that KIS was never asked. */
	readonly invalidInput: boolean;
	/** `null` unless the user asked for it. */
	readonly details: IDataObject | null;
}

/** For input that cannot be used, be it the token, the credential or an option. */
export function reportInvalidInput<Name extends string>(
	outcome: Name,
	headline: string,
	{ why, todo }: InvalidInput,
	details: IDataObject | null = null,
): Failure<Name> {
	return {
		succeeded: false,
		outcome,
		message: `${headline}: ${why}`,
		description: `${todo} KIS was not asked.`,
		code: null,
		httpStatus: null,
		invalidInput: true,
		details,
	};
}

/** For every item of a run that broke in the node itself. */
export function reportBrokenRun<Name extends string>(
	outcome: Name,
	headline: string,
	consequence: string,
): Failure<Name> {
	return {
		succeeded: false,
		outcome,
		message: `${headline}: the node itself broke off`,
		description: `${consequence} Report this to the maintainers of this node.`,
		code: null,
		httpStatus: null,
		invalidInput: false,
		details: null,
	};
}
