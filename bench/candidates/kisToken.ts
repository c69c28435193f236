import { createRequire } from 'node:module';
import type { ICredentialType, INodeType } from 'n8n-workflow';

import { encryptCredential } from '../../engine/run';
import { UNLIMITED, type Candidate } from './candidate';
import { runInEngine } from './inEngine';

interface Package {
	readonly KisApi: new () => ICredentialType;
	readonly KisToken: new () => INodeType;
}

/** This package, as users get it. Without a limit of KIS it has to be told so; else nothing is set. */
export const kisToken: Candidate = {
	label: 'this node',
	async run(task) {
		const { KisApi, KisToken } = createRequire(__filename)('../../dist') as Package;
		const fields = { ...task.app, environment: 'custom', baseUrl: task.url };
		return await runInEngine(
			{
				type: 'n8n-nodes-koreainvestment.kisToken',
				node: new KisToken(),
				parameters: {
					operation: 'revoke',
					token: '={{ $json.access_token }}',
					options: task.limit === null ? { requestsPerSecond: UNLIMITED } : {},
				},
				settings: { credentials: { kisApi: { id: 'kis', name: 'kis' } } },
				credentialTypes: [new KisApi()],
				credentials: [await encryptCredential('kis', 'kisApi', fields)],
			},
			task,
		);
	},
};
