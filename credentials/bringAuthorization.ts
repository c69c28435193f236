import { UserError, type IHttpRequestOptions } from 'n8n-workflow';

import { endpointOf } from '../kis/baseUrl';
import type { KisCredential } from '../kis/credential';
import { isRead } from './letOut';
import { refusalOf } from './refusals';
import { headersNamed } from './requestHeaders';

/** 해시키: the one endpoint below /uapi that wants no token. */
const HASHKEY_PATH = '/uapi/hashkey';
/** What a header holds whose expression gives nothing. */
const NOTHING = /^\s*(?:bearer\b)?\s*(?:undefined|null|NaN|\[object Object\])?\s*$/i;

/**
 * Gives the header `authorization` for a request that wants one and has none; `null` for any other.
 *
 * @param target What the request calls, at the credential's own origin.
 * @throws {UserError} if there is no token for it, so that it must not be sent.
 */
export async function bringAuthorization(
	credential: KisCredential,
	request: IHttpRequestOptions,
	target: URL,
): Promise<string | null> {
	const { bringsToken, baseUrl } = credential;
	if (!bringsToken || !wantsToken(target, baseUrl)) return null;
	const own = headersNamed(request, 'authorization');
	if (own.some((value) => NOTHING.test(String(value ?? '')))) {
		throw new UserError('The request was not sent: its header authorization holds no token', {
			description:
				'Leave the header out, and the KIS API credential brings a token. Or correct its expression, which gives nothing here.',
		});
	}
	if (own.length > 0 || request.auth) return null;
	// Loaded by the first request, not by n8n's start: it brings the HTTP client.
	const { bringToken } = await import('../kis/keptToken/bringToken');
	const token = await bringToken(credential, {
		mayWait: isRead(request),
		cancel: stopOf(request),
	});
	if ('because' in token) throw refusalOf(token);
	return `Bearer ${token.value}`;
}

function wantsToken({ pathname }: URL, baseUrl: URL): boolean {
	const below = endpointOf(baseUrl, '/uapi/').pathname;
	return pathname.startsWith(below) && pathname !== endpointOf(baseUrl, HASHKEY_PATH).pathname;
}

/** n8n's Stop, where it passes it on: `httpRequestWithAuthentication` does. */
function stopOf({ abortSignal }: IHttpRequestOptions): AbortSignal {
	return abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal;
}
