import { InvalidInput } from './invalidInput';

const LOOPBACK_V4 = /^127(?:\.\d+){3}$/;

/** Returns whether a URL leads to this computer: `localhost`, 127.0.0.0/8 or ::1, as the URL parser normalises them. */
export function isLoopback({ hostname }: URL): boolean {
	return hostname === 'localhost' || hostname === '[::1]' || LOOPBACK_V4.test(hostname);
}

/** Returns whether a URL names its host by an IP address, as the URL parser normalises it. */
export function isIPAddress({ hostname }: URL): boolean {
	return hostname.startsWith('[') || /^\d+(?:\.\d+){3}$/.test(hostname);
}

/**
 * Reads the address of a relay in front of KIS, or of a sandbox. It has to be https, or http to this computer, without
 * user info, query and fragment. Ignores surrounding white space, keeps a path prefix.
 */
export function parseBaseUrl(text: string): URL | InvalidInput {
	const trimmed = text.trim();
	if (trimmed === '')
		return new InvalidInput('the Base URL is empty', 'Enter the address to call.');
	// The URL parser drops line breaks and reads "\" as "/": users would see another address than the one called.
	if (/[\s\\\p{C}]/u.test(trimmed)) {
		return new InvalidInput(
			'the Base URL contains white space, a control character or a backslash',
			'Retype it: an address has none of these.',
		);
	}
	if (!/^https?:\/\/[^/]/i.test(trimmed) || !URL.canParse(trimmed)) {
		return new InvalidInput(
			'the Base URL is not a complete address such as https://relay.example',
			'Begin it with https://, or with http:// for this computer.',
		);
	}
	// Look for these three in the text: a parsed URL does not show them if they are empty.
	if (trimmed.split('/', 3)[2].includes('@')) {
		return new InvalidInput(
			'the Base URL contains a user name or password (the part before "@")',
			'Remove that part and the "@".',
		);
	}
	if (/[?#]/.test(trimmed)) {
		return new InvalidInput(
			'the Base URL contains a query ("?") or a fragment ("#")',
			'End it before that character.',
		);
	}
	const url = new URL(trimmed);
	if (url.protocol === 'http:' && !isLoopback(url)) {
		return new InvalidInput(
			'the Base URL is plain http to another machine, and the app secret could be read on the way',
			'Begin it with https://. Only this computer (localhost) may be called with http://.',
		);
	}
	return url;
}

/** Normal forms, kept because every look at a token needs one. */
const addresses = new WeakMap<URL, string>();

/** Returns the normal form of a base URL: the same for all spellings that the URL standard and DNS treat as equal. */
export function addressOf(baseUrl: URL): string {
	const known = addresses.get(baseUrl);
	if (known !== undefined) return known;
	const { protocol, host, pathname } = endpointOf(baseUrl, '');
	// A host name may end in a dot (DNS root). endpointOf strips trailing slashes, except the only one.
	const address = `${protocol}//${host.replace(/\.(?=:|$)/, '')}${pathname === '/' ? '' : pathname}`;
	addresses.set(baseUrl, address);
	return address;
}

/** Appends a path to the base URL, after its path prefix if it has one. */
export function endpointOf(baseUrl: URL, path: string): URL {
	const url = new URL(baseUrl);
	// The lookbehind starts each run of slashes once: linear in the length.
	url.pathname = url.pathname.replace(/(?<!\/)\/+$/, '') + path;
	return url;
}
