import { InvalidInput } from '../../../../kis/input/invalidInput';
import { reuse } from '../../../../kis/issue/issuance';
import { mayHaveIssued } from '../../../../kis/issue/issueHistory';
import { learnOfAll } from '../../../../kis/memory/sharedMarks';
import { mapInTurns } from '../../../../kis/turns';
import { cancelSignal, isTool, retriedRun } from '../../host/execution';
import { isToken, readEach, sameForAll, STOPPED } from '../../host/input';
import { optionsField, readSetup } from '../fields/option';
import type { Operation } from '../operation';
import { reportGrant } from './grantReport';
import { BROKEN_RUN, reportNoRequest } from './issuanceReport';
import { issueOptions, readReuseToken, reuseTokenField } from './options';
import { ISSUE_OUTCOMES, type IssueOutcome } from './outcomes';
import { reportKeptOrIssued } from './reportKeptOrIssued';
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
		if (isTool(context)) return sameForAll(context, reportNoRequest(TOOL, false));
		const run = retriedRun(context);
		const mayBeIssued = (to: string | null) => mayHaveIssued(cancelSignal(context), to);
		const setup = await readSetup(context, issueOptions);
		if ('invalid' in setup) {
			return sameForAll(context, reportNoRequest(setup.invalid, mayBeIssued(run)));
		}
		const { credential, options } = setup;
		const read = (itemIndex: number) => readReuseToken(context, itemIndex, credential);
		const tokens = await readEach(context, read, STOPPED);
		// From here on, this process also knows which of them another worker has revoked, or is revoking.
		await learnOfAll(tokens.filter(isToken), credential);
		const minimumMs = options.minimumSecondsLeft * 1000;
		const reusable = await mapInTurns(tokens, (token) =>
			isToken(token) ? reuse(token, credential, minimumMs) : token,
		);
		const requested = reusable.includes(null)
			? await reportKeptOrIssued(context, setup, tokens.filter(isToken))
			: null;
		const environment = options.includeDetails ? credential.environment : null;
		// What this try passes on is not withheld from it.
		const isOpen = mayBeIssued(requested?.succeeded ? null : run);
		const reports = await mapInTurns(reusable, (found) => {
			if (found instanceof InvalidInput) return reportNoRequest(found, isOpen, environment);
			// While one was requested, a token may have expired or been revoked.
			const reused = requested && found ? reuse(found.token, credential, 0) : found;
			if (reused) return reportGrant(reused, 'reused', credential, options);
			// There is one whenever an item has no token to reuse.
			return requested ?? BROKEN_RUN;
		});
		if (reports.some(({ succeeded }) => succeeded)) hintIfStored(context);
		return reports;
	},
};
