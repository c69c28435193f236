import './settings';
import 'reflect-metadata';
import { ExecuteContext, RoutingNode } from 'n8n-core';
import {
	Workflow,
	type ICredentialDataDecryptedObject,
	type ICredentialType,
	type IExecuteData,
	type INode,
	type INodeType,
	type IRunExecutionData,
	type IWorkflowExecuteAdditionalData,
} from 'n8n-workflow';

import { EngineCredentials } from './credentials';
import { EngineNodes } from './nodes';

/**
 * Tests a credential as n8n's dialog does: its test request, made by n8n's engine with `authenticate` applied, then its
 * rules in their order.
 *
 * @returns What the dialog says is wrong; `null` if it says that the connection works.
 */
export async function testCredential(
	type: ICredentialType,
	fields: ICredentialDataDecryptedObject,
): Promise<string | null> {
	if (!type.test) throw new Error(`${type.name} has no test`);
	const credential = { id: 'tested', name: 'tested', type: type.name, data: fields };
	const node: INode = {
		id: 'test',
		name: 'Test',
		type: 'test',
		typeVersion: 1,
		position: [0, 0],
		parameters: {},
		credentials: { [type.name]: credential },
	};
	const tester: INodeType = {
		description: {
			displayName: 'Test',
			name: 'test',
			group: [],
			version: 1,
			description: '',
			defaults: {},
			inputs: ['main'],
			outputs: ['main'],
			credentials: [{ name: type.name, required: true }],
			properties: [
				{
					displayName: 'Request',
					name: 'request',
					type: 'string',
					default: '',
					routing: { request: type.test.request },
				},
			],
		},
	};
	const workflow = new Workflow({
		nodes: [node],
		connections: {},
		active: false,
		nodeTypes: new EngineNodes({ test: tester }),
	});
	const additionalData = {
		credentialsHelper: new EngineCredentials([type], []),
		variables: {},
		webhookWaitingBaseUrl: 'http://localhost/webhook-waiting',
		formWaitingBaseUrl: 'http://localhost/form-waiting',
	} as unknown as IWorkflowExecuteAdditionalData;
	const data = { main: [[{ json: {} }]] };
	const executeData: IExecuteData = { node, data, source: null };
	const runData = { resultData: { runData: {} } } as unknown as IRunExecutionData;
	const context = new ExecuteContext(
		workflow,
		node,
		additionalData,
		'internal',
		runData,
		0,
		[],
		data,
		executeData,
		[],
	);
	try {
		const output = await new RoutingNode(context, tester, credential).runNode();
		const json = output?.[0]?.[0]?.json ?? {};
		const broken = type.test.rules?.find(
			({ properties }) => 'key' in properties && json[properties.key] === properties.value,
		);
		return broken ? String(broken.properties.message) : null;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}
