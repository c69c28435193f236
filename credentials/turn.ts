import type { IHttpRequestOptions } from 'n8n-workflow';

import type { KisCredential } from '../kis/input/credential';
import { admitRequest as takeTurnInLimit } from '../kis/rateLimit/unseenRequest';
import { isRead } from './letOut';
import { refusalOfTurn } from './refusals';

/** How long a request may be held up. */
export interface Patience {
	/** Whether it may wait at all: an order may not. */
	readonly mayWait: boolean;
	/** n8n's Stop, where n8n passes it on: `httpRequestWithAuthentication` does. */
	readonly cancel: AbortSignal;
}

export function patienceOf(request: IHttpRequestOptions): Patience {
	const { abortSignal } = request;
	const cancel = abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal;
	return { mayWait: isRead(request), cancel };
}

/**
 * Waits until a read may be sent by the app key's limit, and counts whatever else is about to be sent.
 *
 * @throws {UserError} if it must not be sent.
 */
export async function takeTurn(
	credential: KisCredential,
	request: IHttpRequestOptions,
): Promise<void> {
	if (!credential.pacesRequests) return;
	const noTurn = await takeTurnInLimit(credential, patienceOf(request));
	if (noTurn) throw refusalOfTurn(noTurn, credential);
}
