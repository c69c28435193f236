import './settings';
import 'reflect-metadata';
import { ExecutionLifecycleHooks, WorkflowExecute } from 'n8n-core';
import {
	createRunExecutionData,
	Workflow,
	type ICredentialType,
	type INode,
	type INodeExecutionData,
	type INodeType,
	type IRun,
	type IWorkflowBase,
	type IWorkflowExecuteAdditionalData,
	type WorkflowExecuteMode,
} from 'n8n-workflow';

import { EngineCredentials, type StoredCredential } from './credentials';
import { EngineNodes } from './nodes';

export { encryptCredential } from './credentials';
export { LOG_FILE, removeEngineFolder } from './settings';

/** As n8n exports it: what a user imports. */
export type WorkflowFile = Pick<IWorkflowBase, 'nodes' | 'connections'> & Partial<IWorkflowBase>;

export interface EngineOptions {
	/** By the name that the workflow uses, such as `n8n-nodes-koreainvestment.kisToken`. */
	readonly nodeTypes: Readonly<Record<string, INodeType>>;
	readonly credentialTypes: readonly ICredentialType[];
	readonly credentials: readonly StoredCredential[];
	/** What the first node of the workflow is started with. One empty item if absent. */
	readonly input?: readonly INodeExecutionData[];
	readonly executionId?: string;
	/** Presses Stop. */
	readonly stop?: AbortSignal;
	/** How the workflow was started; by hand in the editor if absent. */
	readonly mode?: WorkflowExecuteMode;
	/** What n8n stored of an execution that goes on now. `input` is not used then. */
	readonly goesOn?: IRun;
}

/** Runs a workflow on n8n's own engine and gives what n8n would store of the execution. */
export async function runWorkflow(file: WorkflowFile, options: EngineOptions): Promise<IRun> {
	const workflow = new Workflow({
		id: 'workflow',
		name: file.name,
		nodes: file.nodes,
		connections: file.connections,
		active: false,
		nodeTypes: new EngineNodes(options.nodeTypes),
		settings: file.settings ?? { executionOrder: 'v1' },
	});
	const start = workflow.getStartNode();
	if (!start) throw new Error('The workflow has no node to start with');

	const { mode = 'manual' } = options;
	const executionId = options.executionId ?? `execution-${++executions}`;
	const hooks = new ExecutionLifecycleHooks(mode, executionId, file as IWorkflowBase);
	const additionalData = {
		credentialsHelper: new EngineCredentials(options.credentialTypes, options.credentials),
		executionId,
		hooks,
		currentNodeExecutionIndex: 0,
		currentNodeParameters: undefined,
		variables: {},
		webhookWaitingBaseUrl: 'http://localhost/webhook-waiting',
		formWaitingBaseUrl: 'http://localhost/form-waiting',
	} as unknown as IWorkflowExecuteAdditionalData;
	const runData =
		options.goesOn?.data ??
		createRunExecutionData({
			executionData: {
				nodeExecutionStack: [
					{
						node: start,
						data: { main: [structuredClone([...(options.input ?? [{ json: {} }])])] },
						source: null,
					},
				],
			},
		});
	const run = new WorkflowExecute(additionalData, mode, runData).processRunExecutionData(workflow);
	const onStop = () => run.cancel();
	options.stop?.addEventListener('abort', onStop);
	try {
		return await run;
	} finally {
		options.stop?.removeEventListener('abort', onStop);
	}
}

let executions = 0;

/** A node of a workflow, as n8n's editor makes it. */
export function makeNode(name: string, type: string, parameters: INode['parameters']): INode {
	return { id: name, name, type, typeVersion: 1, position: [0, 0], parameters };
}

/** What a node gave out at one of its outputs in its last run. */
export function outputOf(run: IRun, node: string, output = 0): INodeExecutionData[] {
	return run.data.resultData.runData[node]?.at(-1)?.data?.main[output] ?? [];
}
