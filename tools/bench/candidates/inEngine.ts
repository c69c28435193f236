import type {
	ICredentialType,
	IExecuteFunctions,
	INode,
	INodeExecutionData,
	INodeType,
	NodeOutput,
} from 'n8n-workflow';

import { makeNode, runWorkflow, type EngineOptions } from '../../engine/run';
import type { Task } from './candidate';
import { timed, type Timing } from './timed';

/** A node of a workflow, and what it is made of. */
export interface Step {
	/** As the workflow names it. */
	readonly type: string;
	readonly node: INodeType;
	readonly parameters: INode['parameters'];
	readonly settings?: Partial<INode>;
	readonly credentialTypes?: readonly ICredentialType[];
	readonly credentials?: EngineOptions['credentials'];
}

/**
 * Runs a node on n8n's engine with an item for each token, and times it from its being called to its end.
 *
 * @throws Error with what n8n says, if it does not come to its end.
 */
export async function runInEngine(
	{ type, node, parameters, settings, credentialTypes = [], credentials = [] }: Step,
	{ tokens }: Task,
): Promise<Timing> {
	let timing: Timing | undefined;
	const stopwatch: INodeType = {
		description: node.description,
		async execute() {
			let output: NodeOutput = null;
			const work = async () => {
				output = (await node.execute?.call(this)) ?? null;
			};
			timing = await timed(work, watchReading(this));
			return output as INodeExecutionData[][] | null;
		},
	};
	const run = await runWorkflow(
		{
			nodes: [
				makeNode('Start', 'n8n-nodes-base.manualTrigger', {}),
				{ ...makeNode('Revoke', type, parameters), onError: 'continueRegularOutput', ...settings },
			],
			connections: { Start: { main: [[{ node: 'Revoke', type: 'main', index: 0 }]] } },
		},
		{
			nodeTypes: { [type]: stopwatch },
			credentialTypes,
			credentials,
			input: tokens.map((access_token) => ({ json: { access_token } })),
		},
	);
	if (timing) return timing;
	const { error, runData } = run.data.resultData;
	const failure = error ?? runData.Revoke?.[0].error;
	throw new Error(`${type} did not come to its end: ${String(failure?.message)}`);
}

/**
 * Measures the reading of parameters from now on.
 *
 * @returns Tells how long it has taken so far, in milliseconds.
 */
function watchReading(context: IExecuteFunctions): () => number {
	let spent = 0;
	const read = context.getNodeParameter.bind(context) as (...args: unknown[]) => unknown;
	const watched = (...args: unknown[]) => {
		const before = performance.now();
		try {
			return read(...args);
		} finally {
			spent += performance.now() - before;
		}
	};
	context.getNodeParameter = watched as IExecuteFunctions['getNodeParameter'];
	return () => spent;
}
