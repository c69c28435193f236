import type { ICredentialType, IDataObject, INode, INodeType } from 'n8n-workflow';

import {
	encryptCredential,
	makeNode,
	outputOf,
	runWorkflow,
	type WorkflowFile,
} from '../engine/run';
import type { App } from '../sandbox/apps';

const NODE = 'KIS Token';
const TYPE = 'n8n-nodes-koreainvestment.kisToken';

/** What is tried. */
export interface Product {
	readonly node: INodeType;
	readonly credential: ICredentialType;
}

export interface Execution {
	readonly app: App;
	readonly baseUrl: string;
	/** One item for each. */
	readonly tokens: readonly string[];
	readonly options: INode['parameters'];
	/** Settings of the node, such as Retry On Fail. */
	readonly settings: Partial<INode>;
	readonly stop: AbortSignal;
}

/** Revokes tokens in one execution on n8n's engine, and gives the outcome that is reported for each. */
export async function revokeAll(product: Product, execution: Execution): Promise<string[]> {
	const { app, baseUrl, tokens, options, settings, stop } = execution;
	const token = '={{ $json.access_token }}';
	const workflow: WorkflowFile = {
		nodes: [
			makeNode('Start', 'n8n-nodes-base.manualTrigger', {}),
			{
				...makeNode(NODE, TYPE, { operation: 'revoke', token, options }),
				onError: 'continueRegularOutput',
				credentials: { kisApi: { id: 'kis', name: 'kis' } },
				...settings,
			},
		],
		connections: { Start: { main: [[{ node: NODE, type: 'main', index: 0 }]] } },
	};
	const fields = { ...app, environment: 'custom', baseUrl };
	const run = await runWorkflow(workflow, {
		nodeTypes: { [TYPE]: product.node },
		credentialTypes: [product.credential],
		credentials: [await encryptCredential('kis', 'kisApi', fields)],
		input: tokens.map((access_token) => ({ json: { access_token } })),
		stop,
	});
	const items = outputOf(run, NODE);
	return tokens.map((_token, i) => String(detailsOf(items[i]?.json)?.outcome ?? 'nothing'));
}

function detailsOf(json: IDataObject | undefined): IDataObject | undefined {
	const failure = json?.error as IDataObject | undefined;
	return (failure?.details ?? json?.details) as IDataObject | undefined;
}
