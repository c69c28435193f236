import { ENVIRONMENTS } from '../../../../kis/input/environments';
import { MIN_REQUESTS_PER_SECOND } from '../../../../kis/rateLimit/arrivals';
import { readBoolean, readNumber, type Option } from './option';

export const DEFAULT_TIMEOUT_MS = 10_000;
/** An hour: longer than anybody waits for one answer. Node.js timers could run for longer. */
const MAX_TIMEOUT_MS = 60 * 60 * 1000;
const DEFAULT_RETRIES = 3;
const MAX_RETRIES = 10;

/**
 * Returns the options of every operation that sends a series of requests.
 *
 * @param repeats The description of Max Retries: a sentence on what is repeated.
 */
export function sendingOptions(repeats: string) {
	return { includeDetails, maxRetries: maxRetries(repeats), requestsPerSecond, timeout };
}

const includeDetails: Option<boolean> = {
	field: {
		displayName: 'Include Details',
		type: 'boolean',
		default: false,
		description:
			'Whether to add the number of attempts, the HTTP status and what the token says of itself to each item. The token is named by a fingerprint only.',
	},
	read: readBoolean,
};

const maxRetries = (description: string): Option<number> => ({
	field: {
		displayName: 'Max Retries',
		type: 'number',
		default: DEFAULT_RETRIES,
		typeOptions: { minValue: 0, maxValue: MAX_RETRIES, numberPrecision: 0 },
		description,
	},
	read: (value) =>
		readNumber(value, {
			absent: DEFAULT_RETRIES,
			isValid: (count) => Number.isInteger(count) && count >= 0 && count <= MAX_RETRIES,
			why: `has to be a whole number from 0 to ${MAX_RETRIES}`,
		}),
});

/** Reads as KIS's limit unless the user asks for another. */
const requestsPerSecond: Option<number> = {
	field: {
		displayName: 'Requests per Second',
		type: 'number',
		default: 0,
		typeOptions: { minValue: 0 },
		description: `The most requests to send in any second, with all other executions that use the app key. 0 is KIS's limit: ${ENVIRONMENTS.real.requestsPerSecond} (real), ${ENVIRONMENTS.paper.requestsPerSecond} (paper). Lower it if other programs use the app key too.`,
	},
	read(value, environment) {
		const { requestsPerSecond: limit, maxRequestsPerSecond: most } = ENVIRONMENTS[environment];
		const asked = readNumber(value, {
			absent: 0,
			isValid: (rate) => rate === 0 || (rate >= MIN_REQUESTS_PER_SECOND && rate <= most),
			why: `has to be 0 (KIS's limit) or from ${MIN_REQUESTS_PER_SECOND} to ${most}`,
		});
		return asked === 0 ? limit : asked;
	},
};

/** Milliseconds. */
const timeout: Option<number> = {
	field: {
		displayName: 'Timeout (Ms)',
		type: 'number',
		default: DEFAULT_TIMEOUT_MS,
		typeOptions: { minValue: 1, maxValue: MAX_TIMEOUT_MS, numberPrecision: 0 },
		description: 'How long an attempt may take, from connecting to the last byte, in milliseconds',
	},
	read: (value) =>
		readNumber(value, {
			absent: DEFAULT_TIMEOUT_MS,
			isValid: (milliseconds) => milliseconds >= 1 && milliseconds <= MAX_TIMEOUT_MS,
			why: `has to be a number from 1 to ${MAX_TIMEOUT_MS} milliseconds`,
		}),
};
