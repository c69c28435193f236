// KIS Token as a tool of an agent, as n8n makes tools of nodes.
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INode,
	type INodeType,
	type IRun,
} from 'n8n-workflow';

import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { standIn } from '../../tools/engine/nodes';
import { makeNode } from '../../tools/engine/run';
import { runChain, type SandboxAddress } from './workflow';

const TOOL = 'n8n-nodes-koreainvestment.kisTokenTool';

/** Start → an agent, with a tool of that name. @param execute What the agent does. */
export async function runAgent(
	host: SandboxAddress,
	tool: INode,
	execute: INodeType['execute'],
): Promise<IRun> {
	const agent = standIn('agent', async () => []);
	agent.description.inputs = [NodeConnectionTypes.Main, NodeConnectionTypes.AiTool];
	agent.execute = execute;
	return await runChain(host, [makeNode('Agent', 'agent', {}), { ...tool, type: TOOL }], {
		nodeTypes: { agent, [TOOL]: toolType() },
		connections: {
			Agent: {},
			[tool.name]: {
				[NodeConnectionTypes.AiTool]: [
					[{ node: 'Agent', type: NodeConnectionTypes.AiTool, index: 0 }],
				],
			},
		},
	});
}

/** Gives the agent its tool, as AI Agent 2 gets it, for each item. Called with a token, the tool gives out its items as JSON. */
export async function getTool(
	context: IExecuteFunctions,
): Promise<(token: string) => Promise<unknown>> {
	const [tool] = (await context.getInputConnectionData(NodeConnectionTypes.AiTool, 0)) as Array<{
		invoke(input: unknown): Promise<unknown>;
	}>;
	return async (Token) => await tool.invoke({ Token });
}

function toolType(): INodeType {
	const tool = new KisToken();
	tool.description = {
		...tool.description,
		inputs: [],
		outputs: [NodeConnectionTypes.AiTool],
	};
	return tool;
}
