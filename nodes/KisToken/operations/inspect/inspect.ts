import type { IDataObject } from 'n8n-workflow';

import {
	hasExpired,
	isIssuedTo,
	shortFingerprint,
	type AccessToken,
} from '../../../../kis/input/accessToken';
import { InvalidInput } from '../../../../kis/input/invalidInput';
import { explain } from '../../../../kis/reply/explanation';
import { mapInTurns } from '../../../../kis/turns';
import { isToken, readCredential, readParameter, sameForAll, STOPPED } from '../../host/input';
import { timeOrNull } from '../../report/details';
import { reportBrokenRun, reportInvalidInput, type Failure } from '../../report/itemReport';
import { logIfNotShared } from '../../report/sharing';
import { readTokens, tokenFields } from '../fields/tokenField';
import type { Operation } from '../operation';
import { askAboutEach, type Finding } from './askAboutEach';

const HEADLINE = 'The token was not inspected';
const ASK_KIS_UNCLEAR = new InvalidInput(
	'Ask KIS has to be true or false',
	'Correct it in the node.',
);

type InspectOutcome = 'inspected' | 'notInspected';

export const inspect: Operation<InspectOutcome> = {
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
	brokenRun: reportBrokenRun('notInspected', HEADLINE, 'Nothing was changed.'),

	async run(context) {
		const credential = await readCredential(context);
		if (credential instanceof InvalidInput) return sameForAll(context, notInspected(credential));
		const ask = readParameter(context, {
			name: 'askKis',
			itemIndex: 0,
			failure: 'the field Ask KIS cannot be read',
			absent: false,
			credential,
		});
		if (ask instanceof InvalidInput) return sameForAll(context, notInspected(ask));
		const asks = ask.value;
		if (typeof asks !== 'boolean') return sameForAll(context, notInspected(ASK_KIS_UNCLEAR));
		const tokens = await readTokens(context, credential, STOPPED);
		const states = asks ? await askAboutEach(context, credential, tokens.filter(isToken)) : null;
		logIfNotShared(context.logger, credential);
		return await mapInTurns(tokens, (token) =>
			token instanceof InvalidInput
				? notInspected(token)
				: {
						succeeded: true,
						outcome: 'inspected',
						json: {
							...describeToken(token, credential.appkey),
							...describeLiveness(states?.get(token.value)),
						},
						details: null,
					},
		);
	},
};

/** Says whether the token is alive (`null` if KIS did not tell) and, unless it is, why. Empty if KIS was not asked. */
function describeLiveness(found: Finding | undefined): IDataObject {
	if (!found) return {};
	const { alive } = found;
	return { alive, reason: alive ? null : whyNotAlive(found) };
}

function whyNotAlive(found: Finding): string {
	if ('attempt' in found) return explain(found.attempt).happened;
	const { stoppedBy } = found;
	if (stoppedBy.because === 'cancelled') return STOPPED.why;
	return `asking ended, because ${explain(stoppedBy.seen).happened}`;
}

function notInspected(invalid: InvalidInput): Failure<InspectOutcome> {
	return reportInvalidInput('notInspected', HEADLINE, invalid);
}

/** Lists what the token says of itself; `null` for what it does not say. */
function describeToken(token: AccessToken, appkey: string): IDataObject {
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
