// The hints in the node's panel. As in n8n's editor, the condition of each is evaluated with the node.
import { Workflow, type INodeParameters } from 'n8n-workflow';

import { EngineNodes } from '../../tools/engine/nodes';
import { makeNode } from '../../tools/engine/run';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { makeOpaqueToken, makeToken } from '../support/tokens';

const TYPE = 'n8n-nodes-koreainvestment.kisToken';

/** Returns the start of each hint that the node's panel shows. */
function hintsOf(parameters: INodeParameters): string[] {
	const nodeType = new KisToken();
	const node = makeNode('KIS Token', TYPE, parameters);
	const workflow = new Workflow({
		nodes: [node],
		connections: {},
		active: false,
		nodeTypes: new EngineNodes({ [TYPE]: nodeType }),
	});
	const shown = (nodeType.description.hints ?? []).filter(({ displayCondition = '' }) => {
		const after = workflow.expression.getParameterValue(
			displayCondition,
			null,
			0,
			0,
			node.name,
			[{ json: { access_token: 'x' } }],
			'manual',
			{},
		);
		const before = workflow.expression.getSimpleParameterValue(
			workflow.nodes[node.name],
			displayCondition,
			'internal',
			{},
		);
		expect([typeof after, before]).toEqual(['boolean', after]);
		return after;
	});
	return shown.map(({ message }) => message.split('.')[0]);
}

const TYPED = ['The field Token holds a typed token'];
const token = makeToken('x');

test.each([
	['a JWT', token],
	['any text', makeOpaqueToken()],
	['with Bearer', `Bearer ${token}`],
	['in the mode of expressions', `=${token}`],
	['with Bearer, in the mode of expressions', `= Bearer ${token}`],
	['lines', `\n${token}\n`],
])('a hint warns of a typed token: %s', (_what, typed) => {
	for (const operation of ['revoke', 'inspect']) {
		expect(hintsOf({ operation, tokenSource: 'input', token: typed })).toEqual(TYPED);
		// As in workflows from before Token From existed.
		expect(hintsOf({ operation, token: typed })).toEqual(TYPED);
	}
	const options = { reuseToken: typed };
	expect(hintsOf({ operation: 'issue', options })).toEqual([
		'The field Reuse Token holds a typed token',
	]);
});

test.each([
	['an expression', '={{ $json.access_token }}'],
	['an expression that gives nothing', '={{ $json.other }}'],
	['an expression that cannot be evaluated', "={{ $('No Such Node').item.json.x }}"],
	['an expression with Bearer', '=Bearer {{ $json.access_token }}'],
	['an expression in lines', '=\n{{\n$json.access_token\n}}\n'],
	[
		'one that an AI model fills in',
		"={{ /*n8n-auto-generated-fromAI-override*/ $fromAI('Token', ``, 'string') }}",
	],
	['nothing', ''],
	['white space', ' \n'],
	['an empty expression', '='],
	['an expression of white space', '= '],
])('no hint for %s', (_what, value) => {
	for (const operation of ['revoke', 'inspect']) {
		expect(hintsOf({ operation, tokenSource: 'input', token: value })).toEqual([]);
	}
	expect(hintsOf({ operation: 'issue', options: { reuseToken: value } })).toEqual([]);
});

test('no hint for a field that is not shown', () => {
	expect(hintsOf({ operation: 'revoke', tokenSource: 'credential', token })).toEqual([]);
	expect(hintsOf({ operation: 'issue', tokenSource: 'input', token })).toEqual([]);
	expect(hintsOf({ operation: 'revoke', options: { reuseToken: token } })).toEqual([]);
	expect(hintsOf({})).toEqual([]);
});
