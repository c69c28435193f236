// The examples, as they are imported: on n8n's engine, against the local KIS.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INode, IRun } from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import {
	encryptCredential,
	outputOf,
	removeEngineFolder,
	runWorkflow,
	type WorkflowFile,
} from '../../engine/run';
import { ENVIRONMENTS } from '../../kis/environments';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { useSandbox } from '../support/workflow';

afterAll(removeEngineFolder);

const folder = join(__dirname, '../../examples');
const NODE_TYPE = 'n8n-nodes-koreainvestment.kisToken';
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const parse = (file: string) => JSON.parse(read(file)) as WorkflowFile & { name: string };

const sandbox = useSandbox();

/** Imports an example and chooses the credential, pointed at the sandbox; `change` is what a user does to a node. */
async function run(
	file: string,
	change: (node: INode) => Partial<INode> = () => ({}),
	credential: Record<string, string> = {},
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

	test('holds no token, no key, no credential of anybody, and keeps its executions out of the database', () => {
		expect(read(file)).not.toMatch(/eyJ|"(appkey|appsecret)":/);
		for (const { credentials } of nodes) {
			expect([undefined, { kisApi: { id: 'choose-your-own', name: 'KIS API' } }]).toContainEqual(
				credentials,
			);
		}
		expect(settings).toMatchObject({
			saveDataSuccessExecution: 'none',
			saveDataErrorExecution: 'none',
			saveManualExecutions: false,
			saveExecutionProgress: false,
		});
	});

	test('lets no model fill in a token', () => {
		for (const { parameters } of own) expect(String(parameters.token)).not.toContain('$fromAI');
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

	test('leaves none when the quote fails either, and fails', async () => {
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
	const paste = (token: string) => (node: INode) =>
		node.name === 'Revoke' ? { parameters: { ...node.parameters, token } } : {};

	test('as imported says what is missing', async () => {
		await expect(run('revoke-by-hand.json')).rejects.toMatchObject({
			name: 'WorkflowHasIssuesError',
			message: expect.stringContaining('Parameter "Token" is required'),
		});
	});

	test('revokes what is pasted', async () => {
		const token = sandbox().kis.mint(sandbox().apps[0].appkey).value;
		const stored = await run('revoke-by-hand.json', paste(`Bearer ${token}\n`));
		expect(outputOf(stored, 'Revoke')[0].json.details).toMatchObject({ outcome: 'revoked' });
		expect(sandbox().kis.isLive(token)).toBe(false);
	});
});

describe('end-of-day-sweep.json', () => {
	const SWEEP = 'end-of-day-sweep.json';
	const sweep = (tokens: string[]) => (node: INode) => {
		if (node.name === 'Tokens of the Day') {
			const value = JSON.stringify(tokens);
			return { parameters: { assignments: { assignments: [{ name: 'tokens', value }] } } };
		}
		// The time is not waited for.
		return node.type.endsWith('scheduleTrigger') ? { type: 'n8n-nodes-base.manualTrigger' } : {};
	};

	test('as imported does nothing', async () => {
		expect((await run(SWEEP, sweep([]))).status).toBe('success');
		expect(sandbox().calls).toEqual([]);
	});

	test('revokes all, the same one once', async () => {
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

	test('alerts with the reason where the credential cannot be used', async () => {
		const stored = await run(SWEEP, sweep(['one', 'two']), { appsecret: '' });
		expect(stored.data.resultData.error?.message).toMatch(
			/^2 of today's tokens may still be live: notSent \(no fingerprint\): .*: the App Secret is empty; notSent/,
		);
	});
});

test('ai-agent.json: the tools take the token from before the agent, and none of them issues', () => {
	const { nodes, connections } = parse('ai-agent.json');
	const tools = nodes.filter(({ type }) => type === `${NODE_TYPE}Tool`);
	expect(tools.map(({ parameters }) => parameters.operation)).toEqual(['inspect', 'revoke']);
	for (const { name, parameters } of tools) {
		expect(parameters.token).toBe("={{ $('Issue').first().json.access_token }}");
		expect(connections[name]).toHaveProperty('ai_tool');
	}
	const agent = nodes.find(({ type }) => type.endsWith('.agent'));
	expect(JSON.stringify(agent?.parameters)).not.toContain('access_token');
});
