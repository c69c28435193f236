import type { IExecuteFunctions } from 'n8n-workflow';

import type { AccessToken } from '../../../../kis/input/accessToken';
import type { Grant } from '../../../../kis/issue/grant';
import type { Issuance } from '../../../../kis/issue/issuance';
import { givenBefore } from '../../../../kis/issue/issuanceMemory';
import { keptTokenOf } from '../../../../kis/keptToken/keptToken';
import { egressRules } from '../../host/egressRules';
import { cancelSignal } from '../../host/execution';
import type { ItemReport } from '../../report/itemReport';
import { logIfNotShared } from '../../report/sharing';
import type { Setup } from '../fields/option';
import { reportGrant } from './grantReport';
import { reportIssuance } from './issuanceReport';
import type { issueOptions } from './options';
import type { IssueOutcome } from './outcomes';

/**
 * Reports the token that the credential keeps, if it is valid for long enough. Otherwise asks KIS for one.
 *
 * @param tokens The tokens of the items. They are secret, and an answer of KIS may quote them.
 */
export async function keptOrIssued(
	context: IExecuteFunctions,
	setup: Setup<typeof issueOptions>,
	tokens: readonly AccessToken[],
): Promise<ItemReport<IssueOutcome>> {
	const { credential, options } = setup;
	const kept = credential.bringsToken ? await giveKept(context, setup) : null;
	if (kept) {
		const given = givenBefore(cancelSignal(context), kept.token);
		return given
			? reportGrant(given, 'issued', credential, options)
			: reportGrant(kept, 'reused', credential, options);
	}
	const issuance = await issueOnce(context, setup, tokens);
	logIfNotShared(context.logger, credential);
	if (credential.bringsToken) keptTokenOf(credential).note(issuance, Date.now());
	return reportIssuance(issuance, credential, options);
}

/** Returns the token that the credential keeps; `null` if it is not valid for long enough. */
async function giveKept(
	context: IExecuteFunctions,
	{ credential, options }: Setup<typeof issueOptions>,
): Promise<Grant | null> {
	const { keptGrant } = await import('../../../../kis/keptToken/keptGrant');
	return await keptGrant(credential, options.minimumSecondsLeft * 1000, {
		requestsPerSecond: options.requestsPerSecond,
		timeoutMs: options.timeout,
		cancel: cancelSignal(context),
		egress: egressRules(context),
	});
}

async function issueOnce(
	context: IExecuteFunctions,
	{ credential, options }: Setup<typeof issueOptions>,
	tokens: readonly AccessToken[],
): Promise<Issuance> {
	// Loaded by the first issue, not when n8n starts: it loads the HTTP client.
	const { issueToken } = await import('../../../../kis/issue/issueToken');
	const cancel = cancelSignal(context);
	return await issueToken(credential, {
		...options,
		timeoutMs: options.timeout,
		cancel,
		// The signal is one per execution, and is garbage when the execution is.
		execution: cancel,
		egress: egressRules(context),
		others: tokens.map(({ value }) => value),
	});
}
