import type { IHttpRequestOptions } from 'n8n-workflow';

import type { KisCredential } from '../kis/input/credential';
import { admitRequest, type AdmitOptions } from '../kis/rateLimit/admission';
import { notAdmittedError } from './notSentErrors';
import { isRead } from './repeats';

/** Says whether a request may wait, and what ends the wait: n8n's Stop, where n8n passes it on. */
export function waitingRules(request: IHttpRequestOptions): AdmitOptions {
	// Only `httpRequestWithAuthentication` passes it on.
	const { abortSignal } = request;
	const cancel = abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal;
	return { mayWait: isRead(request), cancel };
}

/**
 * Makes a read wait until the app key's limit has room for it. Counts any other request, and lets it go immediately.
 *
 * @throws {UserError} if the request must not be sent.
 */
export async function paceRequest(
	credential: KisCredential,
	request: IHttpRequestOptions,
): Promise<void> {
	if (!credential.pacesRequests) return;
	const notAdmitted = await admitRequest(credential, waitingRules(request));
	if (notAdmitted) throw notAdmittedError(notAdmitted, credential);
}
