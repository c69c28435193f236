import type { IDataObject, IHttpRequestOptions } from 'n8n-workflow';

/** Returns what a request has under the name of a header, in any spelling of it. */
export function headersNamed({ headers = {} }: IHttpRequestOptions, name: string): unknown[] {
	return Object.entries(headers).flatMap(([spelling, value]) =>
		spelling.trim().toLowerCase() === name ? [value] : [],
	);
}

/** Returns the headers without these, in any spelling of them. */
export function headersWithout(
	{ headers = {} }: IHttpRequestOptions,
	...names: readonly string[]
): IDataObject {
	const kept = Object.entries(headers).filter(
		([spelling]) => !names.includes(spelling.trim().toLowerCase()),
	);
	return Object.fromEntries(kept);
}

/** @param name In small letters. */
export function hasHeader(request: IHttpRequestOptions, name: string): boolean {
	return headersNamed(request, name).length > 0;
}
