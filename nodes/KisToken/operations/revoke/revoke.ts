import type { IExecuteFunctions } from 'n8n-workflow';

import type { AccessToken } from '../../../../kis/accessToken';
import { OUTCOMES, type Outcome } from '../../../../kis/revoke/outcome';
import { mapInTurns } from '../../../../kis/turns';
import { Unusable } from '../../../../kis/unusable';
import { cancelSignal, egressRules, executionKey, hasSentBefore, noteSending } from '../../host';
import { readEach, readToken, STOPPED } from '../../input';
import type { Report } from '../../report/report';
import type { Operation } from '../operation';
import { optionsField, readSetup, type Setup } from '../option';
import { tokenField } from '../tokenField';
import { revokeOptions } from './options';
import { progressLog } from './progress';
import { BROKEN_RUN, reportNotSent, reportRevocation, reportUnknown } from './report';

export const revoke: Operation<Outcome> = {
	option: {
		name: 'Revoke',
		action: 'Revoke an access token',
		description:
			'End an access token before it expires (접근토큰폐기). Every program that shares it stops with it.',
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
		optionsField(revokeOptions),
	],
	output: { code: 'string', message: 'string' },
	outcomes: OUTCOMES,
	shortfall: 'not confirmed as revoked',
	brokenRun: BROKEN_RUN,

	async run(context) {
		const setup = await readSetup(context, revokeOptions);
		if (setup instanceof Unusable) {
			const report = hasSentBefore(context) ? reportUnknown(setup) : reportNotSent(setup);
			return context.getInputData().map(() => report);
		}
		// What became of a token in an earlier try is told by the token alone.
		const onStop = hasSentBefore(context) ? null : STOPPED;
		const tokens = await readEach(context, (itemIndex) => readToken(context, itemIndex), onStop);
		return await revokeEach(context, setup, tokens);
	},
};

async function revokeEach(
	context: IExecuteFunctions,
	{ credential, options }: Setup<typeof revokeOptions>,
	tokens: ReadonlyArray<AccessToken | Unusable>,
): Promise<Array<Report<Outcome>>> {
	const usable = tokens.filter(isUsable);
	// Loaded by the first run, not by n8n's start: it brings the HTTP client.
	const { revokeTokens } = await import('../../../../kis/revoke/revokeTokens');
	noteSending(context);
	const revocations = await revokeTokens(credential, usable, {
		...options,
		timeoutMs: options.timeout,
		cancel: cancelSignal(context),
		execution: executionKey(context),
		egress: egressRules(context),
		onSettled: progressLog(context.logger),
	});
	let next = 0;
	return await mapInTurns(tokens, (token) =>
		isUsable(token)
			? reportRevocation(token, revocations[next++], credential, options)
			: reportNotSent(token, options.includeDetails ? credential.environment : null),
	);
}

function isUsable(token: AccessToken | Unusable): token is AccessToken {
	return !(token instanceof Unusable);
}
