declare module 'proxy-from-env' {
	/** Returns the proxy's address, or `''` for none. */
	export function getProxyForUrl(url: Pick<URL, 'protocol' | 'host' | 'port'>): string;
}
