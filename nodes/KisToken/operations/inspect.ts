import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import {
	hasExpired,
	isIssuedTo,
	shortFingerprint,
	type AccessToken,
} from '../../../kis/input/accessToken';
import type { KisCredential } from '../../../kis/input/credential';
import { ENVIRONMENTS } from '../../../kis/input/environments';
import type { TokenState } from '../../../kis/keptToken/askAboutToken';
import { mapInTurns } from '../../../kis/turns';
import { InvalidInput } from '../../../kis/input/invalidInput';
import { cancelSignal, egressRules } from '../host';
import { readCredential, readParameter, STOPPED } from '../input';
import { timeOrNull } from '../report/details';
import { explain } from '../../../kis/reply/explanation';
import { reportBroken, reportUnusable, type Failure } from '../report/report';
import type { Operation } from './operation';
import { DEFAULT_TIMEOUT_MS } from './sendingOptions';
import { readTokens, tokenFields } from './tokenField';

const HEADLINE = 'The token was not inspected';

type Outcome = 'inspected' | 'notInspected';

export const inspect: Operation<Outcome> = {
	option: {
		name: 'Inspect',
		action: 'Inspect an access token',
		description:
			'Read what an access token says of itself, such as how long it is valid, and ask KIS, if you like, whether it is alive',
	},
	endpoint: 'GET /uapi/domestic-stock/v1/quotations/inquire-price',
	searchWords: ['inspect'],
	fields: [
		{
			displayName:
				'KIS is not asked: a revoked token still looks alive here, and a forged one looks genuine',
			name: 'noNetworkNotice',
			type: 'notice',
			default: '',
			displayOptions: { show: { askKis: [false] } },
		},
		...tokenFields('inspect'),
		{
			displayName: 'Ask KIS',
			name: 'askKis',
			type: 'boolean',
			default: false,
			description:
				'Whether to ask KIS for one quote with each token, which shows whether it is alive. Nothing is changed by that.',
		},
	],
	output: {
		issuedAt: 'string',
		expiresAt: 'string',
		secondsLeft: 'number',
		expired: 'boolean',
		issuedToThisAppKey: 'boolean',
		readable: 'boolean',
		tokenFingerprint: 'string',
	},
	outcomes: ['inspected', 'notInspected'],
	shortfall: 'could not be inspected',
	hints: {},
	brokenRun: reportBroken('notInspected', HEADLINE, 'Nothing was changed.'),

	async run(context) {
		const credential = await readCredential(context);
		if (credential instanceof InvalidInput) {
			const report = notInspected(credential);
			return context.getInputData().map(() => report);
		}
		const failure = 'the field Ask KIS cannot be read';
		const ask = readParameter(context, 'askKis', 0, failure, false, credential);
		if (ask instanceof InvalidInput) return context.getInputData().map(() => notInspected(ask));
		const tokens = await readTokens(context, credential, STOPPED);
		const states = ask.value === true ? await askAboutAll(context, credential, tokens) : NOT_ASKED;
		return await mapInTurns(tokens, (token) =>
			token instanceof InvalidInput
				? notInspected(token)
				: {
						succeeded: true,
						outcome: 'inspected',
						json: {
							...readingOf(token, credential.appkey),
							...livenessOf(states.get(token.value)),
						},
						details: null,
					},
		);
	},
};

const QUESTIONS_AT_ONCE = 8;

/** By token. */
type States = ReadonlyMap<string, TokenState>;
const NOT_ASKED: States = new Map();

async function askAboutAll(
	context: IExecuteFunctions,
	credential: KisCredential,
	tokens: ReadonlyArray<AccessToken | InvalidInput>,
): Promise<States> {
	// Loaded by the first question, not by n8n's start: it brings the HTTP client.
	const { askAboutToken } = await import('../../../kis/keptToken/askAboutToken');
	const distinct = new Map(
		tokens.flatMap((token) =>
			token instanceof InvalidInput ? [] : [[token.value, token] as const],
		),
	);
	const options = {
		requestsPerSecond: ENVIRONMENTS[credential.environment].requestsPerSecond,
		timeoutMs: DEFAULT_TIMEOUT_MS,
		cancel: cancelSignal(context),
		egress: egressRules(context),
	};
	const states = new Map<string, TokenState>();
	const queue = distinct.values();
	const work = async () => {
		// All take from the one iterator.
		for (const token of queue) {
			states.set(token.value, await askAboutToken(credential, token, options));
		}
	};
	await Promise.all(Array.from({ length: QUESTIONS_AT_ONCE }, work));
	return states;
}

/** Whether the token is alive, `null` where KIS did not tell; and why KIS did not say that it is. Nothing where it was not asked. */
function livenessOf(state: TokenState | undefined): IDataObject {
	if (!state) return {};
	if (state.alive) return { alive: true, reason: null };
	const { happened } = state.attempt ? explain(state.attempt) : { happened: STOPPED.why };
	return { alive: state.alive, reason: happened };
}

function notInspected(unusable: InvalidInput): Failure<Outcome> {
	return reportUnusable('notInspected', HEADLINE, unusable);
}

/** `null` where the token does not say. */
function readingOf(token: AccessToken, appkey: string): IDataObject {
	const now = Date.now();
	const { issuedAt = null, expiresAt = null } = token.claims ?? {};
	return {
		issuedAt: timeOrNull(issuedAt),
		expiresAt: timeOrNull(expiresAt),
		secondsLeft: expiresAt === null ? null : Math.max(0, Math.floor((expiresAt - now) / 1000)),
		expired: expiresAt === null ? null : hasExpired(token, now),
		issuedToThisAppKey: isIssuedTo(token, appkey),
		readable: token.claims !== null,
		tokenFingerprint: shortFingerprint(token),
	};
}
