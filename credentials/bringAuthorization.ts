import { UserError, type IHttpRequestOptions } from 'n8n-workflow';

import { endpointOf } from '../kis/input/baseUrl';
import type { KisCredential } from '../kis/input/credential';
import { refusalOf } from './refusals';
import { headersNamed } from './requestHeaders';
import { patienceOf, takeTurn } from './turn';

/** 해시키: the one endpoint below /uapi that wants no token. */
const HASHKEY_PATH = '/uapi/hashkey';
/** What a header holds whose expression gives nothing, or is written into a field that takes none. */
const NOTHING =
	/^[\s,]*(?:bearer\b)?[\s,"'{}]*(?:undefined|null|NaN|false|\[object Object\])?[\s,"'{}]*$|\{\{/i;

/**
 * Whether the credential is to bring the header `authorization` of a request: it wants one, and has none.
 *
 * @param target What the request calls, at the credential's own origin.
 * @throws {UserError} if it has one that holds nothing, so that it must not be sent.
 */
export function wantsAuthorization(
	{ bringsToken, baseUrl }: KisCredential,
	request: IHttpRequestOptions,
	target: URL,
): boolean {
	if (!bringsToken || !wantsToken(target, baseUrl)) return false;
	const own = headersNamed(request, 'authorization');
	if (own.some((value) => NOTHING.test(String(value ?? '')))) {
		throw new UserError('The request was not sent: its header authorization holds no token', {
			description:
				'Leave the header out, and the KIS API credential brings a token. Or correct its expression, which gives nothing here.',
		});
	}
	return own.length === 0 && !request.auth;
}

/**
 * Gives the header `authorization` for a request, when it is the request's turn.
 *
 * @throws {UserError} if there is no token for it, or no turn, so that it must not be sent.
 */
export async function bringAuthorization(
	credential: KisCredential,
	request: IHttpRequestOptions,
): Promise<string> {
	// Loaded by the first request, not by n8n's start: it brings the HTTP client.
	const { bringToken, tokenAtHand } = await import('../kis/keptToken/bringToken');
	for (;;) {
		const brought = await bringToken(credential, patienceOf(request));
		if ('because' in brought) throw refusalOf(brought);
		await takeTurn(credential, request);
		// The one that was brought may have been revoked while the request waited, by another worker too.
		const token = await tokenAtHand(credential);
		if (token) return `Bearer ${token.value}`;
	}
}

function wantsToken({ pathname }: URL, baseUrl: URL): boolean {
	const below = endpointOf(baseUrl, '/uapi/').pathname;
	return pathname.startsWith(below) && pathname !== endpointOf(baseUrl, HASHKEY_PATH).pathname;
}
