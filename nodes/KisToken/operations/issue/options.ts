import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { parseAccessToken, type AccessToken } from '../../../../kis/input/accessToken';
import type { KisCredential } from '../../../../kis/input/credential';
import { InvalidInput } from '../../../../kis/input/invalidInput';
import { readParameter } from '../../host/input';
import {
	readBoolean,
	readNumber,
	type Option,
	type OptionTable,
	type Values,
} from '../fields/option';
import { sendingOptions } from '../fields/sendingOptions';
import { typedTokenHint } from '../fields/typedTokenHint';

const DEFAULT_SECONDS_LEFT = 60 * 60;
/** The longest lifetime of a token: 90 days, for partner companies. */
const MAX_SECONDS_LEFT = 90 * 24 * 60 * 60;

const minimumSecondsLeft: Option<number> = {
	field: {
		displayName: 'Minimum Seconds Left',
		type: 'number',
		default: DEFAULT_SECONDS_LEFT,
		typeOptions: { minValue: 0, maxValue: MAX_SECONDS_LEFT, numberPrecision: 0 },
		description:
			'How many seconds Reuse Token has to be valid for. With fewer left, a new token is issued.',
	},
	read: (value) =>
		readNumber(value, {
			absent: DEFAULT_SECONDS_LEFT,
			isValid: (seconds) => seconds >= 0 && seconds <= MAX_SECONDS_LEFT,
			why: `has to be a number from 0 to ${MAX_SECONDS_LEFT}`,
		}),
};

const waitWhenLimited: Option<boolean> = {
	field: {
		displayName: 'Wait When Limited',
		type: 'boolean',
		default: false,
		description:
			'Whether to wait 61 seconds and ask once more when KIS issues no token yet (EGW00133) or its answer is lost. Within 6 hours KIS gives the same token again.',
	},
	read: readBoolean,
};

/** The options that hold for all items. */
export const issueOptions = {
	...sendingOptions(
		'How often to repeat an attempt that KIS did not process. One that KIS did not answer is repeated only with Wait When Limited.',
	),
	minimumSecondsLeft,
	waitWhenLimited,
} satisfies OptionTable;

export type IssueNodeOptions = Values<typeof issueOptions>;

/** The one option that is read for each item. */
export const reuseTokenField: INodeProperties = {
	displayName: 'Reuse Token',
	name: 'reuseToken',
	type: 'string',
	typeOptions: { password: true },
	default: '',
	placeholder: 'e.g. {{ $json.access_token }}',
	description:
		'A token that you have already, as an expression over an earlier step. If it is whole, of this app key, valid for long enough and not revoked here, it is passed on as it is, and KIS is not asked.',
};

export const reuseTokenHint = typedTokenHint({
	displayName: 'Reuse Token',
	raw: '$rawParameter.options?.reuseToken',
	instead: 'leave the field empty',
});

/** Reads Reuse Token for an item; `null` if it holds no token. Never throws. */
export function readReuseToken(
	context: IExecuteFunctions,
	itemIndex: number,
	credential: KisCredential,
): AccessToken | null | InvalidInput {
	const given = readParameter(context, {
		name: 'options.reuseToken',
		itemIndex,
		failure: 'the expression in Reuse Token cannot be evaluated for this item',
		absent: '',
		credential,
	});
	if (given instanceof InvalidInput) return given;
	const token = parseAccessToken(given.value);
	return token instanceof InvalidInput ? null : token;
}
