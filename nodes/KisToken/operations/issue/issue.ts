import type { IExecuteFunctions } from 'n8n-workflow';

import type { AccessToken } from '../../../../kis/input/accessToken';
import type { KisCredential } from '../../../../kis/input/credential';
import type { EnvironmentName } from '../../../../kis/input/environments';
import type { Grant } from '../../../../kis/issue/grant';
import { reuse, type Issuance } from '../../../../kis/issue/issuance';
import { givenBefore, mayHaveIssued } from '../../../../kis/issue/issuanceMemory';
import { SharedTokens } from '../../../../kis/memory/sharedTokens';
import { mapInTurns } from '../../../../kis/turns';
import { InvalidInput } from '../../../../kis/input/invalidInput';
import { cancelSignal, egressRules, isTool } from '../../host';
import { readEach, STOPPED } from '../../input';
import type { Failure, Report } from '../../report/report';
import { logIfNotShared } from '../../report/sharing';
import type { Operation } from '../operation';
import { optionsField, readSetup, type Setup } from '../option';
import { issueOptions, readReuseToken, reuseTokenField } from './options';
import {
	BROKEN_RUN,
	ISSUE_OUTCOMES,
	reportGrant,
	reportIssuance,
	reportNotAsked,
	reportUnknown,
	type IssueOutcome,
} from './report';
import { hintIfStored } from './storedHint';

const TOOL = new InvalidInput(
	'Issue does not run as an AI tool, since the token would go to the provider of the model',
	'Issue it in a step before the agent, and let tools take it from there by an expression.',
);

export const issue: Operation<IssueOutcome> = {
	option: {
		name: 'Issue',
		action: 'Issue an access token',
		description:
			'Get an access token for the app key (접근토큰발급). Within 6 hours KIS gives the same one again.',
	},
	endpoint: 'POST /oauth2/tokenP',
	searchWords: ['issue', '접근토큰발급'],
	fields: [
		{
			displayName:
				'KIS issues one token a minute for each app key, and sends the owner of a real account a KakaoTalk notice (알림톡) for each. However many items come in, it is asked once.',
			name: 'issueLimitNotice',
			type: 'notice',
			default: '',
		},
		{
			displayName:
				'Issue does not run as an AI tool: the token would go to the provider of the model',
			name: 'noToolNotice',
			type: 'notice',
			default: '',
			displayOptions: { show: { '@tool': [true] } },
		},
		optionsField(issueOptions, [reuseTokenField]),
	],
	output: {
		access_token: 'string',
		access_token_token_expired: 'string',
		token_type: 'string',
		expires_in: 'number',
		expires_at: 'string',
	},
	outcomes: ISSUE_OUTCOMES,
	shortfall: 'got no token',
	hints: {},
	brokenRun: BROKEN_RUN,

	async run(context) {
		const forAll = (report: Failure<IssueOutcome>) => context.getInputData().map(() => report);
		if (isTool(context)) return forAll(reportNotAsked(TOOL));
		const setup = await readSetup(context, issueOptions);
		if (setup instanceof InvalidInput) return forAll(reportUnusable(context, setup));
		const { credential, options } = setup;
		const read = (itemIndex: number) => readReuseToken(context, itemIndex, credential);
		const tokens = await readEach(context, read, STOPPED);
		// What another worker has revoked is known to be dead from then on.
		await SharedTokens.of(credential)?.lookUp(tokens.filter(isToken));
		const minimumMs = options.minimumSecondsLeft * 1000;
		const reusable = await mapInTurns(tokens, (token) =>
			isToken(token) ? reuse(token, credential, minimumMs) : token,
		);
		const other = reusable.includes(null) ? await giveToken(context, setup, tokens) : null;
		const environment = options.includeDetails ? credential.environment : null;
		const reports = await mapInTurns(reusable, (found) => {
			if (found instanceof InvalidInput) return reportUnusable(context, found, environment);
			const reused = other ? stillGood(found, credential) : found;
			if (reused) return reportGrant(reused, 'reused', credential, options);
			// Where an item has no token, another was asked for.
			return other ?? BROKEN_RUN;
		});
		if (reports.some(({ succeeded }) => succeeded)) hintIfStored(context);
		return reports;
	},
};

function reportUnusable(
	context: IExecuteFunctions,
	unusable: InvalidInput,
	environment: EnvironmentName | null = null,
): Failure<IssueOutcome> {
	return mayHaveIssued(cancelSignal(context))
		? reportUnknown(unusable, environment)
		: reportNotAsked(unusable, environment);
}

/** A call takes its time, in which a token may have expired or been revoked: `null` then. */
function stillGood(grant: Grant | null, credential: KisCredential): Grant | null {
	return grant && reuse(grant.token, credential, 0);
}

type MaybeToken = AccessToken | InvalidInput | null;

function isToken(token: MaybeToken): token is AccessToken {
	return token !== null && !(token instanceof InvalidInput);
}

/** The token that the credential keeps, if it is good for long enough; else what KIS gives. */
async function giveToken(
	context: IExecuteFunctions,
	setup: Setup<typeof issueOptions>,
	tokens: readonly MaybeToken[],
): Promise<Report<IssueOutcome>> {
	const { credential, options } = setup;
	const got = await askOnce(context, setup, tokens);
	logIfNotShared(context.logger, credential);
	if (!('kept' in got)) return reportIssuance(got, credential, options);
	const given = givenBefore(cancelSignal(context), got.kept.token);
	return given
		? reportGrant(given, 'issued', credential, options)
		: reportGrant(got.kept, 'reused', credential, options);
}

async function askOnce(
	context: IExecuteFunctions,
	{ credential, options }: Setup<typeof issueOptions>,
	tokens: readonly MaybeToken[],
): Promise<Issuance | { readonly kept: Grant }> {
	const cancel = cancelSignal(context);
	const issueOptions = {
		...options,
		timeoutMs: options.timeout,
		cancel,
		// There is one for each execution, and it goes with it.
		execution: cancel,
		egress: egressRules(context),
		others: tokens.filter(isToken).map(({ value }) => value),
	};
	// Loaded by the first issue, not by n8n's start: they bring the HTTP client.
	if (credential.bringsToken) {
		const { keptOrIssued } = await import('../../../../kis/keptToken/issueInTurn');
		return await keptOrIssued(credential, options.minimumSecondsLeft * 1000, issueOptions);
	}
	const { issueToken } = await import('../../../../kis/issue/issueToken');
	return await issueToken(credential, issueOptions);
}
