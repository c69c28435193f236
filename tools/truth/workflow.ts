import type { ICredentialType, IDataObject, INode, INodeType } from 'n8n-workflow';

import {
	encryptCredential,
	makeNode,
	outputOf,
	runWorkflow,
	type WorkflowFile,
} from '../engine/run';

const NODE = 'KIS Token';
const TYPE = 'n8n-nodes-koreainvestment.kisToken';

/** The node and its credential type. */
export interface Product {
	readonly node: INodeType;
	readonly credential: ICredentialType;
}

export interface Execution {
	/** Two runs with the same one are two nodes of one execution. */
	readonly id: string;
	readonly credentialId: string;
	/** Of the credential; `null` if n8n cannot read it. */
	readonly fields: Readonly<Record<string, string>> | null;
	/** One item for each. */
	readonly tokens: readonly string[];
	readonly options: INode['parameters'];
	/** Settings of the node, such as Retry On Fail. */
	readonly settings: Partial<INode>;
	/** The Stop button. */
	readonly stop?: AbortSignal;
}

/** What the node reports about a token. */
export interface Said {
	readonly outcome: string;
	/** A moment at which it was alive; `null` where none is named. */
	readonly stillAcceptedAt: string | null;
}

/** As `revokeAll`, in some process. */
export type Revoke = (execution: Execution) => Promise<Said[]>;

/** Revokes tokens in one execution on n8n's engine, and returns what the node reports about each. */
export async function revokeAll(product: Product, execution: Execution): Promise<Said[]> {
	const { id, credentialId, fields, tokens, options, settings, stop } = execution;
	const token = '={{ $json.access_token }}';
	const workflow: WorkflowFile = {
		nodes: [
			makeNode('Start', 'n8n-nodes-base.manualTrigger', {}),
			{
				...makeNode(NODE, TYPE, { operation: 'revoke', token, options }),
				onError: 'continueRegularOutput',
				credentials: { kisApi: { id: credentialId, name: 'kis' } },
				...settings,
			},
		],
		connections: { Start: { main: [[{ node: NODE, type: 'main', index: 0 }]] } },
	};
	const run = await runWorkflow(workflow, {
		nodeTypes: { [TYPE]: product.node },
		credentialTypes: [product.credential],
		credentials: fields ? [await encryptCredential(credentialId, 'kisApi', fields)] : [],
		input: tokens.map((access_token) => ({ json: { access_token } })),
		executionId: id,
		stop,
	});
	const items = outputOf(run, NODE);
	return tokens.map((_token, i) => saidIn(items[i]?.json));
}

function saidIn(json: IDataObject = {}): Said {
	const { outcome = 'nothing', details } = (json.error ?? json) as IDataObject;
	const { stillAcceptedAt = null } = (details ?? {}) as { stillAcceptedAt?: string };
	return { outcome: String(outcome), stillAcceptedAt };
}
