import { setImmediate as yieldToHost } from 'node:timers/promises';
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { parseAccessToken, type AccessToken } from '../../kis/accessToken';
import { parseCredential, type KisCredential } from '../../kis/credential';
import type { EnvironmentName } from '../../kis/environments';
import { Unusable } from '../../kis/unusable';
import { cancelSignal } from './host';

// What n8n throws here is not passed on: its text may quote a credential or a token.

/** What the parameter `operation` says; `undefined` for an expression that cannot be evaluated. */
export function readOperation(context: IExecuteFunctions): unknown {
	try {
		return context.getNodeParameter('operation', 0);
	} catch {
		return undefined;
	}
}

export async function readCredential(
	context: IExecuteFunctions,
): Promise<KisCredential | Unusable> {
	try {
		const credential = parseCredential(await context.getCredentials('kisApi'));
		return credential instanceof Unusable
			? new Unusable(credential.why, 'Correct it in the KIS API credential.')
			: credential;
	} catch {
		return new Unusable(
			'n8n could not read the KIS API credential',
			'Select it again in this node, or open it and save it anew.',
		);
	}
}

export function readToken(context: IExecuteFunctions, itemIndex: number): AccessToken | Unusable {
	try {
		const token = parseAccessToken(context.getNodeParameter('token', itemIndex));
		return token instanceof Unusable
			? new Unusable(token.why, 'Check what the field Token gives for this item.')
			: token;
	} catch {
		return new Unusable(
			'the expression in the field Token cannot be evaluated for this item',
			'Open the field to see what n8n says about it.',
		);
	}
}

/** The option Reuse Token of an item; `null` where there is none that could be reused. */
export function readReuseToken(
	context: IExecuteFunctions,
	itemIndex: number,
): AccessToken | null | Unusable {
	try {
		const token = parseAccessToken(context.getNodeParameter('options.reuseToken', itemIndex, ''));
		return token instanceof Unusable ? null : token;
	} catch {
		return new Unusable(
			'the expression in Reuse Token cannot be evaluated for this item',
			'Open the option to see what n8n says about it.',
		);
	}
}

/** Reading a parameter takes n8n's expression engine about 0.6 ms; the host gets its turn after so many. */
const ITEMS_PER_TURN = 100;

/**
 * Reads something of each item.
 *
 * @param onStop Stands for the rest once the execution is stopped; `null` to read them all the same.
 */
export async function readEach<T>(
	context: IExecuteFunctions,
	read: (itemIndex: number) => T,
	onStop: T | null = null,
): Promise<T[]> {
	const stop = cancelSignal(context);
	const all: T[] = [];
	for (let itemIndex = 0; itemIndex < context.getInputData().length; itemIndex++) {
		if (itemIndex > 0 && itemIndex % ITEMS_PER_TURN === 0) await yieldToHost();
		all.push(onStop !== null && stop.aborted ? onStop : read(itemIndex));
	}
	return all;
}

export interface Setup<Options> {
	readonly credential: KisCredential;
	readonly options: Options;
}

/** The credential and the options of the node. @param parse Reads the collection. */
export async function readSetup<Options extends object>(
	context: IExecuteFunctions,
	parse: (collection: IDataObject, environment: EnvironmentName) => Options | Unusable,
): Promise<Setup<Options> | Unusable> {
	const credential = await readCredential(context);
	if (credential instanceof Unusable) return credential;
	const collection = readCollection(context, 'options');
	if (collection instanceof Unusable) return collection;
	const options = parse(collection, credential.environment);
	return options instanceof Unusable ? options : { credential, options };
}

/** A collection parameter, which n8n evaluates as a whole: once a run, with the first item. */
function readCollection(context: IExecuteFunctions, name: string): IDataObject | Unusable {
	try {
		return context.getNodeParameter(name, 0, {}) as IDataObject;
	} catch {
		return new Unusable(
			'an expression in Options cannot be evaluated',
			'Open Options to see what n8n says about it.',
		);
	}
}
