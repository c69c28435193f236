import { UserError, type IHttpRequestOptions } from 'n8n-workflow';

/** Requests that have been let out, and what they were before. n8n brings the same object again before it repeats one. */
const out = new WeakMap<object, IHttpRequestOptions>();

/**
 * Gives a request as it was before the credential added anything, though n8n may be about to repeat it.
 *
 * n8n repeats a request on HTTP 401 (`httpRequestWithAuthentication`, which AI tools use), whatever its method, and an
 * order must not be sent twice.
 *
 * @param request As n8n brings it.
 * @throws {UserError} where it was let out before, unless it is a GET.
 */
export function beforeLetOut(request: IHttpRequestOptions): IHttpRequestOptions {
	const before = out.get(request);
	if (before && !isRead(request)) {
		throw new UserError(
			'The request was sent once, and n8n was about to send it again, since the server answered HTTP 401. The KIS API credential did not let it',
			{
				description:
					'Look up whether KIS processed it before you send it again: the answer does not prove that it did not. Only GET requests are repeated. If there is a relay or proxy in between, check whether it asks for a login of its own.',
			},
		);
	}
	return before ?? request;
}

/** Lets a request out with all that the credential adds. */
export function letOut<T extends IHttpRequestOptions>(
	request: IHttpRequestOptions,
	authenticated: T,
): T {
	out.set(authenticated, request);
	return authenticated;
}

/** Whether sending it twice changes nothing. */
export function isRead({ method = 'GET' }: IHttpRequestOptions): boolean {
	return method.toUpperCase() === 'GET';
}
