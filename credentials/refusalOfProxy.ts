import { isIPAddress } from '../kis/input/baseUrl';
import { InvalidInput } from '../kis/input/invalidInput';

/**
 * Tells why a request of n8n must not go through a proxy. The client in `kis/http` needs no such rule.
 *
 * - Plain http is allowed to this computer only; a proxy would read it.
 * - In a proxy's tunnel, n8n's HTTP client names no host to the TLS handshake if that is an IP address. The certificate is
 *   then compared with the name of the proxy, or with `localhost` (seen with n8n-core 1.122 and 2.41).
 *
 * @param chosen The proxy that the request names, which is left out of one over plain http. The environment may name another.
 * @returns `null` if no proxy is in the way, or one that does no harm.
 */
export async function refusalOfProxy(url: URL, chosen?: unknown): Promise<InvalidInput | null> {
	const isPlain = url.protocol === 'http:';
	if (!isPlain && !isIPAddress(url)) return null;
	const { mayBeProxied } = await import('../kis/http/proxy');
	const isProxied = (chosen && !isPlain) || mayBeProxied(url);
	if (!isProxied) return null;
	return isPlain
		? new InvalidInput(
				'the Base URL is plain http, and a proxy in the environment of n8n could read the keys',
				'Write localhost in the Base URL and in NO_PROXY. If n8n was started by npm or npx, delete the proxy in npm’s configuration or start n8n without them.',
			)
		: new InvalidInput(
				'the Base URL is an IP address, and behind a proxy n8n does not check whose certificate it gets',
				'Enter a host name as the Base URL. Or take the proxy out of the request, or out of the environment of n8n.',
			);
}
