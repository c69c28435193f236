import type { IExecuteFunctions } from 'n8n-workflow';

import type { AccessToken } from '../../../../kis/input/accessToken';
import { InvalidInput } from '../../../../kis/input/invalidInput';
import { revokeHistory } from '../../../../kis/memory/revokeHistory';
import { whileRevoking } from '../../../../kis/memory/sharedMarks';
import { REVOKE_OUTCOMES, type RevokeOutcome } from '../../../../kis/reply/revokeOutcome';
import { revokeTokens } from '../../../../kis/revoke/revokeTokens';
import { mapInTurns } from '../../../../kis/turns';
import { egressRules } from '../../host/egressRules';
import { cancelSignal, executionKey, retriedRun } from '../../host/execution';
import { isToken, sameForAll, STOPPED, UNREADABLE_CREDENTIAL } from '../../host/input';
import type { ItemReport } from '../../report/itemReport';
import { logIfNotShared } from '../../report/sharing';
import { optionsField, readSetup, type Setup, type Unusable } from '../fields/option';
import { readTokens, tokenFields } from '../fields/tokenField';
import type { Operation } from '../operation';
import { revokeOptions } from './options';
import { progressLog } from './progress';
import {
	BROKEN_RUN,
	reportNotSent,
	reportPerhapsSent,
	reportRevocation,
	reportStanding,
} from './revocationReport';

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
		const run = retriedRun(context);
		if (run !== null && setup.credential !== UNREADABLE_CREDENTIAL) {
			// If it was usable before, it has changed: it was edited, or its fields hold expressions.
			const usable = setup.credential instanceof InvalidInput ? null : setup.credential;
			revokeHistory.noteTry(execution, run, usable);
		}
		const hasAttempted = revokeHistory.hasAttempted(execution);
		// Only earlier tries tell tokens apart now, and n8n takes half a millisecond to read each.
		if ('invalid' in setup && !hasAttempted) {
			return sameForAll(context, reportNotSent(setup.invalid));
		}
		// A token that an earlier try has sent is reported even after a stop, so all tokens are read then.
		const onStop = hasAttempted ? null : STOPPED;
		const tokens = await readTokens(context, setup.credential, onStop);
		return 'invalid' in setup
			? await reportUnsendable(context, setup, tokens)
			: await revokeEach(context, setup, tokens);
	},
};

/** Reports what the execution knows of the tokens, which this node cannot send. */
async function reportUnsendable(
	context: IExecuteFunctions,
	{ credential, invalid }: Unusable,
	tokens: ReadonlyArray<AccessToken | InvalidInput>,
): Promise<Array<ItemReport<RevokeOutcome>>> {
	const execution = executionKey(context);
	const run = retriedRun(context);
	const recall = (token: AccessToken) =>
		credential instanceof InvalidInput
			? revokeHistory.recallForRun(execution, token, run)
			: revokeHistory.recall(execution, token, credential);
	const hasSent = revokeHistory.hasSent(execution);
	return await mapInTurns(tokens, (token) => {
		// Nobody knows which token an unreadable credential keeps: it may be one that was sent.
		if (token === credential && hasSent) return reportPerhapsSent(invalid);
		const left = isToken(token) ? recall(token) : null;
		return left && left.outcome !== 'notSent'
			? reportStanding(left, invalid)
			: reportNotSent(invalid);
	});
}

async function revokeEach(
	context: IExecuteFunctions,
	{ credential, options }: Setup<typeof revokeOptions>,
	tokens: ReadonlyArray<AccessToken | InvalidInput>,
): Promise<Array<ItemReport<RevokeOutcome>>> {
	const usable = tokens.filter(isToken);
	const revoke = async () =>
		await revokeTokens(credential, usable, {
			...options,
			timeoutMs: options.timeout,
			cancel: cancelSignal(context),
			executionId: executionKey(context),
			egress: egressRules(context),
			onResult: progressLog(context.logger),
		});
	const revocations = await whileRevoking(usable, credential, revoke);
	logIfNotShared(context.logger, credential);
	return await mapInTurns(tokens, (token) => {
		if (!isToken(token)) {
			return reportNotSent(token, options.includeDetails ? credential.environment : null);
		}
		const revocation = revocations.get(token.fingerprint);
		return revocation ? reportRevocation(token, revocation, credential, options) : BROKEN_RUN;
	});
}
