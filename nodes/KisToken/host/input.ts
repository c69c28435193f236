import type { IExecuteFunctions } from 'n8n-workflow';

import { parseAccessToken, type AccessToken } from '../../../kis/input/accessToken';
import { parseCredential, type KisCredential } from '../../../kis/input/credential';
import { InvalidInput } from '../../../kis/input/invalidInput';
import { mapInTurns } from '../../../kis/turns';
import { cancelSignal } from './execution';
import { reasonOfN8n } from './expressionReason';

// What n8n throws here is never passed on as it is: its text may quote a credential or a token.

export const UNREADABLE_CREDENTIAL = new InvalidInput(
	'n8n could not read the KIS API credential',
	'Select it again in this node, or open it and save it anew.',
);

/** Reads the KIS API credential. Never throws. */
export async function readCredential(
	context: IExecuteFunctions,
): Promise<KisCredential | InvalidInput> {
	try {
		const credential = parseCredential(await context.getCredentials('kisApi'));
		return credential instanceof InvalidInput
			? new InvalidInput(credential.why, `Correct it in the KIS API credential. ${credential.todo}`)
			: credential;
	} catch {
		return UNREADABLE_CREDENTIAL;
	}
}

/** A parameter of the node, and the item to evaluate it for. */
interface Parameter {
	readonly name: string;
	readonly itemIndex: number;
	/** What to say if n8n cannot evaluate the expression: a clause without a full stop. */
	readonly failure: string;
	/** The value of a parameter that is not there. */
	readonly absent?: unknown;
	/** The credential whose keys the reason must not quote, if it could be read. */
	readonly credential?: KisCredential | InvalidInput;
}

/** Evaluates a parameter. Never throws. @returns The value; an {@link InvalidInput} if n8n cannot evaluate it. */
export function readParameter(
	context: IExecuteFunctions,
	{ name, itemIndex, failure, absent, credential }: Parameter,
): { readonly value: unknown } | InvalidInput {
	try {
		return { value: context.getNodeParameter(name, itemIndex, absent) };
	} catch (error) {
		const reason = reasonOfN8n(error, { context, name, itemIndex }, credential);
		return new InvalidInput(
			failure,
			reason === null
				? 'Open it in the node to see what n8n says about it.'
				: `Correct it, or what it refers to. n8n says: “${reason}”.`,
		);
	}
}

/**
 * Reads the field Token for an item. Never throws.
 *
 * @param credential The credential whose keys the reason must not quote, if it could be read.
 */
export function readToken(
	context: IExecuteFunctions,
	itemIndex: number,
	credential: KisCredential | InvalidInput,
): AccessToken | InvalidInput {
	const failure = 'the expression in the field Token cannot be evaluated for this item';
	const given = readParameter(context, { name: 'token', itemIndex, failure, credential });
	if (given instanceof InvalidInput) return given;
	const token = parseAccessToken(given.value);
	return token instanceof InvalidInput
		? new InvalidInput(
				token.why,
				'Check what the field Token gives for this item, or set Token From to Credential.',
			)
		: token;
}

/**
 * Reads something for each item. n8n's expression engine may take a millisecond for each, so other executions get their
 * turn in between.
 *
 * @param onStop Returned for the remaining items once the execution is stopped; `null` to read those too.
 */
export async function readEach<T>(
	context: IExecuteFunctions,
	read: (itemIndex: number) => T,
	onStop: T | null,
): Promise<T[]> {
	const stop = cancelSignal(context);
	return await mapInTurns(context.getInputData(), (_item, itemIndex) =>
		onStop !== null && stop.aborted ? onStop : read(itemIndex),
	);
}

/** Returns the same value for all items: one for each. */
export function sameForAll<T>(context: IExecuteFunctions, value: T): T[] {
	return context.getInputData().map(() => value);
}

/** Why an item was not processed after Stop. */
export const STOPPED = new InvalidInput('the execution was stopped', 'Run again.');

/** Tells a token from the reason why there is none. */
export function isToken(token: AccessToken | InvalidInput | null): token is AccessToken {
	return token !== null && !(token instanceof InvalidInput);
}
