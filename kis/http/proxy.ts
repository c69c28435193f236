import { getProxyForUrl } from 'proxy-from-env';

import { isLoopback } from '../input/baseUrl';
import { PROXY_UNUSABLE } from './transportCodes';

/** A proxy that makes tunnels (the method CONNECT, RFC 9110, 9.3.6). */
export interface Proxy {
	/** Where it listens; `https` if it is to be called over TLS itself. */
	readonly origin: string;
	/** The value of `proxy-authorization`; `undefined` if its address holds no user. */
	readonly authorization: string | undefined;
}

/** The environment names what is no address of an HTTP proxy. */
export class UnusableProxy extends Error {
	readonly code = PROXY_UNUSABLE;
}

/**
 * Reads from the environment which proxy leads to a URL, as n8n's own requests do: by the rules of proxy-from-env, where
 * `host:port` stands for a proxy that speaks the URL's own protocol. Unlike there, no loopback address has a proxy.
 *
 * @returns `null` for none.
 * @throws {UnusableProxy} for what is no address, and for SOCKS.
 */
export function proxyFor(url: URL): Proxy | null {
	const setting = isLoopback(url) ? '' : getProxyForUrl(url);
	if (setting === '') return null;
	const proxy = parseProxy(setting);
	if (!proxy) throw new UnusableProxy();
	return proxy;
}

function parseProxy(setting: string): Proxy | null {
	try {
		const { origin, protocol, username, password } = new URL(setting);
		const user = [username, password].map(decodeURIComponent).join(':');
		const basic = `Basic ${Buffer.from(user).toString('base64')}`;
		const isHttp = /^https?:$/.test(protocol);
		return isHttp ? { origin, authorization: user === ':' ? undefined : basic } : null;
	} catch {
		return null;
	}
}
