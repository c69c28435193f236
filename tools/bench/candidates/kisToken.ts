import { createRequire } from 'node:module';
import type { ICredentialType, INode, INodeType } from 'n8n-workflow';

import { encryptCredential } from '../../engine/run';
import { UNLIMITED, type Candidate, type Task } from './candidate';
import { runInEngine, type Step } from './inEngine';

interface Package {
	readonly KisApi: new () => ICredentialType;
	readonly KisToken: new () => INodeType;
}

/** This package, as users get it. Without a limit of KIS it has to be told so; else nothing is set. */
export const kisToken: Candidate = {
	label: 'this node',
	async run(task) {
		const parameters = {
			operation: 'revoke',
			token: '={{ $json.access_token }}',
			options: task.limit === null ? { requestsPerSecond: UNLIMITED } : {},
		};
		return await runInEngine(await kisTokenStep(task, parameters), task);
	},
};

/** The node of the built package, with a credential for the local KIS. */
export async function kisTokenStep(
	{ app, url }: Pick<Task, 'app' | 'url'>,
	parameters: INode['parameters'],
	settings: Partial<INode> = {},
): Promise<Step> {
	const { KisApi, KisToken } = createRequire(__filename)('../../../dist') as Package;
	const fields = { ...app, environment: 'custom', baseUrl: url };
	return {
		type: 'n8n-nodes-koreainvestment.kisToken',
		node: new KisToken(),
		parameters,
		settings: { credentials: { kisApi: { id: 'kis', name: 'kis' } }, ...settings },
		credentialTypes: [new KisApi()],
		credentials: [await encryptCredential('kis', 'kisApi', fields)],
	};
}
