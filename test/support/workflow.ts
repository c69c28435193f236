import type {
	IConnections,
	IDataObject,
	INode,
	INodeExecutionData,
	INodeType,
	IRun,
	NodeParameterValueType,
	OnError,
} from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import { until } from '../../tools/common/until';
import type { StoredCredential } from '../../tools/engine/credentials';
import { standIn } from '../../tools/engine/nodes';
import {
	encryptCredential,
	makeNode,
	outputOf,
	removeEngineFolder,
	runWorkflow,
	type WorkflowFile,
} from '../../tools/engine/run';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { Sandbox, type SandboxOptions } from '../../tools/sandbox/server';

afterAll(removeEngineFolder);

/**
 * A local KIS that is stopped after each test, and allows so many requests that no test waits for it.
 *
 * @param options For each test anew: with the same app at the same port, a test would be given the token of another one.
 */
export function useSandbox(options: () => SandboxOptions = () => ({})): () => Sandbox {
	let sandbox: Sandbox;
	beforeEach(async () => {
		sandbox = await new Sandbox({ requestsPerSecond: 1_000_000, ...options() }).start();
	});
	afterEach(async () => await sandbox.stop());
	return () => sandbox;
}

export interface Run {
	/** All that n8n would store of the execution. */
	readonly stored: IRun;
	readonly items: INodeExecutionData[];
	readonly errorItems: INodeExecutionData[];
	/** The error that the execution ended with, if it failed. */
	readonly error:
		| { name: string; message: string; description: string; httpCode: string }
		| undefined;
}

export interface Setup {
	/** `revoke` by default. */
	readonly operation?: string;
	readonly input?: IDataObject[];
	/** Gives out the items of the step before as they are, where `input` would be copied. */
	readonly emit?: () => INodeExecutionData[];
	/** The field Token; an expression over the item by default. */
	readonly token?: string;
	readonly options?: Record<string, NodeParameterValueType>;
	/** Beside those that point at the sandbox. */
	readonly credential?: Record<string, string | boolean>;
	/** Further credentials, for nodes that name them. */
	readonly credentials?: readonly StoredCredential[];
	readonly onError?: OnError;
	readonly node?: Partial<INode>;
	readonly executionId?: string;
	readonly stop?: AbortSignal;
	/** What n8n stored of an execution that goes on now. */
	readonly goesOn?: IRun;
	/** Beside KIS Token and n8n's own. */
	readonly nodeTypes?: Readonly<Record<string, INodeType>>;
	/** Beside those of the chain; they replace what else leaves a node. */
	readonly connections?: IConnections;
}

/** So many requests per second that no test has to wait. */
export const UNLIMITED = 1_000_000;

const NODE_TYPE = 'n8n-nodes-koreainvestment.kisToken';

/** Start → KIS Token, on n8n's engine, against the sandbox. */
export async function runNode(sandbox: SandboxAddress, setup: Setup): Promise<Run> {
	const { operation = 'revoke', token = '={{ $json.access_token }}' } = setup;
	const node: INode = {
		...makeNode('KIS Token', NODE_TYPE, {
			operation,
			...(operation !== 'issue' && { token }),
			...(operation !== 'inspect' && {
				options: { requestsPerSecond: UNLIMITED, ...setup.options },
			}),
		}),
		onError: setup.onError,
		...setup.node,
	};
	const stored = await runChain(sandbox, [node], setup);
	return {
		stored,
		items: outputOf(stored, 'KIS Token'),
		errorItems: outputOf(stored, 'KIS Token', 1),
		error: stored.data.resultData.error as unknown as Run['error'],
	};
}

export type SandboxAddress = Pick<Sandbox, 'apps' | 'url'>;

/** Start → the nodes, one after the other, each with the credential of the sandbox. */
export async function runChain(
	{ apps: [app], url }: SandboxAddress,
	nodes: readonly INode[],
	setup: Setup = {},
): Promise<IRun> {
	const credential = await encryptCredential('kis', 'kisApi', {
		...app,
		environment: 'custom',
		baseUrl: url,
		...setup.credential,
	});
	const start = makeNode('Start', 'n8n-nodes-base.manualTrigger', {});
	const steps = [
		start,
		...nodes.map((node) => ({ credentials: { kisApi: { id: 'kis', name: 'kis' } }, ...node })),
	];
	const workflow: WorkflowFile = {
		nodes: steps,
		connections: {
			...Object.fromEntries(
				nodes.map((node, i) => [
					steps[i].name,
					{ main: [[{ node: node.name, type: 'main', index: 0 }]] },
				]),
			),
			...setup.connections,
		},
	};
	const kisToken = new KisToken();
	return await runWorkflow(workflow, {
		nodeTypes: {
			...before(setup),
			[NODE_TYPE]: kisToken,
			[`${NODE_TYPE}Tool`]: kisToken,
			...setup.nodeTypes,
		},
		credentialTypes: [new KisApi()],
		credentials: [credential, ...(setup.credentials ?? [])],
		input: setup.input?.map((json) => ({ json })),
		executionId: setup.executionId,
		stop: setup.stop,
		goesOn: setup.goesOn,
	});
}

/** KIS Token, as a step of a chain. */
export function kisTokenStep(
	name: string,
	operation: string,
	parameters: INode['parameters'] = {},
): INode {
	return makeNode(name, NODE_TYPE, { operation, ...parameters });
}

/** Start → KIS Token: Revoke. */
export const revoke = runNode;

/** Start → KIS Token: Issue. One empty item goes in unless others are given. */
export async function issue(sandbox: SandboxAddress, setup: Setup = {}): Promise<Run> {
	return await runNode(sandbox, { input: [{}], ...setup, operation: 'issue' });
}

function before({ emit }: Setup): Record<string, INodeType> {
	return emit
		? { 'n8n-nodes-base.manualTrigger': standIn('manualTrigger', async () => [emit()]) }
		: {};
}

/** Items as the step before gives them. */
export function tokenItems(...tokens: string[]): IDataObject[] {
	return tokens.map((access_token) => ({ access_token }));
}

/** For runs that go on after failed items, so that a test can look at them. */
export const failing = { onError: 'continueRegularOutput' } as const;

/** What is said of the first item, which failed. */
export function errorOf({
	items,
	errorItems,
}: Run): IDataObject & Record<'message' | 'description', string> {
	const [{ json }] = [...items, ...errorItems];
	return json.error as ReturnType<typeof errorOf>;
}

/** What became of each item; `undefined` for a success without details. */
export function outcomes(items: readonly INodeExecutionData[]): string[] {
	return items.map(({ json }) => ((json.error ?? json.details) as IDataObject)?.outcome as string);
}

/** Resolves when the clients have closed all connections, before the sandbox would (after five idle seconds). */
export async function abandoned({ sockets }: Sandbox): Promise<void> {
	expect(await until(() => sockets.size === 0, { looks: 600 })).toBe(true);
}
