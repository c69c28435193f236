import { UserError, type IAuthenticate, type IHttpRequestOptions } from 'n8n-workflow';

import { parseCredential, type KisCredential } from '../kis/input/credential';
import { InvalidInput } from '../kis/input/invalidInput';
import { plainData } from './plainData';
import { refusalOfConnection } from './refusalOfConnection';
import { originalOf, rememberOriginal } from './repeats';
import { headersNamed, headersWithout, nestingHeader } from './requestHeaders';
import { requestTarget } from './requestTarget';

/**
 * Adds the key pair to a request of the HTTP Request node, and a token if the request needs one and has none. Waits until
 * the app key's limit admits the request.
 *
 * @param fields Of the credential, as n8n stores them.
 * @throws {UserError} if the request must not be sent: it leaves the credential's own origin, could show the keys to
 * somebody on the way, may be a repeated order, or can have no token in time.
 */
export const authenticate: IAuthenticate = async (fields, requested) => {
	const parsed = parseCredential(fields);
	if (parsed instanceof InvalidInput) {
		throw new UserError(`KIS API credential: ${parsed.why}. ${parsed.todo}`);
	}
	const credential = underEgressRules(parsed);
	const original = originalOf(requested);
	const request = { ...original, ...dataOf(original) };
	const target = targetOf(request, credential);
	const refusal = refusalOfHeaders(request) ?? (await refusalOfConnection(target, request.proxy));
	if (refusal) throw notSent(refusal);
	// Loaded by the first request, so that n8n's start takes no longer.
	const { bringAuthorization } = await import('./bringAuthorization');
	const authorization = await bringAuthorization(credential, request, target);
	const authenticated = withKeys(request, target, credential, authorization);
	rememberOriginal(authenticated, original);
	return authenticated;
};

/** n8n lets no credential ask its SSRF protection. Where that is on, only KIS is called unasked. */
function underEgressRules(credential: KisCredential): KisCredential {
	const { N8N_SSRF_PROTECTION_ENABLED: isOn, N8N_SSRF_PROTECTION_ENABLED_FILE: file } = process.env;
	return (file || /^(true|1)$/i.test(isOn ?? '')) && credential.environment === 'custom'
		? { ...credential, mayCallUnasked: false }
		: credential;
}

/** Copies what a workflow may compute. @throws {UserError} if it is more than data. */
function dataOf(request: IHttpRequestOptions & { form?: unknown; formData?: unknown }) {
	const { headers, body, qs, form, formData } = request;
	const given = Object.entries({ headers, body, qs, form, formData }).filter(
		([, value]) => value !== undefined,
	);
	return Object.fromEntries(given.map(([name, value]) => [name, plainData(value)]));
}

/** Returns the URL that a request calls. @throws {UserError} unless it is certainly at the credential's own origin. */
function targetOf(request: IHttpRequestOptions, { baseUrl }: KisCredential): URL {
	const target = requestTarget(request);
	if (target?.origin === baseUrl.origin) return target;
	const [where, todo] = target
		? [
				'the request goes elsewhere',
				'Correct the URL, or choose the credential of the other environment.',
			]
		: [
				'it is not certain that the request goes there',
				'Write the whole URL in one place, from https:// on, without line breaks and backslashes.',
			];
	throw notSent(new InvalidInput(`it is for ${baseUrl.origin} only, and ${where}`, todo));
}

/** Tells why the headers must not go out together with the keys; `null` if they may. */
function refusalOfHeaders(request: IHttpRequestOptions): InvalidInput | null {
	const nesting = nestingHeader(request);
	if (nesting !== null) {
		return new InvalidInput(
			`the value of the header ${JSON.stringify(nesting)} is an object, in which other headers could hide`,
			'Write the value as text.',
		);
	}
	if (headersNamed(request, 'host').length > 0) {
		return new InvalidInput(
			'the request has a header Host, for which another server could vouch',
			'Leave the header out: it follows from the URL.',
		);
	}
	return null;
}

function notSent({ why, todo }: InvalidInput): UserError {
	return new UserError(`KIS API credential: ${why}. Nothing was sent. ${todo}`);
}

/** Makes the request that n8n sends: with the keys, and without anything through which somebody could read them. */
function withKeys(
	request: IHttpRequestOptions,
	target: URL,
	{ appkey, appsecret, baseUrl }: KisCredential,
	authorization: string | null,
) {
	return {
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
}
