/** The fields of n8n's request options that name a URL. Only the older of its two helpers, `request`, reads `uri`. */
export interface RequestNames {
	readonly url?: unknown;
	readonly uri?: unknown;
	readonly baseURL?: unknown;
}

// No backslashes and no control characters: a URL parser reads a backslash as "/", and drops some control characters.
const ABSOLUTE = /^https?:\/\/(?!\/)[^\\\p{C}]+$/iu;
const BELOW_BASE = /^\/(?!\/)/;

/**
 * Finds the URL that a request calls, whichever of n8n's two helpers sends it.
 *
 * The helpers concatenate `baseURL` and `url`; a URL parser would resolve `url` against `baseURL`. A single space before
 * `url` is enough for the two to arrive at different hosts. Anything that could be read in two ways is rejected.
 *
 * @returns The URL; `null` if it is not certain which URL would be called.
 */
export function requestTarget({ url, uri, baseURL }: RequestNames): URL | null {
	const older = uri instanceof URL ? uri.href : uri;
	const [base, named] = [baseURL, url === undefined ? older : url].map(textOf);
	if (base === null || named === null) return null;
	// The newer helper ignores `uri`: it would call `url`, or the base URL alone.
	if (!isAbsent(older) && (url === undefined ? base !== '' : url !== older)) return null;
	if (named === '') return parse(base);
	if (!BELOW_BASE.test(named)) return parse(named);
	return ABSOLUTE.test(base) ? parse(base.replace(/\/?\/$/, '') + named) : null;
}

function isAbsent(value: unknown): value is undefined | null {
	return value === undefined || value === null;
}

function textOf(value: unknown): string | null {
	if (isAbsent(value)) return '';
	return typeof value === 'string' ? value : null;
}

function parse(text: string): URL | null {
	return ABSOLUTE.test(text) && URL.canParse(text) ? new URL(text) : null;
}
