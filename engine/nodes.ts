import {
	NodeConnectionTypes,
	NodeHelpers,
	type IExecuteFunctions,
	type IHttpRequestMethods,
	type INodeExecutionData,
	type INodeProperties,
	type INodeType,
	type INodeTypes,
} from 'n8n-workflow';

/** The engine drops parameters that a node does not declare. */
const PARAMETERS = [
	'method',
	'url',
	'authentication',
	'nodeCredentialType',
	'sendQuery',
	'queryParameters',
	'sendHeaders',
	'headerParameters',
	'options',
];

type Execute = (this: IExecuteFunctions) => Promise<INodeExecutionData[][]>;

/**
 * The few nodes of n8n's own that the examples use. n8n's package of nodes is far larger than n8n's engine and not
 * installed here: these do what the examples ask of them, through the engine's own helpers.
 */
const STAND_INS: Readonly<Record<string, INodeType>> = {
	'n8n-nodes-base.manualTrigger': standIn('manualTrigger', async function () {
		return [this.getInputData()];
	}),
	'n8n-nodes-base.executeWorkflowTrigger': standIn('executeWorkflowTrigger', async function () {
		return [this.getInputData()];
	}),
	'n8n-nodes-base.stickyNote': standIn('stickyNote', async function () {
		return [];
	}),
	'n8n-nodes-base.httpRequest': standIn(
		'httpRequest',
		async function () {
			const items = this.getInputData().map(async (_item, i): Promise<INodeExecutionData> => {
				const list = (name: string) =>
					this.getNodeParameter(name, i, []) as Array<{ name: string; value: string }>;
				const pairs = (name: string) =>
					Object.fromEntries(list(name).map((pair) => [pair.name, pair.value]));
				const json: unknown = await this.helpers.httpRequestWithAuthentication.call(
					this,
					this.getNodeParameter('nodeCredentialType', i) as string,
					{
						method: this.getNodeParameter('method', i, 'GET') as IHttpRequestMethods,
						url: this.getNodeParameter('url', i) as string,
						qs: pairs('queryParameters.parameters'),
						headers: pairs('headerParameters.parameters'),
						json: true,
						ignoreHttpStatusErrors: this.getNodeParameter(
							'options.response.response.neverError',
							i,
							false,
						) as boolean,
					},
				);
				return { json: json as INodeExecutionData['json'], pairedItem: { item: i } };
			});
			return [await Promise.all(items)];
		},
		['kisApi'],
	),
};

/** Knows the nodes of the workflow: the given ones by name, and n8n's own stand-ins. */
export class EngineNodes implements INodeTypes {
	readonly #types: Readonly<Record<string, INodeType>>;

	constructor(types: Readonly<Record<string, INodeType>>) {
		this.#types = { ...STAND_INS, ...types };
	}

	getByName(type: string): INodeType {
		return this.getByNameAndVersion(type);
	}

	getByNameAndVersion(type: string, version?: number): INodeType {
		const nodeType = this.#types[type];
		if (!nodeType) throw new Error(`This engine has no node "${type}"`);
		return NodeHelpers.getVersionedNodeType(nodeType, version);
	}

	getKnownTypes(): ReturnType<INodeTypes['getKnownTypes']> {
		return {};
	}
}

/** A node that n8n's engine knows by the fields above. */
export function standIn(name: string, execute: Execute, credentials: string[] = []): INodeType {
	const fields = PARAMETERS.map(
		(field): INodeProperties => ({ displayName: field, name: field, type: 'json', default: '' }),
	);
	return {
		description: {
			displayName: name,
			name,
			group: [],
			version: [1, 2, 3, 4, 4.1, 4.2, 4.3],
			description: '',
			defaults: {},
			inputs: [NodeConnectionTypes.Main],
			outputs: [NodeConnectionTypes.Main],
			credentials: credentials.map((credential) => ({ name: credential })),
			properties: fields,
		},
		execute,
	};
}
