/** How n8n's request options name a target. Only the older of its two helpers, `request`, knows `uri`. */
export interface RequestNames {
	readonly url?: unknown;
	readonly uri?: unknown;
	readonly baseURL?: unknown;
}

// Without backslashes and control characters: a URL parser reads the one as "/" and leaves some of the others out.
const ABSOLUTE = /^https?:\/\/(?!\/)[^\\\p{C}]+$/iu;
const BASE = /^https?:\/\/(?!\/)[^\\\s\p{C}?#]+$/iu;
const BELOW_BASE = /^\/(?!\/)[^\\\p{C}]*$/u;

/**
 * Reads which URL a request calls, whichever of n8n's two helpers sends it.
 *
 * The helpers join `baseURL` and `url` as texts, where a URL parser resolves the one against the other: a blank in front
 * of `url` is enough to make two hosts of them. Forms that leave such a doubt are not read.
 *
 * @returns The one URL that can be called; `null` where that is not certain.
 */
export function requestTarget({ url, uri, baseURL }: RequestNames): URL | null {
	const [base, named, older] = [baseURL, url ?? uri, uri ?? url].map(textOf);
	if (base === null || named === null || named !== older) return null;
	if (base === '') return parse(ABSOLUTE, named);
	// The newer helper would call the base URL alone.
	if (isAbsent(url) && !isAbsent(uri)) return null;
	if (named === '') return parse(BASE, base);
	if (!BELOW_BASE.test(named)) return parse(ABSOLUTE, named);
	return BASE.test(base) ? parse(ABSOLUTE, base.replace(/\/?\/$/, '') + named) : null;
}

function isAbsent(value: unknown): value is undefined | null {
	return value === undefined || value === null;
}

function textOf(value: unknown): string | null {
	if (isAbsent(value)) return '';
	if (value instanceof URL) return value.href;
	return typeof value === 'string' ? value : null;
}

function parse(form: RegExp, text: string): URL | null {
	return form.test(text) && URL.canParse(text) ? new URL(text) : null;
}
