import type { IDataObject, IHttpRequestOptions } from 'n8n-workflow';

/**
 * Returns every value that a request has for a header, whatever the case of its name.
 *
 * @param name In lower case.
 */
export function headersNamed({ headers = {} }: IHttpRequestOptions, name: string): unknown[] {
	return Object.entries(headers).flatMap(([spelling, value]) =>
		spelling.trim().toLowerCase() === name ? [value] : [],
	);
}

/**
 * Returns the name of a header whose value is an object; `null` if there is none. n8n's HTTP client takes an object below
 * `get` or `common` for more headers (axios).
 */
export function nestingHeader({ headers = {} }: IHttpRequestOptions): string | null {
	const isNesting = ([, value]: [string, unknown]) =>
		typeof value === 'object' && value !== null && !Array.isArray(value);
	return Object.entries(headers).find(isNesting)?.[0] ?? null;
}

/**
 * Returns the headers of a request without those named.
 *
 * @param names In lower case.
 */
export function headersWithout(
	{ headers = {} }: IHttpRequestOptions,
	...names: readonly string[]
): IDataObject {
	const kept = Object.entries(headers).filter(
		([spelling]) => !names.includes(spelling.trim().toLowerCase()),
	);
	return Object.fromEntries(kept);
}
