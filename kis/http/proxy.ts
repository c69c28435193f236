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

/**
 * Tells whether an HTTP client that uses proxy-from-env 1 may send a request through a proxy. That version also reads what
 * npm sets where a proxy is configured for it, and does not find IPv6 addresses in NO_PROXY.
 */
export function mayBeProxied({ protocol, hostname, host, port }: URL): boolean {
	const scheme = protocol.slice(0, -1);
	const prefixes = [scheme, `npm_config_${scheme}`, 'npm_config'];
	if (![...prefixes, 'all'].some((prefix) => isSet(`${prefix}_proxy`))) return false;
	if (hostname.startsWith('[') || isSet('npm_config_no_proxy')) return true;
	const portOrDefault = port || (scheme === 'http' ? '80' : '443');
	return prefixes.some(
		(prefix) => getProxyForUrl({ protocol: `${prefix}:`, host, port: portOrDefault }) !== '',
	);
}

function isSet(variable: string): boolean {
	return Boolean(process.env[variable] || process.env[variable.toUpperCase()]);
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
