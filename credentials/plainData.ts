import { UserError } from 'n8n-workflow';

/**
 * Copies what a workflow has computed, so that nothing in it runs later: n8n's HTTP client takes an object with a function
 * `pipe` for a stream and hands it the request with its headers (axios).
 *
 * @throws {UserError} if it is not made of texts, numbers, booleans, dates, lists and objects alone. A Buffer may be the
 * whole.
 */
export function plainData(value: unknown): unknown {
	return Buffer.isBuffer(value) ? Buffer.from(value) : copyOf(value);
}

function copyOf(value: unknown): unknown {
	if (typeof value === 'function' || typeof value === 'symbol') throw moreThanData();
	if (typeof value !== 'object' || value === null) return value;
	if (value instanceof Date) return new Date(value);
	if (Array.isArray(value)) return Array.from(value, copyOf);
	const prototype: unknown = Object.getPrototypeOf(value);
	if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw moreThanData();
	return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copyOf(each)]));
}

const moreThanData = () =>
	new UserError(
		'KIS API credential: the request holds more than data, such as a file or a function, which could read the keys. Nothing was sent. Send JSON.',
	);
