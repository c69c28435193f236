import { InvalidInput } from './invalidInput';

const LOOPBACK_V4 = /^127(?:\.\d+){3}$/;

/** `localhost`, 127.0.0.0/8 and ::1, as the URL parser normalises them (`127.1` is `127.0.0.1` by then). */
export function isLoopback({ hostname }: URL): boolean {
	return hostname === 'localhost' || hostname === '[::1]' || LOOPBACK_V4.test(hostname);
}

/**
 * Reads the address of a relay in front of KIS, or of a sandbox: https, or http on a loopback address, without user
 * info, query and fragment. Surrounding white space is ignored, a path prefix is kept.
 */
export function parseBaseUrl(text: string): URL | InvalidInput {
	const trimmed = text.trim();
	if (trimmed === '')
		return new InvalidInput('the Base URL is empty', 'Enter the address to call.');
	// The URL parser drops line breaks and reads "\" as "/": what a person sees would not be what is called.
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
	// These three are looked for in the text: the parsed URL shows no trace of them where they are empty.
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

/** Names the place that a base URL leads to: the same text for every spelling of it that the URL standard and DNS call equal. */
export function addressOf(baseUrl: URL): string {
	const { protocol, host, pathname } = endpointOf(baseUrl, '');
	// A name may end in the dot of DNS's root; a last slash is endpointOf's to take away, but for the root's own.
	return `${protocol}//${host.replace(/\.(?=:|$)/, '')}${pathname === '/' ? '' : pathname}`;
}

/** An endpoint below the base URL, behind its path prefix if it has one. */
export function endpointOf(baseUrl: URL, path: string): URL {
	const url = new URL(baseUrl);
	// From the first slash of a run only: the time stays proportional to the length.
	url.pathname = url.pathname.replace(/(?<!\/)\/+$/, '') + path;
	return url;
}
