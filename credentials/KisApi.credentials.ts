import {
	UserError,
	type IAuthenticate,
	type ICredentialType,
	type INodeProperties,
} from 'n8n-workflow';

import { parseCredential } from '../kis/input/credential';
import { ENVIRONMENTS } from '../kis/input/environments';
import { InvalidInput } from '../kis/input/invalidInput';
import { bringAuthorization, wantsAuthorization } from './bringAuthorization';
import { beforeLetOut, letOut } from './letOut';
import { hasHeader, headersWithout } from './requestHeaders';
import { requestTarget } from './requestTarget';
import { takeTurn } from './turn';

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

const ELSEWHERE =
	'the request goes elsewhere. Nothing was sent. Correct the URL, or choose the credential of the other environment.';
const UNCERTAIN =
	'it is not certain that the request goes there. Nothing was sent. Write the whole URL in one place, from https:// on, without line breaks and backslashes.';

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
		{
			displayName: 'Bring an Access Token',
			// n8n's lint takes a name with "token" in it for that of a secret.
			name: 'bringAuthorization',
			type: 'boolean',
			default: true,
			description:
				'Whether an HTTP Request to /uapi without a header authorization gets an access token from this credential. It is issued when it is first needed, renewed in time, and kept in memory only.',
		},
		{
			displayName: 'Pace Requests',
			name: 'paceRequests',
			type: 'boolean',
			default: true,
			description:
				'Whether HTTP Requests with this credential keep to the requests per second that KIS allows, together with KIS Token. Reads (GET) wait for their turn. Anything else is sent immediately, and counted.',
		},
		// eslint-disable-next-line @n8n/community-nodes/credential-unnecessary-password -- it holds the password of Redis
		{
			displayName: 'Redis URL (Shared by All Workers)',
			name: 'redisUrl',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			placeholder: 'e.g. rediss://user:password@redis.example:6379/0?prefix=kis:',
			description:
				'For n8n in queue mode: a Redis through which its workers keep to one limit together, and tell each other which tokens are dead. It holds neither keys nor tokens. Leave it empty where n8n is one process.',
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

	/** Gives a request of the HTTP Request node the headers that /uapi wants, if it goes to the credential's own origin. */
	authenticate: IAuthenticate = async (fields, brought) => {
		const credential = parseCredential(fields);
		if (credential instanceof InvalidInput) {
			throw new UserError(`KIS API credential: ${credential.why}. ${credential.todo}`);
		}
		const { appkey, appsecret, baseUrl } = credential;
		const request = beforeLetOut(brought);
		const target = requestTarget(request);
		if (target?.origin !== baseUrl.origin) {
			throw new UserError(
				`KIS API credential: it is for ${baseUrl.origin} only, and ${target ? ELSEWHERE : UNCERTAIN}`,
			);
		}
		if (hasHeader(request, 'host')) {
			throw new UserError(
				'KIS API credential: the request has a header Host, for which another server could vouch. Nothing was sent. Leave the header out: it follows from the URL.',
			);
		}
		let authorization: string | null = null;
		if (wantsAuthorization(credential, request, target)) {
			authorization = await bringAuthorization(credential, request);
		} else {
			await takeTurn(credential, request);
		}
		return letOut(request, {
			...request,
			// What was read is what is called, whichever version of n8n sends it.
			url: target.href,
			uri: undefined,
			baseURL: undefined,
			headers: {
				...headersWithout(request, 'appkey', 'appsecret'),
				appkey,
				appsecret,
				...(authorization && { authorization }),
			},
			// Whoever may use the credential may not read it: no certificate unverified or vouched for by the workflow
			// alone, and no proxy that would read plain http.
			skipSslCertificateValidation: false,
			rejectUnauthorized: true,
			agentOptions: {},
			proxy: baseUrl.protocol === 'http:' ? undefined : request.proxy,
			// For a digest login n8n would send it twice, whatever its method.
			auth: request.auth && { ...request.auth, sendImmediately: true },
			// Headers of one's own survive a redirect to another host. KIS redirects nothing.
			disableFollowRedirect: true,
			followRedirect: false,
			followAllRedirects: false,
		});
	};
}
