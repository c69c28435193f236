import type { IExecuteFunctions } from 'n8n-workflow';

import type { AccessToken } from '../../../../kis/input/accessToken';
import type { Grant } from '../../../../kis/issue/grant';
import { obstacleTo, type Issuance } from '../../../../kis/issue/issuance';
import {
	givenBefore,
	historyKeyOf,
	isWithheldFrom,
	issueHistoryOf,
} from '../../../../kis/issue/issueHistory';
import { learnOfAll } from '../../../../kis/memory/sharedMarks';
import { egressRules } from '../../host/egressRules';
import { cancelSignal, retriedRun } from '../../host/execution';
import type { ItemReport } from '../../report/itemReport';
import { logIfNotShared } from '../../report/sharing';
import type { Setup } from '../fields/option';
import { reportGrant, reportUnusableGrant } from './grantReport';
import { reportIssuance } from './issuanceReport';
import type { issueOptions } from './options';
import type { IssueOutcome } from './outcomes';

/**
 * Reports the token that the credential keeps, if it is valid for long enough. Otherwise asks KIS for one. Meanwhile a token
 * of an item may have been revoked: then learns of it.
 *
 * @param tokens The tokens of the items. They are secret, and an answer of KIS may quote them.
 */
export async function reportKeptOrIssued(
	context: IExecuteFunctions,
	setup: Setup<typeof issueOptions>,
	tokens: readonly AccessToken[],
): Promise<ItemReport<IssueOutcome>> {
	const { credential, options } = setup;
	const got = await askOnce(context, setup, tokens);
	// Before the report: Redis may take its time, and a revoke may end meanwhile.
	await learnOfAll(tokens, credential);
	logIfNotShared(context.logger, credential);
	if (!('kept' in got)) return reportRequest(got, context, setup);
	const { kept: grant } = got;
	const obstacle = obstacleTo({ grant }, credential);
	if (obstacle !== null) {
		return reportUnusableGrant({ grant, attempts: [], obstacle }, credential, options);
	}
	notePassedOn(context, setup);
	const given = givenBefore(cancelSignal(context), grant.token);
	return given
		? reportGrant(given, 'issued', credential, options)
		: reportGrant(grant, 'reused', credential, options);
}

/** Reports how a request ended: if without a token, then by the one that the execution was given before, and did not pass on. */
function reportRequest(
	issuance: Issuance,
	context: IExecuteFunctions,
	setup: Setup<typeof issueOptions>,
): ItemReport<IssueOutcome> {
	const { credential, options } = setup;
	const { withheld } = issueHistoryOf(cancelSignal(context));
	const key = historyKeyOf(credential);
	const report = reportIssuance(issuance, credential, options);
	if (issuance.outcome === 'issued') {
		// It is reported later only if a revoke has come in between, which may fail.
		withheld.set(key, { issuance: { ...issuance, wasBeingRevoked: true }, passedOnBy: null });
	} else if (issuance.outcome === 'unusable') withheld.set(key, { issuance, passedOnBy: null });
	if (report.succeeded) {
		notePassedOn(context, setup);
		return report;
	}
	const before = withheld.get(key);
	return before && isWithheldFrom(retriedRun(context), before) && issuance.outcome !== 'unknown'
		? reportIssuance({ ...before.issuance, attempts: issuance.attempts }, credential, options)
		: report;
}

/** Forgets what was withheld, unless a later try may have to tell of it: n8n drops what a try that fails has passed on. */
function notePassedOn(
	context: IExecuteFunctions,
	{ credential }: Setup<typeof issueOptions>,
): void {
	const { withheld } = issueHistoryOf(cancelSignal(context));
	const key = historyKeyOf(credential);
	const before = withheld.get(key);
	const run = retriedRun(context);
	if (run === null) withheld.delete(key);
	else if (before) withheld.set(key, { ...before, passedOnBy: run });
}

async function askOnce(
	context: IExecuteFunctions,
	{ credential, options }: Setup<typeof issueOptions>,
	tokens: readonly AccessToken[],
): Promise<Issuance | { readonly kept: Grant }> {
	const cancel = cancelSignal(context);
	const sending = {
		...options,
		timeoutMs: options.timeout,
		cancel,
		// The signal is one per execution, and is garbage when the execution is.
		execution: cancel,
		egress: egressRules(context),
		knownTokens: tokens.map(({ value }) => value),
	};
	// Loaded by the first issue, so that n8n's start takes no longer.
	if (credential.bringsToken) {
		const { keptOrIssued } = await import('../../../../kis/keptToken/keptOrIssued');
		return await keptOrIssued(credential, options.minimumSecondsLeft * 1000, sending);
	}
	const { issueToken } = await import('../../../../kis/issue/issueToken');
	return await issueToken(credential, sending);
}
