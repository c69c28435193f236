import type { IDataObject } from 'n8n-workflow';

import type { EnvironmentName } from '../../../../kis/environments';
import { Unusable } from '../../../../kis/unusable';
import {
	badOption,
	includeDetailsOption,
	maxRetriesOption,
	numberOf,
	optionsField,
	parseSendingOptions,
	requestsPerSecondOption,
	timeoutOption,
	type SendingOptions,
} from '../sendingOptions';

export interface IssueNodeOptions extends SendingOptions {
	readonly minimumSecondsLeft: number;
	readonly waitWhenLimited: boolean;
}

const DEFAULT_SECONDS_LEFT = 60 * 60;
/** The longest life of a token: 90 days, for partner companies. */
const MAX_SECONDS_LEFT = 90 * 24 * 60 * 60;

export const issueOptions = optionsField([
	includeDetailsOption,
	maxRetriesOption(
		'How often to repeat an attempt that KIS did not process. One that KIS did not answer is repeated only with Wait When Limited.',
	),
	{
		displayName: 'Minimum Seconds Left',
		name: 'minimumSecondsLeft',
		type: 'number',
		default: DEFAULT_SECONDS_LEFT,
		typeOptions: { minValue: 0, maxValue: MAX_SECONDS_LEFT, numberPrecision: 0 },
		description: 'How long Reuse Token has to be valid, in seconds, so that none is issued',
	},
	requestsPerSecondOption,
	{
		displayName: 'Reuse Token',
		name: 'reuseToken',
		type: 'string',
		typeOptions: { password: true },
		default: '',
		placeholder: 'e.g. {{ $json.access_token }}',
		description:
			'A token that you have already, as an expression over an earlier step. If it is whole, of this app key and valid for long enough, it is given out as it is, and KIS is not asked.',
	},
	timeoutOption,
	{
		displayName: 'Wait When Limited',
		name: 'waitWhenLimited',
		type: 'boolean',
		default: false,
		description:
			'Whether to wait 61 seconds and ask once more when KIS issues no token yet (EGW00133) or its answer is lost. Within 6 hours KIS gives the same token again.',
	},
]);

export function parseIssueOptions(
	options: IDataObject,
	environment: EnvironmentName,
): IssueNodeOptions | Unusable {
	const { waitWhenLimited = false } = options;
	if (typeof waitWhenLimited !== 'boolean') {
		return badOption('Wait When Limited has to be true or false');
	}
	const minimumSecondsLeft = numberOf(options.minimumSecondsLeft, DEFAULT_SECONDS_LEFT);
	if (!(minimumSecondsLeft >= 0 && minimumSecondsLeft <= MAX_SECONDS_LEFT)) {
		return badOption(`Minimum Seconds Left has to be a number from 0 to ${MAX_SECONDS_LEFT}`);
	}
	const sending = parseSendingOptions(options, environment);
	return sending instanceof Unusable
		? sending
		: { ...sending, minimumSecondsLeft, waitWhenLimited };
}
