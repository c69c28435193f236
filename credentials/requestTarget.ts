import type { IHttpRequestOptions } from 'n8n-workflow';

/** The one URL that n8n will call for this request; `null` if that is not certain. n8n's older request options say `uri`. */
export function requestTarget({
	url,
	uri,
	baseURL,
}: IHttpRequestOptions & { uri?: unknown }): URL | null {
	const named = [url, uri].filter((target) => target !== undefined && target !== null).map(String);
	const [first = '', second = first] = named;
	return first === second && URL.canParse(first, baseURL) ? new URL(first, baseURL) : null;
}
