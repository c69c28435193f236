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
 * Returns whether the credential has to bring the header `authorization`: the request needs one, and has none.
 *
 * @param target The URL that the request calls, at the credential's own origin.
 * @throws {UserError} if the request has the header with no token in it, and so must not be sent.
 */
export function wantsAuthorization(
	{ bringsToken, baseUrl }: KisCredential,
	request: IHttpRequestOptions,
	target: URL,
): boolean {
	if (!bringsToken || !wantsToken(target, baseUrl)) return false;
	const own = headersNamed(request, 'authorization');
	if (!own.every(holdsToken)) {
		throw new UserError('The request was not sent: its header authorization holds no token', {
			description:
				'Leave the header out, and the KIS API credential brings a token. Or correct its expression, which gives nothing here.',
		});
	}
	return own.length === 0 && !request.auth;
}

/**
 * Waits until the app key's limit admits the request.
 *
 * @returns The header `authorization`, with a token valid at that moment.
 * @throws {UserError} if no token can be had, or the wait would be too long: the request must not be sent.
 */
export async function bringAuthorization(
	credential: KisCredential,
	request: IHttpRequestOptions,
): Promise<string> {
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

function wantsToken({ pathname }: URL, baseUrl: URL): boolean {
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
