import type { IExecuteFunctions } from 'n8n-workflow';

import type { AccessToken } from '../../../../kis/accessToken';
import { Unusable } from '../../../../kis/unusable';
import { cancelSignal, egressRules, executionKey, hasSentBefore, noteSending } from '../../host';
import { readEach, readSetup, readToken, type Setup } from '../../input';
import { progressLog } from '../../report/progress';
import type { Report } from '../../report/report';
import type { Operation } from '../operation';
import { tokenField } from '../tokenField';
import { parseRevokeOptions, revokeOptions, type RevokeNodeOptions } from './options';
import { REVOKE_AGAIN } from './reason';
import { BROKEN_RUN, reportNotSent, reportRevocation, reportUnknown } from './report';

const STOPPED = new Unusable('the execution was stopped', REVOKE_AGAIN);

export const revoke: Operation = {
	option: {
		name: 'Revoke',
		value: 'revoke',
		action: 'Revoke an access token',
		description:
			'End an access token before it expires (접근토큰폐기). Every program that shares the token stops with it. The token comes from an expression over an earlier step, never from an AI model.',
	},
	endpoint: 'POST /oauth2/revokeP',
	searchWords: ['revoke', '접근토큰폐기'],
	fields: [
		{
			displayName:
				'Within 6 hours KIS gives every program on an app key the same token: revoking it stops them all',
			name: 'sharedTokenNotice',
			type: 'notice',
			default: '',
		},
		tokenField('revoke'),
		revokeOptions,
	],
	output: { code: 'string', message: 'string' },
	shortfall: 'not confirmed as revoked',
	brokenRun: BROKEN_RUN,

	async run(context) {
		const setup = await readSetup(context, parseRevokeOptions);
		if (setup instanceof Unusable) {
			const report = hasSentBefore(context, 'revoke') ? reportUnknown(setup) : reportNotSent(setup);
			return context.getInputData().map(() => report);
		}
		// What became of a token in an earlier try is told by the token alone.
		const onStop = hasSentBefore(context, 'revoke') ? null : STOPPED;
		const tokens = await readEach(context, (itemIndex) => readToken(context, itemIndex), onStop);
		return await revokeEach(context, setup, tokens);
	},
};

async function revokeEach(
	context: IExecuteFunctions,
	{ credential, options }: Setup<RevokeNodeOptions>,
	tokens: ReadonlyArray<AccessToken | Unusable>,
): Promise<Report[]> {
	const usable = tokens.filter(isUsable);
	// Loaded by the first run, not by n8n's start: it brings the HTTP client.
	const { revokeTokens } = await import('../../../../kis/revoke/revokeTokens');
	noteSending(context, 'revoke');
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
			: reportNotSent(token, options.includeDetails ? credential.environment : null),
	);
}

function isUsable(token: AccessToken | Unusable): token is AccessToken {
	return !(token instanceof Unusable);
}
