/** How n8n's request options name a target. Only the older of its two helpers, `request`, knows `uri`. */
export interface RequestNames {
	readonly url?: unknown;
	readonly uri?: unknown;
	readonly baseURL?: unknown;
}

// Without backslashes and control characters: a URL parser reads the one as "/" and leaves some of the others out.
const ABSOLUTE = /^https?:\/\/(?!\/)[^\\\p{C}]+$/iu;
const BELOW_BASE = /^\/(?!\/)/;

/**
 * Reads which URL a request calls, whichever of n8n's two helpers sends it.
 *
 * The helpers join `baseURL` and `url` as texts, where a URL parser resolves the one against the other: a blank in front
 * of `url` is enough to make two hosts of them. Forms that leave such a doubt are not read.
 *
 * @returns The one URL that can be called; `null` where that is not certain.
 */
export function requestTarget({ url, uri, baseURL }: RequestNames): URL | null {
	const older = uri instanceof URL ? uri.href : uri;
	const [base, named] = [baseURL, url === undefined ? older : url].map(textOf);
	if (base === null || named === null) return null;
	// The newer helper would call `url`, or the base URL alone.
	if (!isAbsent(older) && (url === undefined ? base !== '' : url !== older)) return null;
	if (base === '') return parse(named);
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
