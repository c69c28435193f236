import type { IDataObject } from 'n8n-workflow';

import {
	hasExpired,
	isIssuedTo,
	shortFingerprint,
	type AccessToken,
} from '../../../kis/accessToken';
import { mapInTurns } from '../../../kis/turns';
import { Unusable } from '../../../kis/unusable';
import { readCredential, readEach, readToken, STOPPED } from '../input';
import { timeOrNull } from '../report/details';
import { reportBroken, reportUnusable, type Failure } from '../report/report';
import type { Operation } from './operation';
import { tokenField } from './tokenField';

const HEADLINE = 'The token was not inspected';

type Outcome = 'inspected' | 'notInspected';

export const inspect: Operation<Outcome> = {
	option: {
		name: 'Inspect',
		action: 'Inspect an access token',
		description:
			'Read what an access token says of itself, such as how long it is valid. KIS is not asked: a revoked token still looks alive.',
	},
	endpoint: null,
	searchWords: ['inspect'],
	fields: [
		{
			displayName:
				'KIS is not asked: a revoked token still looks alive here, and a forged one looks genuine',
			name: 'noNetworkNotice',
			type: 'notice',
			default: '',
		},
		tokenField('inspect'),
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
	shortfall: 'not inspected',
	brokenRun: reportBroken('notInspected', HEADLINE, 'Nothing was sent.'),

	async run(context) {
		const credential = await readCredential(context);
		if (credential instanceof Unusable) {
			const report = notInspected(credential);
			return context.getInputData().map(() => report);
		}
		const tokens = await readEach(context, (itemIndex) => readToken(context, itemIndex), STOPPED);
		return await mapInTurns(tokens, (token) =>
			token instanceof Unusable
				? notInspected(token)
				: {
						succeeded: true,
						outcome: 'inspected',
						json: readingOf(token, credential.appkey),
						details: null,
					},
		);
	},
};

function notInspected(unusable: Unusable): Failure<Outcome> {
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
