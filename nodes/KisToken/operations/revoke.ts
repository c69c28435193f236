import { setImmediate as yieldToHost } from 'node:timers/promises';
import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import type { AccessToken } from '../../../kis/accessToken';
import type { KisCredential } from '../../../kis/credential';
import { REVOKE_AGAIN } from '../../../kis/errorCodes';
import { Unusable } from '../../../kis/unusable';
import { cancelSignal, egressRules, executionKey, hasSentBefore, noteSending } from '../host';
import { readCollection, readCredential, readToken } from '../input';
import { toOutput } from '../report/output';
import { progressLog } from '../report/progress';
import { reportRevocation, reportUnusable, reportUnusableNow, type Report } from '../report/report';
import { optionsField, parseOptions, type RevokeNodeOptions } from './revoke.options';

export const option = {
	name: 'Revoke',
	value: 'revoke',
	action: 'Revoke an access token',
	description:
		'End an access token before it expires (접근토큰폐기). Every program that shares the token stops with it.',
};

export const fields: INodeProperties[] = [
	{
		displayName:
			'Within 6 hours KIS gives every program on an app key the same token: revoking it stops them all',
		name: 'sharedTokenNotice',
		type: 'notice',
		default: '',
	},
	{
		displayName: 'Token',
		name: 'token',
		type: 'string',
		typeOptions: { password: true },
		required: true,
		default: '={{ $json.access_token }}',
		description:
			'The access token (접근토큰) to revoke, with or without "Bearer". Keep it an expression over an earlier step: a token that is typed in is stored in the workflow.',
	},
	optionsField,
];

/** Reading a token takes n8n's expression engine about 0.6 ms; the host gets its turn after so many. */
const ITEMS_PER_TURN = 100;

const STOPPED = new Unusable('the execution was stopped', REVOKE_AGAIN);

interface Setup {
	readonly credential: KisCredential;
	readonly options: RevokeNodeOptions;
}

export async function execute(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const setup = await readSetup(context);
	if (setup instanceof Unusable) {
		const report = hasSentBefore(context) ? reportUnusableNow(setup) : reportUnusable(setup);
		return toOutput(
			context,
			context.getInputData().map(() => report),
		);
	}
	return toOutput(context, await revokeEach(context, setup, await readTokens(context)));
}

async function readSetup(context: IExecuteFunctions): Promise<Setup | Unusable> {
	const credential = await readCredential(context);
	if (credential instanceof Unusable) return credential;
	const collection = readCollection(context, 'options');
	if (collection instanceof Unusable) return collection;
	const options = parseOptions(collection, credential.environment);
	return options instanceof Unusable ? options : { credential, options };
}

async function readTokens(context: IExecuteFunctions): Promise<Array<AccessToken | Unusable>> {
	const stop = cancelSignal(context);
	// What became of a token in an earlier try is told by the token alone.
	const mayLeaveOut = !hasSentBefore(context);
	const tokens: Array<AccessToken | Unusable> = [];
	for (let itemIndex = 0; itemIndex < context.getInputData().length; itemIndex++) {
		if (itemIndex > 0 && itemIndex % ITEMS_PER_TURN === 0) await yieldToHost();
		tokens.push(mayLeaveOut && stop.aborted ? STOPPED : readToken(context, itemIndex));
	}
	return tokens;
}

async function revokeEach(
	context: IExecuteFunctions,
	{ credential, options }: Setup,
	tokens: ReadonlyArray<AccessToken | Unusable>,
): Promise<Report[]> {
	const usable = tokens.filter(isUsable);
	// Loaded by the first run, not by n8n's start: it brings the HTTP client.
	const { revokeTokens } = await import('../../../kis/revokeTokens');
	noteSending(context);
	const revocations = await revokeTokens(credential, usable, {
		...options,
		cancel: cancelSignal(context),
		execution: executionKey(context),
		egress: egressRules(context),
		onSettled: progressLog(context.logger),
	});
	let next = 0;
	return tokens.map((token) =>
		isUsable(token)
			? reportRevocation(token, revocations[next++], credential, options)
			: reportUnusable(token, options.includeDetails ? credential.environment : null),
	);
}

function isUsable(token: AccessToken | Unusable): token is AccessToken {
	return !(token instanceof Unusable);
}
