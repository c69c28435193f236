import type { ICredentialDataDecryptedObject, IDataObject, INode } from 'n8n-workflow';

import { standIn } from '../../engine/nodes';
import { HELPERS, type Helper, type Sending } from '../../engine/requests';
import {
	encryptCredential,
	makeNode,
	outputOf,
	runWorkflow,
	type WorkflowFile,
} from '../../engine/run';
import { watchTurns } from '../turns';
import type { Product } from '../workflow';
import type { WorldClock } from './clock';

const NODE = 'Step';
const TYPES = {
	own: 'n8n-nodes-koreainvestment.kisToken',
	request: 'n8n-nodes-base.httpRequest',
} as const;

/** One node with the credential, in an execution of its own. */
export interface StepSetup {
	/** Of the execution. */
	readonly id: string;
	/** Names the world, and tells how far its clock is ahead. */
	readonly world: string;
	readonly aheadMs: number;
	/** That all worlds share; `null` if there is none. */
	readonly redisUrl: string | null;
	/** Of the credential. */
	readonly fields: ICredentialDataDecryptedObject;
	readonly node:
		| { readonly type: 'own'; readonly parameters: INode['parameters'] }
		| { readonly type: 'request'; readonly helper: Helper };
	/** Settings of the node, such as Retry On Fail. */
	readonly settings: Partial<INode>;
	/** What goes in. For requests: one of {@link Sending} each. */
	readonly items: readonly IDataObject[];
}

export interface Taken {
	/** What came out for each item. */
	readonly items: readonly IDataObject[];
	/** All that n8n would store of the execution. */
	readonly stored: string;
	/** The longest turn meanwhile of the event loop that took it. */
	readonly longestTurnMs: number;
}

/** Takes a step, in some process whose clock follows that of the world. */
export type TakeStep = (setup: StepSetup, clock: WorldClock) => Promise<Taken>;

/** Takes a step on n8n's engine. */
export async function takeStep(product: Product, setup: StepSetup): Promise<Taken> {
	const { id, fields, node, settings, items } = setup;
	const parameters = node.type === 'own' ? node.parameters : {};
	const workflow: WorkflowFile = {
		nodes: [
			makeNode('Start', 'n8n-nodes-base.manualTrigger', {}),
			{
				...makeNode(NODE, TYPES[node.type], parameters),
				onError: 'continueRegularOutput',
				credentials: { kisApi: { id: 'kis', name: 'kis' } },
				...settings,
			},
		],
		connections: { Start: { main: [[{ node: NODE, type: 'main', index: 0 }]] } },
	};
	const endTurns = watchTurns();
	const run = await runWorkflow(workflow, {
		nodeTypes: {
			[TYPES.own]: product.node,
			...(node.type === 'request' && { [TYPES.request]: requestNode(node.helper) }),
		},
		credentialTypes: [product.credential],
		credentials: [await encryptCredential('kis', 'kisApi', fields)],
		input: items.map((json) => ({ json })),
		executionId: id,
	});
	const longestTurnMs = endTurns();
	const out = outputOf(run, NODE);
	return {
		items: items.map((_item, i) => out[i]?.json ?? {}),
		stored: JSON.stringify([run, run.data.resultData.error?.stack]),
		longestTurnMs,
	};
}

/** Sends the requests that its items hold, concurrently, as n8n's own nodes do. */
function requestNode(helper: Helper) {
	return standIn(
		'httpRequest',
		async function () {
			const results = this.getInputData().map(async ({ json }, item) => {
				const sending = json as unknown as Sending;
				try {
					const answer = (await HELPERS[helper](this, sending)) as IDataObject;
					return { json: { answer }, pairedItem: { item } };
				} catch (error) {
					const { message, description } = error as { message: string; description?: string };
					return { json: { error: { message, description } }, pairedItem: { item } };
				}
			});
			return [await Promise.all(results)];
		},
		['kisApi'],
	);
}
