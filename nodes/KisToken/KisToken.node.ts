import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { mapInTurns } from '../../kis/turns';
import { Unusable } from '../../kis/unusable';
import { readParameter } from './input';
import { operationOf, operations } from './operations';
import type { Operation } from './operations/operation';
import { toItem } from './report/item';
import { toOutput } from './report/output';
import { reportUnusable } from './report/report';

const NOTHING_CHOSEN = reportUnusable(
	'notSent',
	'Nothing was sent to KIS',
	new Unusable('the Operation is not one of this node', 'Choose one in the node.'),
);

/** In a workflow that was edited by hand. */
const noOperation: Pick<Operation, 'run' | 'outcomes' | 'shortfall' | 'brokenRun'> = {
	outcomes: ['notSent'],
	shortfall: 'not processed',
	brokenRun: NOTHING_CHOSEN,
	async run(context) {
		return context.getInputData().map(() => NOTHING_CHOSEN);
	},
};

const operation: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	options: Object.entries(operations).map(([value, { option }]) => ({ ...option, value })),
	default: 'revoke',
};

const fields: INodeProperties[] = Object.entries(operations).flatMap(([name, { fields: own }]) =>
	own.map((field) => ({
		...field,
		displayOptions: { show: { ...field.displayOptions?.show, operation: [name] } },
	})),
);

export class KisToken implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'KIS Token',
		name: 'kisToken',
		icon: { light: 'file:../../icons/kis.svg', dark: 'file:../../icons/kis.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"].toTitleCase() }}',
		description: 'Issue, inspect and revoke the access tokens of 한국투자증권 (KIS)',
		defaults: { name: 'KIS Token' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'kisApi', required: true }],
		properties: [operation, ...fields],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const given = readParameter(this, 'operation', 0, '');
		const chosen = ('value' in given && operationOf(given.value)) || noOperation;
		const run = async () => await toOutput(this, await chosen.run(this), chosen);
		if (!this.continueOnFail()) return [await run()];
		// Of a node that throws here, n8n would send every input item out of the success output.
		const broken = async () =>
			await mapInTurns(this.getInputData(), (_item, i) => toItem(chosen.brokenRun, i));
		return [await run().catch(broken)];
	}
}
