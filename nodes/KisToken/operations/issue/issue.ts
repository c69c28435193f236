import type { IExecuteFunctions } from 'n8n-workflow';

import type { Issuance } from '../../../../kis/issue/issueToken';
import { Unusable } from '../../../../kis/unusable';
import { cancelSignal, egressRules, hasSentBefore, isTool, noteSending } from '../../host';
import { readEach, readReuseToken, readSetup, type Setup } from '../../input';
import type { Report } from '../../report/report';
import type { Operation } from '../operation';
import { issueOptions, parseIssueOptions, type IssueNodeOptions } from './options';
import { BROKEN_RUN, reportIssuance, reportNotAsked, reportReuse, reportUnknown } from './report';

const TOOL = new Unusable(
	'Issue does not run as an AI tool, since the token would go to the provider of the model',
	'Issue it in a step before the agent, and let tools take it from there by an expression.',
);

export const issue: Operation = {
	option: {
		name: 'Issue',
		value: 'issue',
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
		issueOptions,
	],
	output: {
		access_token: 'string',
		access_token_token_expired: 'string',
		token_type: 'string',
		expires_in: 'number',
		expires_at: 'string',
	},
	shortfall: 'without a token',
	brokenRun: BROKEN_RUN,

	async run(context) {
		const items = context.getInputData();
		if (isTool(context)) return items.map(() => reportNotAsked(TOOL));
		const setup = await readSetup(context, parseIssueOptions);
		if (setup instanceof Unusable) {
			const report = hasSentBefore(context, 'issue') ? reportUnknown(setup) : reportNotAsked(setup);
			return items.map(() => report);
		}
		const { credential, options } = setup;
		const { isGoodFor } = await import('../../../../kis/issue/issueToken');
		const minimumMs = options.minimumSecondsLeft * 1000;
		const reusable = await readEach(context, (itemIndex) => {
			const token = readReuseToken(context, itemIndex);
			if (token === null || token instanceof Unusable) return token;
			return isGoodFor(token, credential.appkey, minimumMs) ? token : null;
		});
		const issued = reusable.includes(null)
			? reportIssuance(await issueOnce(context, setup), credential, options)
			: null;
		return reusable.map((token) => {
			if (token instanceof Unusable) return reportNotAsked(token);
			// One without a token to reuse is among those that one was issued for.
			return token ? reportReuse(token, credential, options) : (issued as Report);
		});
	},
};

async function issueOnce(
	context: IExecuteFunctions,
	{ credential, options }: Setup<IssueNodeOptions>,
): Promise<Issuance> {
	const { issueToken } = await import('../../../../kis/issue/issueToken');
	noteSending(context, 'issue');
	return await issueToken(credential, {
		...options,
		cancel: cancelSignal(context),
		egress: egressRules(context),
	});
}
