import type { ICredentialType, IExecuteFunctions, INode, INodeType } from 'n8n-workflow';

import { makeNode, runWorkflow, type EngineOptions } from '../../engine/run';
import type { Task } from './candidate';
import { timed, type Timing } from './timed';

interface InEngine {
	/** As the workflow names it. */
	readonly type: string;
	readonly node: INodeType;
	readonly parameters: INode['parameters'];
	readonly settings?: Partial<INode>;
	readonly credentialTypes?: readonly ICredentialType[];
	readonly credentials?: EngineOptions['credentials'];
}

/** Runs a node on n8n's engine with an item for each token, and times it from its being called to its end. */
export async function runInEngine(
	{ type, node, parameters, settings, credentialTypes = [], credentials = [] }: InEngine,
	{ tokens }: Task,
): Promise<Timing> {
	let timing: Timing | undefined;
	const stopwatch: INodeType = {
		description: node.description,
		async execute() {
			let output: Awaited<ReturnType<NonNullable<INodeType['execute']>>> = null;
			const readingMs = watchReading(this);
			timing = await timed(async () => {
				output = (await node.execute?.call(this)) ?? null;
				return readingMs();
			});
			return output;
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
	if (!timing) throw new Error(`The node was not run: ${run.data.resultData.error?.message}`);
	return timing;
}

/** @returns How long the reading of parameters has taken since, in milliseconds. */
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
