import { UserError, type IHttpRequestOptions } from 'n8n-workflow';

/** Requests that have been let out, as n8n was given them. n8n brings the same object again before it repeats one. */
const out = new WeakSet<object>();

/**
 * Lets a request out; whatever is not a GET, once.
 *
 * n8n repeats a request on HTTP 401 (`httpRequestWithAuthentication`, which AI tools use), whatever its method, and an
 * order must not be sent twice.
 *
 * @param request As n8n brings it.
 * @param authenticated The same with all that the credential adds.
 * @throws {UserError} where it was let out before.
 */
export function letOut<T extends IHttpRequestOptions>(
	request: IHttpRequestOptions,
	authenticated: T,
): T {
	if (out.has(request) && !isRead(request)) {
		throw new UserError(
			'The request was sent once, and n8n was about to send it again, since the server answered HTTP 401. The KIS API credential did not let it',
			{
				description:
					'Look up whether KIS processed it before you send it again: the answer does not prove that it did not. Only GET requests are repeated. If there is a relay or proxy in between, check whether it asks for a login of its own.',
			},
		);
	}
	out.add(authenticated);
	return authenticated;
}

/** Whether sending it twice changes nothing. */
export function isRead({ method = 'GET' }: IHttpRequestOptions): boolean {
	return method.toUpperCase() === 'GET';
}
