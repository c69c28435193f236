import { UserError, type IAuthenticate, type IHttpRequestOptions } from 'n8n-workflow';

import { parseCredential } from '../kis/input/credential';
import { InvalidInput } from '../kis/input/invalidInput';
import { plainData } from './plainData';
import { refusalOfConnection } from './refusalOfConnection';
import { originalOf, rememberOriginal } from './repeats';
import { headersNamed, headersWithout, nestingHeader } from './requestHeaders';
import { requestTarget } from './requestTarget';

const ELSEWHERE =
	'the request goes elsewhere. Nothing was sent. Correct the URL, or choose the credential of the other environment.';
const UNCERTAIN =
	'it is not certain that the request goes there. Nothing was sent. Write the whole URL in one place, from https:// on, without line breaks and backslashes.';

/**
 * Adds the key pair to a request of the HTTP Request node, and a token if the request needs one and has none. Waits until
 * the app key's limit admits the request.
 *
 * @param fields Of the credential, as n8n stores them.
 * @throws {UserError} if the request must not be sent: it leaves the credential's own origin, could show the keys to
 * somebody on the way, may be a repeated order, or can have no token in time.
 */
export const authenticate: IAuthenticate = async (fields, requested) => {
	const credential = parseCredential(fields);
	if (credential instanceof InvalidInput) {
		throw new UserError(`KIS API credential: ${credential.why}. ${credential.todo}`);
	}
	const { appkey, appsecret, baseUrl } = credential;
	const original = originalOf(requested);
	const request = { ...original, ...dataOf(original) };
	const target = requestTarget(request);
	if (target?.origin !== baseUrl.origin) {
		throw new UserError(
			`KIS API credential: it is for ${baseUrl.origin} only, and ${target ? ELSEWHERE : UNCERTAIN}`,
		);
	}
	const nesting = nestingHeader(request);
	if (nesting !== null) {
		throw new UserError(
			`KIS API credential: the value of the header ${JSON.stringify(nesting)} is an object, in which other headers could hide. Nothing was sent. Write the value as text.`,
		);
	}
	if (headersNamed(request, 'host').length > 0) {
		throw new UserError(
			'KIS API credential: the request has a header Host, for which another server could vouch. Nothing was sent. Leave the header out: it follows from the URL.',
		);
	}
	const refusal = await refusalOfConnection(target, request.proxy);
	if (refusal) {
		throw new UserError(`KIS API credential: ${refusal.why}. Nothing was sent. ${refusal.todo}`);
	}
	// Loaded by the first request, so that n8n's start takes no longer.
	const { bringAuthorization, wantsAuthorization } = await import('./bringAuthorization');
	const { paceRequest } = await import('./pacing');
	let authorization: string | null = null;
	if (wantsAuthorization(credential, request, target)) {
		authorization = await bringAuthorization(credential, request);
	} else {
		await paceRequest(credential, request);
	}
	const authenticated = {
		...request,
		// n8n's two helpers read these differently. Both call the URL that was checked.
		url: target.href,
		uri: undefined,
		baseURL: undefined,
		headers: {
			...headersWithout(request, 'appkey', 'appsecret'),
			appkey,
			appsecret,
			...(authorization && { authorization }),
		},
		// A user of the credential must not be able to read it: the server's certificate is verified, the workflow
		// cannot vouch for one, and no proxy sees plain http.
		skipSslCertificateValidation: false,
		rejectUnauthorized: true,
		agentOptions: {},
		proxy: baseUrl.protocol === 'http:' ? undefined : request.proxy,
		// The stream of an answer leads to its request, with the keys, and n8n stores what it leads to.
		useStream: false,
		encoding: request.encoding === 'stream' ? ('arraybuffer' as const) : request.encoding,
		// For a digest login, n8n would send the request twice, whatever its method.
		auth: request.auth && { ...request.auth, sendImmediately: true },
		// A redirect to another host would take custom headers along. KIS never redirects.
		disableFollowRedirect: true,
		followRedirect: false,
		followAllRedirects: false,
	};
	rememberOriginal(authenticated, original);
	return authenticated;
};

/** Copies what a workflow may compute. @throws {UserError} if it is more than data. */
function dataOf(request: IHttpRequestOptions & { form?: unknown; formData?: unknown }) {
	const { headers, body, qs, form, formData } = request;
	const given = Object.entries({ headers, body, qs, form, formData }).filter(
		([, value]) => value !== undefined,
	);
	return Object.fromEntries(given.map(([name, value]) => [name, plainData(value)]));
}
