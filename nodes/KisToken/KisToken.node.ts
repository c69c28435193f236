import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { InvalidInput } from '../../kis/input/invalidInput';
import { mapInTurns } from '../../kis/turns';
import { kisApiTest } from './credentialTest/kisApiTest';
import { readParameter, sameForAll } from './host/input';
import { operationOf, operations } from './operations';
import { tokenHint } from './operations/fields/tokenField';
import { reuseTokenHint } from './operations/issue/options';
import type { Operation } from './operations/operation';
import { reportInvalidInput } from './report/itemReport';
import { toOutput, type Notices } from './report/output';
import { toItem } from './report/outputItem';

/** n8n adds this operation to every node whose credential its HTTP Request node can use. */
const CUSTOM_API_CALL = '__CUSTOM_API_CALL__';

/** Handles an operation that this node does not have: the one that n8n adds, or one from a workflow edited by hand. */
function invalidOperation(chosen: unknown): Pick<Operation, 'run' | 'brokenRun' | keyof Notices> {
	const invalid =
		chosen === CUSTOM_API_CALL
			? new InvalidInput(
					'a Custom API Call is made with the HTTP Request node',
					'In an HTTP Request node, choose Predefined Credential Type as Authentication, KIS API as Credential Type, and this credential.',
				)
			: new InvalidInput('the Operation is not one of this node', 'Choose one in the node.');
	const report = reportInvalidInput('notSent', 'Nothing was sent to KIS', invalid);
	return {
		outcomes: ['notSent'],
		shortfall: 'not processed',
		hints: {},
		brokenRun: report,
		async run(context) {
			return sameForAll(context, report);
		},
	};
}

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
		credentials: [{ name: 'kisApi', required: true, testedBy: 'kisApiTest' }],
		properties: [operation, ...fields],
		hints: [tokenHint, reuseTokenHint],
	};

	/** n8n finds this by `testedBy`. A test in the credential could only declare a request, and n8n would word its failures. */
	methods = { credentialTest: { kisApiTest } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		// Without a value, `invalidOperation` says what is wrong.
		const given = readParameter(this, { name: 'operation', itemIndex: 0, failure: '' });
		const name = 'value' in given ? given.value : undefined;
		const chosen = operationOf(name) ?? invalidOperation(name);
		const run = async () => await toOutput(this, await chosen.run(this), chosen);
		if (!this.continueOnFail()) return [await run()];
		// If the node threw here, n8n would pass every input item on through the success output.
		const broken = async () =>
			await mapInTurns(this.getInputData(), (_item, i) => toItem(chosen.brokenRun, i));
		return [await run().catch(broken)];
	}
}
