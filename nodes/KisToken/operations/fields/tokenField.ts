import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { AccessToken } from '../../../../kis/input/accessToken';
import { addressOf } from '../../../../kis/input/baseUrl';
import type { KisCredential } from '../../../../kis/input/credential';
import { InvalidInput } from '../../../../kis/input/invalidInput';
import { cancelSignal, retriedRun, runKey } from '../../host/execution';
import { isToken, readEach, readParameter, readToken, sameForAll } from '../../host/input';
import { isNotShared } from '../../report/sharing';
import { typedTokenHint } from './typedTokenHint';

const NO_SOURCE = new InvalidInput(
	'Token From is neither Input nor Credential',
	'Choose one in the node.',
);
const NONE_KEPT = new InvalidInput(
	'the KIS API credential keeps no access token',
	'It gets one when an HTTP Request first needs one, or by Issue, and forgets it when n8n ends, unless workers share it.',
);
/** Whether the other workers have one is not known. */
const NOT_SHARED = new InvalidInput(
	'this n8n process keeps no access token, and the Redis that may hold the one of the other workers cannot be used',
	'They may go on using one. Run again when Redis is back: n8n’s log says what is wrong with it.',
);

/**
 * Returns the fields Token From and Token.
 *
 * @param purpose A verb, as in "The access token to revoke".
 */
export function tokenFields(purpose: string): INodeProperties[] {
	return [
		{
			displayName: 'Token From',
			name: 'tokenSource',
			type: 'options',
			noDataExpression: true,
			default: 'input',
			options: [
				{
					name: 'Input',
					value: 'input',
					description: 'The field Token, for each item',
				},
				{
					name: 'Credential',
					value: 'credential',
					description: 'The one that the KIS API credential brings to HTTP Requests',
				},
			],
		},
		{
			displayName: 'Token',
			name: 'token',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			displayOptions: { show: { tokenSource: ['input'] } },
			default: '={{ $json.access_token }}',
			description: `The access token (접근토큰) to ${purpose}, with or without "Bearer". Keep it an expression over an earlier step: a token that is typed in is stored in the workflow, and one that an AI model fills in has been told to its provider.`,
		},
	];
}

export const tokenHint = typedTokenHint({
	displayName: 'Token',
	raw: '$rawParameter.token',
	instead: 'set Token From to Credential',
});

/**
 * Reads the token of each item, from the source that Token From names. Never throws.
 *
 * @param credential If it is invalid, tokens from the input are read nevertheless, and a token that it keeps is still known
 * where an earlier try of "Retry On Fail" found it.
 * @param onStop Returned for the remaining items once the execution is stopped; `null` to read those too.
 * @returns One token per item, in order, or why there is none.
 */
export async function readTokens(
	context: IExecuteFunctions,
	credential: KisCredential | InvalidInput,
	onStop: InvalidInput | null,
): Promise<Array<AccessToken | InvalidInput>> {
	const source = readParameter(context, {
		name: 'tokenSource',
		itemIndex: 0,
		failure: 'the field Token From cannot be read',
		absent: 'input',
		credential,
	});
	if (source instanceof InvalidInput) return sameForAll(context, source);
	switch (source.value) {
		case 'input':
			return await readEach(
				context,
				withEarlierTries(context, (itemIndex) => readToken(context, itemIndex, credential)),
				onStop,
			);
		case 'credential':
			if (credential instanceof InvalidInput) {
				return sameForAll(context, foundIn(context, runKey(context)).lastKept ?? credential);
			}
			return sameForAll(
				context,
				(await tokenKept(context, credential)) ??
					(isNotShared(credential) ? NOT_SHARED : NONE_KEPT),
			);
		default:
			return sameForAll(context, NO_SOURCE);
	}
}

/** What the tries of one run of a node have found. */
interface Found {
	/** In the input, by the index of the item. */
	readonly input: Map<number, AccessToken>;
	/** In each credential, by app key and host. */
	readonly kept: Map<string, AccessToken>;
	/** In the credential that was read last. */
	lastKept: AccessToken | null;
}

/** By execution, then by run. */
const foundByTries = new WeakMap<AbortSignal, Map<string, Found>>();

/** Returns what the tries of a run have found so far. */
function foundIn(context: IExecuteFunctions, run: string): Found {
	const execution = cancelSignal(context);
	const runs = foundByTries.get(execution) ?? new Map<string, Found>();
	foundByTries.set(execution, runs);
	const found = runs.get(run) ?? { input: new Map(), kept: new Map(), lastKept: null };
	runs.set(run, found);
	return found;
}

/** Makes a later try of "Retry On Fail" find what an earlier one has found where it finds none: that may have been sent. */
function withEarlierTries(
	context: IExecuteFunctions,
	read: (itemIndex: number) => AccessToken | InvalidInput,
): typeof read {
	const run = retriedRun(context);
	if (run === null) return read;
	const { input } = foundIn(context, run);
	return (itemIndex) => {
		const token = read(itemIndex);
		if (isToken(token)) input.set(itemIndex, token);
		return input.get(itemIndex) ?? token;
	};
}

/**
 * Returns the token that the credential keeps. A later try of "Retry On Fail" gets the one that the first found, even if the
 * credential keeps another by then.
 */
async function tokenKept(
	context: IExecuteFunctions,
	credential: KisCredential,
): Promise<AccessToken | null> {
	// Loaded by the first run that needs it, so that n8n's start takes no longer.
	const { keptTokenOf } = await import('../../../../kis/keptToken/keptToken');
	const { learnOfKept } = await import('../../../../kis/keptToken/keptShare');
	const kept = keptTokenOf(credential);
	await learnOfKept(kept, credential);
	const found = foundIn(context, runKey(context));
	const keptBy = JSON.stringify([credential.appkey, addressOf(credential.baseUrl)]);
	const token = found.kept.get(keptBy) ?? kept.token;
	if (token) {
		found.kept.set(keptBy, token);
		found.lastKept = token;
	}
	return token;
}
