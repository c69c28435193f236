import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { Unusable } from '../../kis/unusable';
import { operationOf, operations } from './operations';
import { toItem } from './report/item';
import { toOutput } from './report/output';
import { BROKEN_RUN, reportUnusable } from './report/report';

const NO_OPERATION = new Unusable(
	'the Operation is not one of this node',
	'Choose one in the node.',
);

const operation: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	options: Object.values(operations).map(({ option }) => option),
	default: 'revoke',
};

const fields = Object.entries(operations).flatMap(([name, { fields: own }]) =>
	own.map((field) => ({ ...field, displayOptions: { show: { operation: [name] } } })),
);

export class KisToken implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'KIS Token',
		name: 'kisToken',
		icon: { light: 'file:../../icons/kis.svg', dark: 'file:../../icons/kis.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] }}',
		description:
			'Revoke access tokens (접근토큰) of Korea Investment & Securities (한국투자증권, KIS) and know for certain what became of each',
		defaults: { name: 'KIS Token' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'kisApi', required: true }],
		properties: [operation, ...fields],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const items = this.getInputData();
		const run = async () => {
			const chosen = operationOf(this.getNodeParameter('operation', 0));
			return chosen
				? await chosen.execute(this)
				: toOutput(
						this,
						items.map(() => reportUnusable(NO_OPERATION)),
					);
		};
		if (!this.continueOnFail()) return [await run()];
		// Of a node that throws here, n8n would send every input item out of the success output.
		return [await run().catch(() => items.map((_item, i) => toItem(BROKEN_RUN, i)))];
	}
}
