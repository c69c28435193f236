import {
	NodeConnectionTypes,
	NodeHelpers,
	NodeOperationError,
	type IDataObject,
	type IExecuteFunctions,
	type IHttpRequestMethods,
	type INodeExecutionData,
	type INodeProperties,
	type INodeType,
	type INodeTypes,
	type NodeApiError,
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
	'bodyParameters',
	'options',
	'errorMessage',
	'assignments',
	'fieldToSplitOut',
	'conditions',
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
	'n8n-nodes-base.scheduleTrigger': standIn('scheduleTrigger', async function () {
		return [this.getInputData()];
	}),
	'n8n-nodes-base.stickyNote': standIn('stickyNote', async function () {
		return [];
	}),
	'n8n-nodes-base.httpRequest': standIn(
		'httpRequest',
		async function () {
			const items = this.getInputData().map(async (_item, i): Promise<INodeExecutionData> => {
				const answer = request(this, i);
				const json = this.continueOnFail()
					? await answer.catch(({ message, description }: NodeApiError) => ({
							error: { message, description: description ?? null },
						}))
					: await answer;
				return { json, pairedItem: { item: i } };
			});
			return [await Promise.all(items)];
		},
		['kisApi'],
	),
	'n8n-nodes-base.set': standIn('set', async function () {
		const { assignments } = this.getNodeParameter('assignments', 0) as {
			assignments: Array<{ name: string; value: string }>;
		};
		const json = Object.fromEntries(
			assignments.map(({ name, value }) => [name, JSON.parse(value) as IDataObject]),
		);
		return [this.getInputData().map((_item, i) => ({ json, pairedItem: { item: i } }))];
	}),
	'n8n-nodes-base.splitOut': standIn('splitOut', async function () {
		const from = this.getNodeParameter('fieldToSplitOut', 0) as string;
		const to = this.getNodeParameter('options.destinationFieldName', 0, from) as string;
		return [
			this.getInputData().flatMap(({ json }, i) =>
				(json[from] as unknown as IDataObject[]).map((value) => ({
					json: { [to]: value },
					pairedItem: { item: i },
				})),
			),
		];
	}),
	'n8n-nodes-base.filter': standIn('filter', async function () {
		return [this.getInputData().filter((_item, i) => passes(this, i))];
	}),
	'n8n-nodes-base.stopAndError': standIn('stopAndError', async function () {
		throw new NodeOperationError(
			this.getNode(),
			this.getNodeParameter('errorMessage', 0) as string,
		);
	}),
};

const COMPARISONS: Readonly<Record<string, (left: number, right: number) => boolean>> = {
	equals: (left, right) => left === right,
	gte: (left, right) => left >= right,
	lte: (left, right) => left <= right,
};

/** Returns whether an item meets all conditions. Only numeric comparisons are supported. */
function passes(context: IExecuteFunctions, i: number): boolean {
	const { conditions } = context.getNodeParameter('conditions', i) as {
		conditions: Array<{ leftValue: number; rightValue: number; operator: { operation: string } }>;
	};
	return conditions.every(({ leftValue, rightValue, operator: { operation } }) =>
		COMPARISONS[operation](leftValue, rightValue),
	);
}

async function request(context: IExecuteFunctions, i: number): Promise<IDataObject> {
	const list = (name: string) =>
		context.getNodeParameter(name, i, []) as Array<{ name: string; value: string }>;
	const pairs = (name: string) =>
		Object.fromEntries(list(name).map((pair) => [pair.name, pair.value]));
	return (await context.helpers.httpRequestWithAuthentication.call(
		context,
		context.getNodeParameter('nodeCredentialType', i) as string,
		{
			method: context.getNodeParameter('method', i, 'GET') as IHttpRequestMethods,
			url: context.getNodeParameter('url', i) as string,
			qs: pairs('queryParameters.parameters'),
			headers: pairs('headerParameters.parameters'),
			json: true,
		},
	)) as IDataObject;
}

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
