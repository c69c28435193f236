import { UserError, type IHttpRequestOptions } from 'n8n-workflow';

import { endpointOf } from '../kis/input/baseUrl';
import type { KisCredential } from '../kis/input/credential';
import { noTokenError } from './notSentErrors';
import { paceRequest, waitingRules } from './pacing';
import { headersNamed } from './requestHeaders';

/** 해시키 (hash key): the one endpoint below /uapi that needs no token. */
const HASHKEY_PATH = '/uapi/hashkey';
/** What an expression that gives nothing leaves of a header, beside "Bearer". In lower case, without {@link PADDING}. */
const NO_TOKEN = ['', 'undefined', 'null', 'nan', 'false', '[objectobject]'];
const PADDING = /[\s,"'{}]/g;

/**
 * Waits until the app key's limit admits the request.
 *
 * @param target The URL that the request calls, at the credential's own origin.
 * @returns The header `authorization`, with a token valid at that moment; `null` if the request has its own, or needs none.
 * @throws {UserError} if the request must not be sent: its header holds no token, none can be had, or the wait would be too
 * long.
 */
export async function bringAuthorization(
	credential: KisCredential,
	request: IHttpRequestOptions,
	target: URL,
): Promise<string | null> {
	if (!lacksAuthorization(credential, request, target)) {
		await paceRequest(credential, request);
		return null;
	}
	// Loaded by the first request, so that n8n's start takes no longer.
	const { bringToken, tokenAtHand } = await import('../kis/keptToken/bringToken');
	const rules = waitingRules(request);
	for (;;) {
		const brought = await bringToken(credential, rules);
		if ('because' in brought) throw noTokenError(brought);
		await paceRequest(credential, request);
		// The token may have been revoked while the request waited, by another worker too.
		const token = await tokenAtHand(credential, rules.mayWait ? null : brought);
		if (token) return `Bearer ${token.value}`;
	}
}

/** Returns whether the request needs a token that it does not have. @throws {UserError} if its header holds no token. */
function lacksAuthorization(
	{ bringsToken, baseUrl }: KisCredential,
	request: IHttpRequestOptions,
	target: URL,
): boolean {
	if (!bringsToken || !needsToken(target, baseUrl)) return false;
	const own = headersNamed(request, 'authorization');
	if (!own.every(holdsToken)) {
		throw new UserError('The request was not sent: its header authorization holds no token', {
			description:
				'Leave the header out, and the KIS API credential brings a token. Or correct its expression, which gives nothing here.',
		});
	}
	return own.length === 0 && !request.auth;
}

function needsToken({ pathname }: URL, baseUrl: URL): boolean {
	const below = endpointOf(baseUrl, '/uapi/').pathname;
	return pathname.startsWith(below) && pathname !== endpointOf(baseUrl, HASHKEY_PATH).pathname;
}

function holdsToken(header: unknown): boolean {
	const text = String(header ?? '');
	const isUnevaluated = text.includes('{{');
	const value = text
		.toLowerCase()
		.replace(PADDING, '')
		.replace(/^bearer/, '');
	return !isUnevaluated && !NO_TOKEN.includes(value);
}
