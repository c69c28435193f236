import { isIPAddress } from '../kis/input/baseUrl';
import { InvalidInput } from '../kis/input/invalidInput';

/**
 * Tells why n8n must not connect to a host with the keys. The client in `kis/http` needs no such rule.
 *
 * - `NODE_TLS_REJECT_UNAUTHORIZED=0` keeps n8n's HTTP client from checking certificates. n8n forwards `rejectUnauthorized`
 *   only if it is `false`; `agentOptions` turn the check back on in n8n 2 alone (seen with n8n-core 1.122 and 2.41).
 * - Plain http is allowed to this computer only; a proxy would read it.
 * - In a proxy's tunnel, n8n's HTTP client names no host to the TLS handshake if that is an IP address. The certificate is
 *   then compared with the name of the proxy, or with `localhost` (seen with both versions).
 *
 * @param proxy The proxy that the request names, which is left out of one over plain http. The environment may name another.
 * @returns `null` if the keys may be sent.
 */
export async function refusalOfConnection(url: URL, proxy?: unknown): Promise<InvalidInput | null> {
	const isPlain = url.protocol === 'http:';
	if (!isPlain && process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
		return new InvalidInput(
			'NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment of n8n keeps it from checking whose certificate it gets',
			'Take it out. If a relay or proxy has a certificate of its own, name its file in NODE_EXTRA_CA_CERTS instead.',
		);
	}
	if (!isPlain && !isIPAddress(url)) return null;
	const { mayBeProxied } = await import('../kis/http/proxy');
	const isProxied = (proxy && !isPlain) || mayBeProxied(url);
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
