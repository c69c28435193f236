// The examples as a user imports them, on n8n's engine, against the sandbox.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IDataObject, INode, IRun } from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import {
	encryptCredential,
	outputOf,
	removeEngineFolder,
	runWorkflow,
	type WorkflowFile,
} from '../../tools/engine/run';
import { ENVIRONMENTS } from '../../kis/input/environments';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { useSandbox } from '../support/workflow';

afterAll(removeEngineFolder);

const folder = join(__dirname, '../../examples');
const NODE_TYPE = 'n8n-nodes-koreainvestment.kisToken';
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const parse = (file: string) => JSON.parse(read(file)) as WorkflowFile & { name: string };

const sandbox = useSandbox();

/** Imports an example and chooses a credential for the sandbox. `change` edits a node as a user would. */
async function run(
	file: string,
	change: (node: INode) => Partial<INode> = () => ({}),
	{ credential, input }: { credential?: Record<string, string>; input?: IDataObject } = {},
): Promise<IRun> {
	const { url, apps } = sandbox();
	const workflow = JSON.parse(
		read(file).replaceAll(ENVIRONMENTS.paper.baseUrl, url),
	) as WorkflowFile;
	const fields = { ...apps[0], environment: 'custom', baseUrl: url, ...credential };
	return await runWorkflow(
		{ ...workflow, nodes: workflow.nodes.map((node) => ({ ...node, ...change(node) })) },
		{
			nodeTypes: { [NODE_TYPE]: new KisToken() },
			credentialTypes: [new KisApi()],
			credentials: [await encryptCredential('choose-your-own', 'kisApi', fields)],
			input: input && [{ json: input }],
		},
	);
}

describe.each(files)('%s', (file) => {
	const { nodes, connections, name, settings } = parse(file);
	const own = nodes.filter(({ type }) => type.startsWith(NODE_TYPE));

	test('has a name, sticky notes, and a paragraph in the README', () => {
		expect(name).toMatch(/^KIS: /);
		expect(nodes.filter(({ type }) => type === 'n8n-nodes-base.stickyNote')).not.toEqual([]);
		expect(read('README.md')).toContain(`**[${file}](${file})**`);
	});

	test('has nodes of different names and ids, all of them connected', () => {
		expect(new Set(nodes.map((node) => node.name)).size).toBe(nodes.length);
		expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
		const targets = Object.values(connections).flatMap((outputs) =>
			Object.values(outputs).flatMap((ports) => ports.flatMap((port) => port ?? [])),
		);
		const linked = new Set([...Object.keys(connections), ...targets.map(({ node }) => node)]);
		for (const node of nodes) {
			if (node.type !== 'n8n-nodes-base.stickyNote') expect(linked).toContain(node.name);
		}
		for (const node of linked) expect(nodes.map((known) => known.name)).toContain(node);
	});

	test('uses the fields and options that the node has', () => {
		const { properties } = new KisToken().description;
		for (const { parameters } of own) {
			const shown = properties.filter(
				({ name: field, displayOptions }) =>
					field === 'operation' ||
					displayOptions?.show?.operation?.includes(parameters.operation as string),
			);
			const known = shown.map((property) => property.name);
			const ofTools = ['descriptionType', 'toolDescription'];
			expect([...known, ...ofTools]).toEqual(expect.arrayContaining(Object.keys(parameters)));
			const options = shown.find((property) => property.name === 'options')?.options ?? [];
			expect(options.map((option) => option.name)).toEqual(
				expect.arrayContaining(Object.keys(parameters.options ?? {})),
			);
		}
	});

	test('contains no token, no key and nobody’s credential', () => {
		expect(read(file)).not.toMatch(/eyJ|"(appkey|appsecret)":/);
		for (const { credentials } of nodes) {
			expect([undefined, { kisApi: { id: 'choose-your-own', name: 'KIS API' } }]).toContainEqual(
				credentials,
			);
		}
	});

	test('says first how to set saving if, and only if, its items contain a token', () => {
		const inItems = own.some(
			({ parameters }) => parameters.operation === 'issue' || parameters.tokenSource === undefined,
		);
		const [{ name: first, parameters }] = nodes;
		expect(first === 'First').toBe(inItems);
		const labels = ['failed production', 'successful production', 'manual', 'execution'];
		for (const label of inItems ? labels : []) {
			expect(parameters.content).toContain(
				`- Save ${label} ${label === 'execution' ? 'progress' : 'executions'}`,
			);
		}
		expect(read(file)).not.toMatch(/settings of this workflow/i);
	});

	test('needs no workflow settings, since the editor drops them on import', () => {
		expect(Object.keys(settings ?? {})).not.toContain('timezone');
		expect(settings?.executionOrder).toBe('v1');
	});

	test('lets no model fill in a token', () => {
		for (const { parameters } of own) expect(String(parameters.token)).not.toContain('$fromAI');
	});
});

/** Starts an example by its schedule, without waiting for the time, and ends it before this node. */
const byClock =
	(last: string, change: (node: INode) => Partial<INode> = () => ({})) =>
	(node: INode) => {
		const passesOn = { type: 'n8n-nodes-base.manualTrigger' };
		if (node.type === passesOn.type) return { disabled: true };
		return node.name === last || node.type.endsWith('scheduleTrigger') ? passesOn : change(node);
	};

/** Sets the clock. n8n runs in another time zone. */
function at(time: string): void {
	jest.spyOn(Date, 'now').mockReturnValue(Date.parse(time));
}

describe('quote-every-minute.json', () => {
	const QUOTES = 'quote-every-minute.json';
	afterEach(() => jest.restoreAllMocks());

	test('gets a quote with only the credential, and a second one with the same token', async () => {
		for (let i = 0; i < 2; i++) {
			const stored = await run(QUOTES);
			expect(outputOf(stored, 'Quote')[0].json).toMatchObject({ rt_cd: '0' });
			expect(JSON.stringify(stored)).not.toContain('eyJ');
		}
		const issues = sandbox().calls.filter(({ path }) => path === '/oauth2/tokenP');
		expect(issues).toHaveLength(1);
	});

	test.each([
		['2026-11-23T08:59:59+09:00', 0],
		['2026-11-23T09:00:00+09:00', 1],
		['2026-11-27T15:30:59+09:00', 1],
		['2026-11-27T15:31:00+09:00', 0],
		['2026-11-28T10:00:00+09:00', 0],
		['2026-11-29T10:00:00+09:00', 0],
		// Still Sunday in New York.
		['2026-11-22T20:00:00-05:00', 1],
		['2026-11-27T10:00:00-05:00', 0],
	])('by the clock of Seoul: at %s', async (time, quotes) => {
		at(time);
		const stored = await run(QUOTES, byClock('Quote'));
		expect(outputOf(stored, 'Quote')).toHaveLength(quotes);
	});
});

describe('issue-quote-revoke.json', () => {
	const token = (stored: IRun) => outputOf(stored, 'Issue')[0].json.access_token as string;

	test('gets a quote and leaves no live token', async () => {
		const stored = await run('issue-quote-revoke.json');
		expect(stored.status).toBe('success');
		expect(outputOf(stored, 'Quote')[0].json).toMatchObject({ rt_cd: '0' });
		expect(outputOf(stored, 'Revoke')[0].json.code).toBe('200');
		expect(sandbox().kis.isKnown(token(stored))).toBe(true);
		expect(sandbox().kis.isLive(token(stored))).toBe(false);
	});

	test('fails if the quote fails, and leaves no live token', async () => {
		const path = '/uapi/domestic-stock/v1/quotations/inquire-price';
		sandbox().faults.push({ kind: 'refuse', code: 'EGW00202', shape: 'uapi', path });
		const stored = await run('issue-quote-revoke.json');
		expect(stored.status).toBe('error');
		expect(stored.data.resultData.error?.message).toMatch(
			/^The quote failed\. The token was revoked: it is dead\. What came back: .*500/,
		);
		expect(stored.data.resultData.runData.Revoke).toBeUndefined();
		expect(sandbox().kis.isLive(token(stored))).toBe(false);
	});
});

describe('revoke-by-hand.json', () => {
	test('revokes what the credential has brought', async () => {
		await run('quote-every-minute.json');
		const [{ tokenFingerprint }] = sandbox().calls.slice(-1);
		const stored = await run('revoke-by-hand.json');
		expect(outputOf(stored, 'Revoke')[0].json.details).toMatchObject({
			outcome: 'revoked',
			tokenFingerprint,
		});
		expect(JSON.stringify(stored)).not.toContain('eyJ');
	});

	test('says so if the credential has brought none', async () => {
		const stored = await run('revoke-by-hand.json');
		expect(stored.data.resultData.error?.message).toContain('keeps no access token');
	});
});

describe('revoke-pasted-token.json', () => {
	test('revokes what is pasted into the form', async () => {
		const token = sandbox().kis.mint(sandbox().apps[0].appkey).value;
		const byClick = ({ type }: INode) =>
			type.endsWith('formTrigger') ? { type: 'n8n-nodes-base.manualTrigger' } : {};
		const input = { Token: `Bearer ${token}\n` };
		const stored = await run('revoke-pasted-token.json', byClick, { input });
		expect(outputOf(stored, 'Revoke')[0].json.details).toMatchObject({ outcome: 'revoked' });
		expect(sandbox().kis.isLive(token)).toBe(false);
	});

	test('hides what is typed', () => {
		const [form] = parse('revoke-pasted-token.json').nodes.filter(({ type }) =>
			type.endsWith('formTrigger'),
		);
		expect(form.parameters.formFields).toEqual({
			values: [expect.objectContaining({ fieldType: 'password' })],
		});
	});
});

describe('end-of-day-sweep.json', () => {
	const SWEEP = 'end-of-day-sweep.json';
	const sweep = (tokens: string[]) => (node: INode) => {
		if (node.name === 'Tokens of the Day') {
			const value = JSON.stringify(tokens);
			return { parameters: { assignments: { assignments: [{ name: 'tokens', value }] } } };
		}
		return {};
	};
	afterEach(() => jest.restoreAllMocks());

	test('does nothing as imported', async () => {
		expect((await run(SWEEP, sweep([]))).status).toBe('success');
		expect(sandbox().calls).toEqual([]);
	});

	test.each([
		['2026-11-23T15:59:59+09:00', 0],
		['2026-11-23T16:00:00+09:00', 2],
		['2026-11-27T16:59:59+09:00', 2],
		['2026-11-27T17:00:00+09:00', 0],
		['2026-11-28T16:00:00+09:00', 0],
		['2026-11-27T02:00:00-05:00', 2],
		['2026-11-27T16:00:00-05:00', 0],
	])('by the clock of Seoul: at %s', async (time, sweeps) => {
		at(time);
		const stored = await run(SWEEP, byClock('Revoke', sweep(['one', 'two'])));
		expect(outputOf(stored, 'Revoke')).toHaveLength(sweeps);
	});

	test('revokes every token, each once', async () => {
		const [one, two] = [1, 2].map(() => sandbox().kis.mint(sandbox().apps[0].appkey).value);
		const stored = await run(SWEEP, sweep([one, two, one]));
		expect(stored.status).toBe('success');
		expect([one, two].some((token) => sandbox().kis.isLive(token))).toBe(false);
		expect(sandbox().calls).toHaveLength(2);
	});

	test('alerts on what may still be live, by fingerprint', async () => {
		const token = sandbox().kis.mint(sandbox().apps[0].appkey).value;
		const stored = await run(SWEEP, sweep(['opaque', token, '']));
		expect(stored.data.resultData.error?.message).toMatch(
			/^2 of today's tokens may still be live: rejected [0-9a-f]{12}: The token was not revoked: .* \(EGW00121\); notSent \(no fingerprint\): The token was not sent to KIS: the token is empty$/,
		);
		expect(sandbox().kis.isLive(token)).toBe(false);
	});

	test('alerts with the reason if the credential is invalid', async () => {
		const stored = await run(SWEEP, sweep(['one', 'two']), {
			credential: { appsecret: '' },
		});
		expect(stored.data.resultData.error?.message).toMatch(
			/^2 of today's tokens may still be live: notSent \(no fingerprint\): .*: the App Secret is empty; notSent/,
		);
	});
});

test('ai-agent.json: the credential gives the tools their token, and no tool issues one', () => {
	const { nodes, connections } = parse('ai-agent.json');
	const tools = nodes.filter(({ type }) => type === `${NODE_TYPE}Tool`);
	expect(tools.map(({ parameters }) => parameters.operation)).toEqual(['inspect', 'revoke']);
	for (const { name, parameters } of tools) {
		expect(parameters.tokenSource).toBe('credential');
		expect(connections[name]).toHaveProperty('ai_tool');
	}
	const quote = nodes.find(({ name }) => name === 'Quote');
	expect(JSON.stringify(quote?.parameters.headerParameters)).not.toContain('authorization');
});
