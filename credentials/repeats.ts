import { UserError, type IHttpRequestOptions } from 'n8n-workflow';

/** Each authenticated request, and what it was before. n8n passes the same object in again when it repeats a request. */
const originals = new WeakMap<object, IHttpRequestOptions>();

/**
 * Returns a request as it was before the credential added anything to it.
 *
 * n8n repeats a request of any method on HTTP 401 (`httpRequestWithAuthentication`, which AI tools use). An order must not
 * be sent twice.
 *
 * @param request As n8n passes it in.
 * @throws {UserError} if n8n is about to repeat a request other than a GET.
 */
export function originalOf(request: IHttpRequestOptions): IHttpRequestOptions {
	const original = originals.get(request);
	if (original && !isRead(request)) {
		throw new UserError(
			'The request was sent once, and n8n was about to send it again, since the server answered HTTP 401. The KIS API credential did not let it',
			{
				description:
					'Look up whether KIS processed it before you send it again: the answer does not prove that it did not. Only GET requests are repeated. If there is a relay or proxy in between, check whether it asks for a login of its own.',
			},
		);
	}
	return original ?? request;
}

/** Remembers what a request was before it was authenticated, for {@link originalOf}. */
export function rememberOriginal(
	authenticated: IHttpRequestOptions,
	original: IHttpRequestOptions,
): void {
	originals.set(authenticated, original);
}

/** Tells whether sending the request twice changes nothing. */
export function isRead({ method = 'GET' }: IHttpRequestOptions): boolean {
	return method.toUpperCase() === 'GET';
}
