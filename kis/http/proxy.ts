import { getProxyForUrl } from 'proxy-from-env';

import { isLoopback } from '../input/baseUrl';
import { PROXY_UNUSABLE } from './transportCodes';

/** A proxy that opens tunnels (https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6). */
export interface Proxy {
	/** Starts with `https` if the proxy itself is called over TLS. */
	readonly origin: string;
	/** The header `proxy-authorization`; `undefined` if the address has no user info. */
	readonly authorization: string | undefined;
}

/** Thrown if the environment names a proxy that is not an HTTP proxy's address. */
class UnusableProxy extends Error {
	readonly code = PROXY_UNUSABLE;
}

/**
 * Reads from the environment which proxy to use for a URL. The rules are proxy-from-env's, which n8n uses too: a bare
 * `host:port` is a proxy that speaks the URL's own protocol. Unlike there, loopback addresses never go through a proxy.
 *
 * @returns `null` for none.
 * @throws {UnusableProxy} for SOCKS, and for anything that is not an address.
 */
export function proxyFor(url: URL): Proxy | null {
	const setting = isLoopback(url) ? '' : getProxyForUrl(url);
	if (setting === '') return null;
	const proxy = parseProxy(setting);
	if (!proxy) throw new UnusableProxy();
	return proxy;
}

/** Tells whether the environment names a proxy for a URL, by the same rules but for loopback addresses. */
export function hasProxyInEnvironment(url: URL): boolean {
	return getProxyForUrl(url) !== '';
}

function parseProxy(setting: string): Proxy | null {
	try {
		const { origin, protocol, username, password } = new URL(setting);
		const user = [username, password].map(decodeURIComponent).join(':');
		const basic = `Basic ${Buffer.from(user).toString('base64')}`;
		const isHttp = ['http:', 'https:'].includes(protocol);
		return isHttp ? { origin, authorization: user === ':' ? undefined : basic } : null;
	} catch {
		return null;
	}
}
