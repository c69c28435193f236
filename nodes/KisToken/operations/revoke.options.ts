import type { IDataObject, INodeProperties } from 'n8n-workflow';

import { ENVIRONMENTS, type EnvironmentName } from '../../../kis/environments';
import { MIN_REQUESTS_PER_SECOND } from '../../../kis/rateLimiter';
import { Unusable } from '../../../kis/unusable';

export interface RevokeNodeOptions {
	readonly alreadyInvalid: 'succeed' | 'fail';
	readonly includeDetails: boolean;
	readonly maxRetries: number;
	/** KIS's limit, or what the user asks for. */
	readonly requestsPerSecond: number;
	readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** Node.js's timers reach a little further; nobody waits longer than an hour for one answer. */
const MAX_TIMEOUT_MS = 60 * 60 * 1000;
const DEFAULT_RETRIES = 3;
const MAX_RETRIES = 10;

export const optionsField: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		{
			displayName: 'If Token Is Already Invalid',
			name: 'alreadyInvalid',
			type: 'options',
			default: 'succeed',
			options: [
				{
					name: 'Succeed',
					value: 'succeed',
					description: 'The token is dead, which is what a revoke is for (RFC 7009)',
				},
				{
					name: 'Fail',
					value: 'fail',
					description: 'Report it, unless this execution is what made it invalid',
				},
			],
			description:
				'What to do when KIS says that a whole token of this app key is not valid any more. "Invalid" about any other token always fails: it may still be live elsewhere.',
		},
		{
			displayName: 'Include Details',
			name: 'includeDetails',
			type: 'boolean',
			default: false,
			description:
				'Whether to add the outcome, the number of attempts and what the token says of itself to each item. The token is named by a fingerprint only.',
		},
		{
			displayName: 'Max Retries',
			name: 'maxRetries',
			type: 'number',
			default: DEFAULT_RETRIES,
			typeOptions: { minValue: 0, maxValue: MAX_RETRIES, numberPrecision: 0 },
			description:
				'How often to repeat an attempt that KIS did not process or did not answer. Revoking is safe to repeat.',
		},
		{
			displayName: 'Requests per Second',
			name: 'requestsPerSecond',
			type: 'number',
			default: 0,
			typeOptions: { minValue: 0, numberPrecision: 1 },
			description: `The most requests to send in any second, with all other executions that use the app key. 0 is KIS's limit: ${ENVIRONMENTS.real.requestsPerSecond} (real), ${ENVIRONMENTS.paper.requestsPerSecond} (paper). Lower it if other programs use the app key too.`,
		},
		{
			displayName: 'Timeout (Ms)',
			name: 'timeout',
			type: 'number',
			default: DEFAULT_TIMEOUT_MS,
			typeOptions: { minValue: 1, maxValue: MAX_TIMEOUT_MS, numberPrecision: 0 },
			description:
				'How long an attempt may take, from connecting to the last byte, in milliseconds',
		},
	],
};

const CHECK_OPTIONS = 'Correct it in the Options of the node.';

/** Checks what the editor cannot: values from expressions, and limits that depend on the environment. */
export function parseOptions(
	options: IDataObject,
	environment: EnvironmentName,
): RevokeNodeOptions | Unusable {
	const { alreadyInvalid = 'succeed', includeDetails = false } = options;
	if (alreadyInvalid !== 'succeed' && alreadyInvalid !== 'fail') {
		return new Unusable('If Token Is Already Invalid has to be "succeed" or "fail"', CHECK_OPTIONS);
	}
	if (typeof includeDetails !== 'boolean') {
		return new Unusable('Include Details has to be true or false', CHECK_OPTIONS);
	}
	const maxRetries = numberOf(options.maxRetries, DEFAULT_RETRIES);
	if (!Number.isInteger(maxRetries) || maxRetries < 0 || maxRetries > MAX_RETRIES) {
		return new Unusable(
			`Max Retries has to be a whole number from 0 to ${MAX_RETRIES}`,
			CHECK_OPTIONS,
		);
	}
	const timeoutMs = numberOf(options.timeout, DEFAULT_TIMEOUT_MS);
	if (!(timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS)) {
		return new Unusable(
			`Timeout has to be a number from 1 to ${MAX_TIMEOUT_MS} milliseconds`,
			CHECK_OPTIONS,
		);
	}
	const limits = ENVIRONMENTS[environment];
	const asked = numberOf(options.requestsPerSecond, 0);
	if (asked !== 0 && !(asked >= MIN_REQUESTS_PER_SECOND && asked <= limits.maxRequestsPerSecond)) {
		return new Unusable(
			`Requests per Second has to be 0 (KIS's limit) or from ${MIN_REQUESTS_PER_SECOND} to ${limits.maxRequestsPerSecond}`,
			CHECK_OPTIONS,
		);
	}
	const requestsPerSecond = asked || limits.requestsPerSecond;
	return { alreadyInvalid, includeDetails, maxRetries, requestsPerSecond, timeoutMs };
}

/** Expressions often give numbers as text. */
function numberOf(value: unknown, absent: number): number {
	if (value === undefined || value === null || value === '') return absent;
	return typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
}
