import type { ICredentialType, INodeProperties } from 'n8n-workflow';

import { ENVIRONMENTS } from '../kis/input/environments';
import { authenticate } from './authenticate';

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
			// n8n's lint takes any name that contains "token" for a secret.
			name: 'bringAuthorization',
			type: 'boolean',
			default: true,
			description:
				'Whether an HTTP Request to /uapi without a header authorization gets an access token from this credential. It is issued when it is first needed, renewed in time, and kept in memory only, or encrypted in the Redis below.',
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
				'For n8n in queue mode: a Redis through which its workers keep to one limit together, share the token that this credential brings, and tell each other which tokens are dead. The token lies there encrypted. Leave it empty where n8n is one process.',
		},
		// Without this field, n8n would add a list of allowed domains to the dialog. `authenticate` keeps to the credential's own
		// origin and follows no redirect.
		{
			displayName: 'Allowed HTTP Request Domains',
			name: 'allowedHttpRequestDomains',
			type: 'hidden',
			default: 'all',
		},
	];

	authenticate = authenticate;
}
