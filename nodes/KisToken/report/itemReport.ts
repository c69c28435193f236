import type { IDataObject } from 'n8n-workflow';

import type { InvalidInput } from '../../../kis/input/invalidInput';

/** What the node says about one item. Contains no secret, except the token that Issue passes on. */
export type ItemReport<Name extends string = string> = Success<Name> | Failure<Name>;

export interface Success<Name extends string = string> {
	readonly succeeded: true;
	readonly outcome: Name;
	/** The fields of the output item. */
	readonly json: IDataObject;
	/** `null` unless the user asked for it. */
	readonly details: IDataObject | null;
	/** Shown in the node's output panel, and not passed to the workflow: a sentence. */
	readonly hint?: string;
}

export interface Failure<Name extends string = string> {
	readonly succeeded: false;
	readonly outcome: Name;
	/** What happened. */
	readonly message: string;
	/** What it means, how to get unstuck, and KIS's own words. Plain text. */
	readonly description: string;
	/** The last code that KIS gave, else the transport code; `null` if there is neither. */
	readonly code: string | null;
	readonly httpStatus: number | null;
	/** The input is invalid, and KIS was not asked. */
	readonly invalidInput: boolean;
	/** `null` unless the user asked for it. */
	readonly details: IDataObject | null;
}

/** Reports an item that was not processed because of invalid input: a token, the credential or an option. */
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
		description: todo,
		code: null,
		httpStatus: null,
		invalidInput: true,
		details,
	};
}

/** Reports an item of a run in which the node itself failed. */
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
