import type { IDataObject, INodeProperties } from 'n8n-workflow';

import { ENVIRONMENTS, type EnvironmentName } from '../../../kis/environments';
import { MIN_REQUESTS_PER_SECOND } from '../../../kis/rateLimiter';
import { Unusable } from '../../../kis/unusable';

/** What every operation that calls KIS lets its user choose. */
export interface SendingOptions {
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

export const includeDetailsOption: INodeProperties = {
	displayName: 'Include Details',
	name: 'includeDetails',
	type: 'boolean',
	default: false,
	description:
		'Whether to add the outcome, the number of attempts and what the token says of itself to each item. The token is named by a fingerprint only.',
};

export const requestsPerSecondOption: INodeProperties = {
	displayName: 'Requests per Second',
	name: 'requestsPerSecond',
	type: 'number',
	default: 0,
	typeOptions: { minValue: 0, numberPrecision: 1 },
	description: `The most requests to send in any second, with all other executions that use the app key. 0 is KIS's limit: ${ENVIRONMENTS.real.requestsPerSecond} (real), ${ENVIRONMENTS.paper.requestsPerSecond} (paper). Lower it if other programs use the app key too.`,
};

export const timeoutOption: INodeProperties = {
	displayName: 'Timeout (Ms)',
	name: 'timeout',
	type: 'number',
	default: DEFAULT_TIMEOUT_MS,
	typeOptions: { minValue: 1, maxValue: MAX_TIMEOUT_MS, numberPrecision: 0 },
	description: 'How long an attempt may take, from connecting to the last byte, in milliseconds',
};

export function maxRetriesOption(description: string): INodeProperties {
	return {
		displayName: 'Max Retries',
		name: 'maxRetries',
		type: 'number',
		default: DEFAULT_RETRIES,
		typeOptions: { minValue: 0, maxValue: MAX_RETRIES, numberPrecision: 0 },
		description,
	};
}

export function optionsField(options: INodeProperties[]): INodeProperties {
	return {
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options,
	};
}

/** Checks what the editor cannot: values from expressions, and limits that depend on the environment. */
export function parseSendingOptions(
	options: IDataObject,
	environment: EnvironmentName,
): SendingOptions | Unusable {
	const { includeDetails = false } = options;
	if (typeof includeDetails !== 'boolean') {
		return badOption('Include Details has to be true or false');
	}
	const maxRetries = numberOf(options.maxRetries, DEFAULT_RETRIES);
	if (!Number.isInteger(maxRetries) || maxRetries < 0 || maxRetries > MAX_RETRIES) {
		return badOption(`Max Retries has to be a whole number from 0 to ${MAX_RETRIES}`);
	}
	const timeoutMs = numberOf(options.timeout, DEFAULT_TIMEOUT_MS);
	if (!(timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS)) {
		return badOption(`Timeout has to be a number from 1 to ${MAX_TIMEOUT_MS} milliseconds`);
	}
	const limits = ENVIRONMENTS[environment];
	const asked = numberOf(options.requestsPerSecond, 0);
	if (asked !== 0 && !(asked >= MIN_REQUESTS_PER_SECOND && asked <= limits.maxRequestsPerSecond)) {
		return badOption(
			`Requests per Second has to be 0 (KIS's limit) or from ${MIN_REQUESTS_PER_SECOND} to ${limits.maxRequestsPerSecond}`,
		);
	}
	const requestsPerSecond = asked || limits.requestsPerSecond;
	return { includeDetails, maxRetries, requestsPerSecond, timeoutMs };
}

/** @param why What the option has to be: a clause without a full stop. */
export function badOption(why: string): Unusable {
	return new Unusable(why, 'Correct it in the Options of the node.');
}

/** Expressions often give numbers as text. `NaN` for what is no number. */
export function numberOf(value: unknown, absent: number): number {
	if (value === undefined || value === null || value === '') return absent;
	return typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
}
