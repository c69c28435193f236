// The counts by outcome that n8n keeps with an execution, by which it can filter executions. Tried: several nodes, loops, Retry
// On Fail, a wait, tools of both kinds of agents. No outcome may hide another.
import {
	NodeConnectionTypes,
	type EngineRequest,
	type INode,
	type INodeType,
	type IRun,
} from 'n8n-workflow';

import { operations } from '../../nodes/KisToken/operations';
import { standIn } from '../../tools/engine/nodes';
import { makeNode } from '../../tools/engine/run';
import { getTool, runAgent } from '../support/agent';
import { isN8n1 } from '../support/releaseLine';
import {
	failing,
	kisTokenStep,
	revoke,
	runChain,
	tokenItems,
	UNLIMITED,
	useSandbox,
} from '../support/workflow';

const sandbox = useSandbox();

const mint = () => sandbox().kis.mint(sandbox().apps[0].appkey).value;
const countsOf = ({ data }: IRun) => data.resultData.metadata;
/** n8n 1 gives nodes no custom data. */
const in2 = (counts: Record<string, string>) => (isN8n1 ? undefined : counts);

const options = { maxRetries: 0, askBeforeUnknown: false, requestsPerSecond: UNLIMITED };
const revokeStep = (name: string, token: string): INode => ({
	...kisTokenStep(name, 'revoke', { token, options }),
	...failing,
});
/** The next token ends as `unknown`. */
const loseNextAnswer = () => sandbox().faults.push({ kind: 'reset' });
const ONE_OF_EACH = { kis_unknown: '1', kis_revoked: '1' };

test('all outcomes together fit into the ten entries that n8n keeps', () => {
	const all = Object.values(operations).flatMap(({ outcomes: each }) => each);
	expect(new Set(all).size).toBeLessThanOrEqual(10);
});

test('the items of one run are counted by outcome', async () => {
	const run = await revoke(sandbox(), { input: tokenItems(mint(), mint(), 'opaque') });
	expect(countsOf(run.stored)).toEqual(in2({ kis_revoked: '2', kis_rejected: '1' }));
});

test('the counts of several nodes are added up', async () => {
	const emit = () => tokenItems(mint(), 'opaque').map((json) => ({ json }));
	const nodes = [
		revokeStep('First', '={{ $json.access_token }}'),
		revokeStep('Second', "={{ $('Start').all()[0].json.access_token }}"),
	];
	const run = await runChain(sandbox(), nodes, { emit });
	expect(countsOf(run)).toEqual(in2({ kis_revoked: '3', kis_rejected: '1' }));
});

test('a later node does not hide that a token may still be live', async () => {
	loseNextAnswer();
	const nodes = [revokeStep('First', mint()), revokeStep('Second', mint())];
	expect(countsOf(await runChain(sandbox(), nodes))).toEqual(in2(ONE_OF_EACH));
});

test('nor does a later run of the same node, in a loop', async () => {
	loseNextAnswer();
	const again = standIn('again', async function () {
		return [this.getWorkflowDataProxy(0).$runIndex < 2 ? this.getInputData() : []];
	});
	const nodes = [
		revokeStep('Revoke', "={{ $('Start').first().json.tokens[$runIndex] }}"),
		makeNode('Again', 'again', {}),
	];
	const run = await runChain(sandbox(), nodes, {
		input: [{ tokens: [mint(), mint(), mint()] }],
		nodeTypes: { again },
		connections: {
			Again: { main: [[{ node: 'Revoke', type: NodeConnectionTypes.Main, index: 0 }]] },
		},
	});
	expect(countsOf(run)).toEqual(in2({ kis_unknown: '1', kis_revoked: '2' }));
});

test('the counts of an earlier try of Retry On Fail are replaced, by zero too', async () => {
	loseNextAnswer();
	const run = await revoke(sandbox(), {
		input: tokenItems(mint()),
		node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
		options,
	});
	expect(countsOf(run.stored)).toEqual(in2({ kis_unknown: '0', kis_revoked: '1' }));
});

test('but not those of another node', async () => {
	loseNextAnswer();
	loseNextAnswer();
	const nodes = [
		revokeStep('First', mint()),
		{
			...kisTokenStep('Second', 'revoke', { token: mint(), options }),
			...{ retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
		},
	];
	expect(countsOf(await runChain(sandbox(), nodes))).toEqual(in2(ONE_OF_EACH));
});

test('an execution that waits and goes on keeps its counts', async () => {
	loseNextAnswer();
	const wait = standIn('wait', async function () {
		await this.putExecutionToWait(new Date());
		return [this.getInputData()];
	});
	const nodes = [
		revokeStep('First', mint()),
		makeNode('Wait', 'wait', {}),
		revokeStep('Second', mint()),
	];
	const nodeTypes = { wait };
	const waiting = await runChain(sandbox(), nodes, { nodeTypes });
	expect(countsOf(waiting)).toEqual(in2({ kis_unknown: '1' }));
	const goesOn = JSON.parse(JSON.stringify(waiting)) as IRun;
	const run = await runChain(sandbox(), nodes, { nodeTypes, goesOn });
	expect(countsOf(run)).toEqual(in2(ONE_OF_EACH));
});

describe('as a tool of an agent', () => {
	const tool = revokeStep('Tool', "={{ $fromAI('Token', '', 'string') }}");
	const run = async (execute: INodeType['execute']) => await runAgent(sandbox(), tool, execute);

	test('that calls it itself, for one item after the other', async () => {
		loseNextAnswer();
		const ended = await run(async function () {
			for (const tokens of [[mint(), mint()], [mint()]]) {
				const call = await getTool(this);
				for (const token of tokens) await call(token);
			}
			return [[]];
		});
		expect(countsOf(ended)).toEqual(in2({ kis_unknown: '1', kis_revoked: '2' }));
	});

	test('that calls it itself, for several items concurrently', async () => {
		loseNextAnswer();
		const ended = await run(async function () {
			const calls = [await getTool(this), await getTool(this)];
			for (const call of calls) await call(mint());
			return [[]];
		});
		expect(countsOf(ended)).toEqual(in2(ONE_OF_EACH));
	});

	const ofEngine = isN8n1 ? test.skip : test;
	ofEngine('that lets the engine call it', async () => {
		loseNextAnswer();
		const request: EngineRequest = {
			actions: [mint(), mint()].map((Token, i) => ({
				actionType: 'ExecutionNodeAction',
				nodeName: 'Tool',
				input: { Token },
				type: NodeConnectionTypes.AiTool,
				id: `call ${i}`,
				metadata: {},
			})),
			metadata: {},
		};
		const ended = await run(async (response) =>
			response?.actionResponses.length ? [[]] : request,
		);
		expect(countsOf(ended)).toEqual(ONE_OF_EACH);
	});
});
