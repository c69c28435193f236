import {
	UserError,
	type IAuthenticate,
	type ICredentialType,
	type IHttpRequestOptions,
	type INodeProperties,
} from 'n8n-workflow';

import { parseCredential } from '../kis/credential';
import { ENVIRONMENTS } from '../kis/environments';
import { Unusable } from '../kis/unusable';

/** Addresses by environment, as an expression can use them; absent for `custom`. */
const ADDRESSES = JSON.stringify(
	Object.fromEntries(
		Object.entries(ENVIRONMENTS).flatMap(([name, { baseUrl }]) =>
			baseUrl ? [[name, baseUrl]] : [],
		),
	),
);

/** The base URL, as an expression. */
const BASE_URL = `(${ADDRESSES}[$self.environment] ?? String($self.baseUrl ?? "").trim())`;

/** Allows nothing. n8n shows it as what is allowed; of an empty list it would say that there are no fields filled in, which nobody sees. */
const NO_DOMAIN =
	'none (the Base URL of the KIS API credential is not a complete address such as https://relay.example)';

export class KisApi implements ICredentialType {
	name = 'kisApi';

	displayName = 'KIS API';

	icon = {
		light: 'file:../icons/kis.svg',
		dark: 'file:../icons/kis.dark.svg',
	} as const;

	documentationUrl = 'https://apiportal.koreainvestment.com/intro';

	properties: INodeProperties[] = [
		// eslint-disable-next-line @n8n/community-nodes/credential-unnecessary-password -- KIS asks that the app key never be exposed either
		{
			displayName: 'App Key',
			name: 'appkey',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			description: 'The 앱Key from KIS Developers. Real and paper trading have different ones.',
		},
		{
			displayName: 'App Secret',
			name: 'appsecret',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			description: 'The 앱Secret that belongs to the App Key',
		},
		{
			displayName: 'Environment',
			name: 'environment',
			type: 'options',
			default: 'paper',
			options: Object.entries(ENVIRONMENTS).map(([value, { label }]) => ({ name: label, value })),
			description: 'What the App Key was issued for',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. https://relay.example:9443',
			displayOptions: { show: { environment: ['custom'] } },
			description:
				'A relay of your own in front of KIS, or the local sandbox. It receives the App Secret: https, or http on this computer only.',
		},
		// n8n reads these two where it follows a redirect, and stops one to another host.
		{
			displayName: 'Allowed HTTP Request Domains',
			name: 'allowedHttpRequestDomains',
			type: 'hidden',
			default: 'domains',
		},
		{
			displayName: 'Allowed Domains',
			name: 'allowedDomains',
			type: 'hidden',
			default: `={{ ${BASE_URL}.match(/^https?:\\/\\/(\\[[^\\]]*\\]|[^/:]*)/i)?.[1] || "${NO_DOMAIN}" }}`,
		},
	];

	/** Gives a request of the HTTP Request node the two headers that /uapi wants, if it goes to the credential's own origin. */
	authenticate: IAuthenticate = async (fields, request) => {
		const credential = parseCredential(fields);
		if (credential instanceof Unusable) {
			throw new UserError(`KIS API credential: ${credential.why}.`);
		}
		const { appkey, appsecret, baseUrl } = credential;
		if (!targetsOf(request).every((target) => target === baseUrl.origin)) {
			throw new UserError(
				`KIS API credential: it is for ${baseUrl.origin} only, and the request goes elsewhere. Nothing was sent. Correct the URL, or choose the credential of the other environment.`,
			);
		}
		return {
			...request,
			headers: { ...request.headers, appkey, appsecret },
			// Whoever may use the credential may not read it: no certificate unverified or vouched for by the workflow
			// alone, and no proxy that would read plain http.
			skipSslCertificateValidation: false,
			rejectUnauthorized: true,
			agentOptions: {},
			proxy: baseUrl.protocol === 'http:' ? undefined : request.proxy,
			// Headers of one's own survive a redirect to another host. KIS redirects nothing.
			disableFollowRedirect: true,
			followRedirect: false,
			followAllRedirects: false,
		};
	};
}

/** Origins that a request names; n8n's older request options say `uri`. One that cannot be read is `null`. */
function targetsOf(request: IHttpRequestOptions & { uri?: unknown }): Array<string | null> {
	const { url, uri, baseURL } = request;
	const named = [url, uri].filter((target) => target !== undefined && target !== null);
	return (named.length > 0 ? named : ['']).map((target) => {
		const text = String(target);
		return URL.canParse(text, baseURL) ? new URL(text, baseURL).origin : null;
	});
}
