import type { IExecuteFunctions } from 'n8n-workflow';

import type { AccessToken } from '../../../../kis/accessToken';
import { reuse, type Issuance } from '../../../../kis/issue/issuance';
import { mayHaveIssued } from '../../../../kis/issue/issuanceMemory';
import { Unusable } from '../../../../kis/unusable';
import { cancelSignal, egressRules, isTool } from '../../host';
import { readEach, STOPPED } from '../../input';
import type { Report } from '../../report/report';
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

const TOOL = new Unusable(
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
	shortfall: 'without a token',
	brokenRun: BROKEN_RUN,

	async run(context) {
		const items = context.getInputData();
		if (isTool(context)) return items.map(() => reportNotAsked(TOOL));
		const setup = await readSetup(context, issueOptions);
		if (setup instanceof Unusable) {
			const isOpen = mayHaveIssued(cancelSignal(context));
			const report = isOpen ? reportUnknown(setup) : reportNotAsked(setup);
			return items.map(() => report);
		}
		const { credential, options } = setup;
		const read = (itemIndex: number) => readReuseToken(context, itemIndex);
		const tokens = await readEach(context, read, STOPPED);
		const judge = () =>
			tokens.map((token) =>
				token === null || token instanceof Unusable
					? token
					: reuse(token, credential, options.minimumSecondsLeft * 1000),
			);
		let grants = judge();
		let issued: Report<IssueOutcome> | null = null;
		if (grants.includes(null)) {
			issued = reportIssuance(await issueOnce(context, setup, tokens), credential, options);
			// A call takes its time, in which a token may have expired or been revoked.
			grants = judge();
		}
		return grants.map((grant) => {
			if (grant instanceof Unusable) return reportNotAsked(grant);
			// Where one is missing, one was issued above.
			return grant
				? reportGrant(grant, 'reused', credential, options)
				: (issued as Report<IssueOutcome>);
		});
	},
};

async function issueOnce(
	context: IExecuteFunctions,
	{ credential, options }: Setup<typeof issueOptions>,
	tokens: ReadonlyArray<AccessToken | Unusable | null>,
): Promise<Issuance> {
	// Loaded by the first issue, not by n8n's start: it brings the HTTP client.
	const { issueToken } = await import('../../../../kis/issue/issueToken');
	const cancel = cancelSignal(context);
	const others = tokens.flatMap((token) => (token && 'value' in token ? [token.value] : []));
	return await issueToken(credential, {
		others,
		...options,
		timeoutMs: options.timeout,
		cancel,
		// There is one for each execution, and it goes with it.
		execution: cancel,
		egress: egressRules(context),
	});
}
