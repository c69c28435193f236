import type { IExecuteFunctions } from 'n8n-workflow';

import type { AccessToken } from '../../../../kis/input/accessToken';
import { whileRevokingForAll } from '../../../../kis/memory/sharedMarks';
import { executionMemory } from '../../../../kis/memory/executionMemory';
import { REVOKE_OUTCOMES, type RevokeOutcome } from '../../../../kis/reply/outcome';
import { mapInTurns } from '../../../../kis/turns';
import { InvalidInput } from '../../../../kis/input/invalidInput';
import { cancelSignal, egressRules, executionKey } from '../../host';
import { STOPPED } from '../../input';
import type { Report } from '../../report/report';
import { logIfNotShared } from '../../report/sharing';
import type { Operation } from '../operation';
import { optionsField, readSetup, type Setup } from '../option';
import { readTokens, tokenFields } from '../tokenField';
import { revokeOptions } from './options';
import { progressLog } from './progress';
import { BROKEN_RUN, reportNotSent, reportRevocation, reportStanding } from './report';

export const revoke: Operation<RevokeOutcome> = {
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
		...tokenFields('revoke'),
		optionsField(revokeOptions),
	],
	output: { code: 'string', message: 'string' },
	outcomes: REVOKE_OUTCOMES,
	shortfall: 'ended without a confirmed revoke',
	hints: {
		alreadyInvalid: 'Already dead: {count} (alreadyInvalid). Nothing is left to do.',
		rejected: 'Not revoked, perhaps still live: {count} (rejected). See the item for the reason.',
		unknown:
			'Perhaps still live: {count} (unknown). Treat each as live until its revoke is confirmed.',
		notSent: 'Never sent to KIS, as live as before: {count} (notSent).',
	},
	brokenRun: BROKEN_RUN,

	async run(context) {
		const execution = executionKey(context);
		const setup = await readSetup(context, revokeOptions);
		const hasSent = executionMemory.hasSent(execution);
		if (setup instanceof InvalidInput && !hasSent) {
			return context.getInputData().map(() => reportNotSent(setup));
		}
		// What became of a token in an earlier try is told by the token alone.
		const onStop = hasSent ? null : STOPPED;
		const credential = setup instanceof InvalidInput ? setup : setup.credential;
		const tokens = await readTokens(context, credential, onStop);
		if (setup instanceof InvalidInput) {
			return tokens.map((token) => {
				const standing = isUsable(token) ? executionMemory.recallAny(execution, token) : null;
				return standing ? reportStanding(standing, setup) : reportNotSent(setup);
			});
		}
		return await revokeEach(context, setup, tokens);
	},
};

async function revokeEach(
	context: IExecuteFunctions,
	{ credential, options }: Setup<typeof revokeOptions>,
	tokens: ReadonlyArray<AccessToken | InvalidInput>,
): Promise<Array<Report<RevokeOutcome>>> {
	const usable = tokens.filter(isUsable);
	// Loaded by the first run, not by n8n's start: it brings the HTTP client.
	const { revokeTokens } = await import('../../../../kis/revoke/revokeTokens');
	const revoke = async () =>
		await revokeTokens(credential, usable, {
			...options,
			timeoutMs: options.timeout,
			cancel: cancelSignal(context),
			executionId: executionKey(context),
			egress: egressRules(context),
			onResult: progressLog(context.logger),
		});
	const revocations = await whileRevokingForAll(usable, credential, revoke);
	logIfNotShared(context.logger, credential);
	return await mapInTurns(tokens, (token) => {
		if (!isUsable(token)) {
			return reportNotSent(token, options.includeDetails ? credential.environment : null);
		}
		const revocation = revocations.get(token.fingerprint);
		return revocation ? reportRevocation(token, revocation, credential, options) : BROKEN_RUN;
	});
}

function isUsable(token: AccessToken | InvalidInput): token is AccessToken {
	return !(token instanceof InvalidInput);
}
