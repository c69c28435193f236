import { InvalidInput } from '../kis/input/invalidInput';

/** npm sets these. n8n's version of proxy-from-env (1.1) reads them, and prefers them; the one that is bundled does not. */
const OF_NPM = /^npm_config_(https?_|no_)?proxy$/i;

/**
 * Tells why n8n must not send a request through a proxy. The client in `kis/http` needs no such rule.
 *
 * - Plain http is allowed to this computer only; a proxy would read it.
 * - In a proxy's tunnel, n8n's HTTP client names no host to the TLS handshake if that is an IP address. The certificate is
 *   then compared with the name of the proxy (seen with n8n-core 1.122 and 2.41).
 *
 * @param chosen The proxy that the request names. The environment may name another.
 * @returns `null` if no proxy is in the way, or one that does no harm.
 */
export async function flawOfProxy(url: URL, chosen?: unknown): Promise<InvalidInput | null> {
	const isPlain = url.protocol === 'http:';
	if (!isPlain && !isIPv4(url) && !isIPv6(url)) return null;
	// The credential takes the proxy out of a request over plain http.
	if ((isPlain || !chosen) && !(await isProxiedByEnvironment(url))) return null;
	return isPlain
		? new InvalidInput(
				'the Base URL is plain http, and a proxy in the environment of n8n could read the keys',
				'Write localhost in the Base URL, and add localhost to NO_PROXY where n8n runs.',
			)
		: new InvalidInput(
				'the Base URL is an IP address, and behind a proxy n8n does not check whose certificate it gets',
				'Enter a host name as the Base URL, or let n8n reach the address without the proxy.',
			);
}

/** When in doubt, it is. */
async function isProxiedByEnvironment(url: URL): Promise<boolean> {
	const isSet = Object.entries(process.env).some(([name, value]) => value && OF_NPM.test(name));
	if (isSet) return true;
	const { hasProxyInEnvironment } = await import('../kis/http/proxy');
	// n8n 2.x does not find an IPv6 address in NO_PROXY, whatever its form.
	return hasProxyInEnvironment(isIPv6(url) ? new URL(`${url.protocol}//not-named.invalid`) : url);
}

// As the URL parser normalises addresses.
const isIPv4 = ({ hostname }: URL) => /^\d+(\.\d+){3}$/.test(hostname);
const isIPv6 = ({ hostname }: URL) => hostname.startsWith('[');
