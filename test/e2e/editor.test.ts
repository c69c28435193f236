// The editor, as users see it: in a real browser. The pictures of the last run are in test/e2e/screenshots.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';

import { operations } from '../../nodes/KisToken/operations';
import type { Operation } from '../../nodes/KisToken/operations/operation';
import { freePort, Program } from '../../tools/n8n/program';
import { chain, example, httpRequest, kisToken } from '../../tools/n8n/workflows';
import { makeApp } from '../../tools/sandbox/apps';
import type { Sandbox } from '../../tools/sandbox/server';
import { N8N_LABELS } from '../docs/n8nLabels';
import { SEARCHES } from '../package/searches';
import { Editor } from './editor/editor';
import { line } from './line';
import { Stage } from './stage';
import type { TokenSource } from './tokenSource';

const EXAMPLES = readdirSync(join(__dirname, '../../examples')).filter((file) =>
	file.endsWith('.json'),
);
const apps = { chain: makeApp(), batch: makeApp(), typed: makeApp(), stranger: makeApp() };

const QUOTE = '/uapi/domestic-stock/v1/quotations/inquire-price';

/** Of the local KIS that a test starts as a user does. */
let port: number;
let stage: Stage;
let editor: Editor;

beforeAll(async () => {
	port = await freePort();
	stage = await Stage.start({ apps, workflows });
	stage.tokens.items.set(
		'failed',
		[apps.batch, apps.stranger].map(({ appkey }) => ({
			access_token: stage.sandbox.kis.mint(appkey).value,
		})),
	);
	editor = await Editor.open(stage.n8n);
});
afterAll(async () => {
	await editor?.close();
	await stage?.stop();
});

function workflows(sandbox: Sandbox, tokens: TokenSource) {
	const revoke = kisToken('Revoke', 'batch', { operation: 'revoke', options: {} });
	return [
		chain('empty', []),
		chain('preview', [
			kisToken('Issue', 'batch', { operation: 'issue' }),
			revoke,
			kisToken('After', 'batch', { operation: 'inspect' }),
		]),
		chain('failed', [httpRequest('Tokens', tokens.urlOf('failed')), revoke]),
		chain('first steps', [
			httpRequest('Quote', `http://127.0.0.1:${port}${QUOTE}?FID_INPUT_ISCD=005930`, {
				parameters: { authentication: 'predefinedCredentialType', nodeCredentialType: 'kisApi' },
			}),
			{ ...kisToken('Revoke', '', { tokenSource: 'credential' }), credentials: {} },
		]),
		chain('typed', [
			kisToken('Typed', 'batch', { operation: 'revoke', token: 'a-typed-token' }),
			kisToken('Expression', 'batch', { operation: 'revoke' }),
		]),
		chain('wrong name', [
			kisToken('Wrong Name', 'batch', {
				operation: 'revoke',
				token: "={{ $('No Such Node').item.json.access_token }}",
			}),
		]),
		chain('custom', [kisToken('Custom', 'batch', { operation: 'inspect' })]),
		...EXAMPLES.map((file) => example(file, sandbox, 'chain')),
	];
}

describe('the search for a node', () => {
	beforeAll(async () => await editor.openWorkflow('empty'));

	test.each(SEARCHES)('finds it by %s', async (text) => {
		const found = await editor.searchNodes(text);
		await found.getByText('KIS Token', { exact: true }).first().waitFor();
	});

	test.each(['KIS', '한국투자', '접근토큰폐기', 'stock'])('shows it first for %s', async (text) => {
		const found = await editor.searchNodes(text);
		const first = found.getByTestId('item-iterator-item').first();
		await first.getByText('KIS Token', { exact: true }).waitFor();
		await editor.picture(`search ${text}`);
	});
});

test('offers what the node can do, and opens its panel', async () => {
	await editor.openWorkflow('empty');
	const creator = await editor.searchNodes('KIS');
	await creator.getByText('KIS Token', { exact: true }).first().click();
	for (const { option } of Object.values(operations)) {
		await creator.getByText(option.action).waitFor();
	}
	await editor.picture('actions');
	await creator.getByText(operations.revoke.option.action).click();
	await editor.byId('node-parameters').waitFor();
});

// The documentation speaks of the newer line.
(line === '1.123' ? test.skip : test)(
	'shows every label of n8n that the documentation names',
	() => {
		const modules = join(stage.n8n.installation.folder, 'node_modules');
		const assets = join(modules, 'n8n-editor-ui/dist/assets');
		const scripts = readdirSync(assets).filter((file) => file.endsWith('.js'));
		const made = [
			join(modules, 'n8n-nodes-base/dist/types/nodes.json'),
			...scripts.map((file) => join(assets, file)),
		].map((file) => readFileSync(file, 'utf8'));
		const missing = [...N8N_LABELS].filter((label) => !made.some((text) => text.includes(label)));
		expect(missing).toEqual([]);
	},
);

test('says on the canvas what it does', async () => {
	await editor.openWorkflow('preview');
	await editor.node('After').getByText('Inspect', { exact: true }).waitFor();
});

describe('the panel', () => {
	const shown = async () => await editor.byId('node-parameters').innerText();

	beforeAll(async () => {
		await editor.openWorkflow('preview');
		await editor.openNode('Revoke');
	});

	/** But for the one that only tools have. */
	const labelsOf = ({ fields }: Operation) =>
		fields.filter(({ name }) => name !== 'noToolNotice').map(({ displayName }) => displayName);
	const every = Object.values<Operation>(operations);

	test.each(every.map((operation) => [operation.option.name, operation] as const))(
		'shows the fields and options of %s and no others',
		async (name, operation) => {
			await editor.choose(editor.parameter('operation'), name);
			const text = await shown();
			for (const label of new Set(every.flatMap(labelsOf))) {
				expect([label, text.includes(label)]).toEqual([label, labelsOf(operation).includes(label)]);
			}
			await editor.picture(`panel ${name}`);
			const collections = operation.fields.filter(({ type }) => type === 'collection');
			const options = collections.flatMap(({ options: entries = [] }) => entries);
			if (options.length === 0) return;
			const offered = await editor.offeredBy(editor.page.getByPlaceholder('Add option'));
			expect(offered).toEqual(
				options.map((option) => 'displayName' in option && option.displayName),
			);
		},
	);

	test('lists the operations with what each does', async () => {
		const offered = await editor.offeredBy(editor.parameter('operation'));
		for (const { option } of Object.values(operations)) {
			expect(offered).toEqual(expect.arrayContaining([option.name, option.description]));
		}
	});

	test('takes an option that is added', async () => {
		await editor.choose(editor.parameter('operation'), 'Revoke');
		await editor.choose(editor.page.getByPlaceholder('Add option'), 'Requests per Second');
		const input = editor.parameter('requestsPerSecond').locator('input').first();
		expect(await input.inputValue()).toBe('0');
		await editor.picture('option');
	});

	test('warns of a token that is typed in, for as long as it is used, and of no expression', async () => {
		const warning = editor.page.getByText(/^The field Token holds a typed token/);
		await editor.openWorkflow('typed');
		await editor.openNode('Typed');
		await editor
			.byId('output-panel')
			.getByText(/holds a typed token/)
			.waitFor();
		expect(await warning.count()).toBe(1);
		await editor.picture('typed token');
		await editor.choose(editor.parameter('tokenSource'), 'Credential');
		await warning.waitFor({ state: 'hidden' });
		await editor.leaveNode();
		await editor.openNode('Expression');
		await editor.byId('output-panel').waitFor();
		expect(await warning.count()).toBe(0);
	});

	test('previews what the step before gives out, without running it', async () => {
		await editor.openWorkflow('preview');
		await editor.openNode('After');
		const input = editor.byId('ndv-input-panel');
		for (const field of Object.keys(operations.revoke.output)) {
			await input.getByText(field, { exact: true }).first().waitFor();
		}
		await editor.picture('preview');
	});
});

describe('the dialog of the credential', () => {
	const field = (name: string) => editor.parameter(name).locator('input').first();

	beforeAll(async () => {
		await editor.openWorkflow('preview');
		await editor.openNode('Revoke');
		await editor.newCredential();
	});

	test('asks for a Base URL with Custom only', async () => {
		expect(await field('baseUrl').isVisible()).toBe(false);
		await editor.choose(editor.parameter('environment'), 'Custom (Relay or Sandbox)');
		await field('baseUrl').waitFor();
	});

	test('says what is wrong with keys that KIS does not know', async () => {
		await field('appkey').fill(makeApp().appkey);
		await field('appsecret').fill(apps.typed.appsecret);
		await field('baseUrl').fill(stage.sandbox.url);
		await editor.byId('credential-save-button').click();
		await editor.page.getByText('More details').click();
		await editor.page.getByText(/EGW00103: KIS does not know this App Key/).waitFor();
		await editor.picture('credential refused');
	});

	test.each([
		['no scheme', () => stage.sandbox.url.replace('https://', ''), /Begin it with https/],
		[
			'plain http elsewhere',
			() => 'http://relay.example',
			/Only this computer \(localhost\) may be/,
		],
		['a closed port', () => 'http://127.0.0.1:1', /nothing listens at the address/],
	])('says what is wrong with an address: %s', async (what, address, says) => {
		await field('baseUrl').fill(address());
		await editor.byId('credential-save-button').click();
		// n8n leaves them open.
		await editor.page.getByText(says).waitFor();
		await editor.picture(`credential ${what}`);
	});

	test('says that good keys work, and saves them', async () => {
		await field('baseUrl').fill(stage.sandbox.url);
		await field('appkey').fill(apps.typed.appkey);
		await editor.byId('credential-save-button').click();
		await editor.credentialAccepted();
		await editor.picture('credential accepted');
		const saved = await stage.api.call('GET', '/credentials');
		expect(saved).toHaveLength(Object.keys(apps).length + 1);
	});
});

test('a credential that is made from the list of credentials is tested too', async () => {
	await editor.page.goto(`${stage.n8n.url}/home/credentials/create`);
	await editor.byId('new-credential-type-select').click();
	await editor.page.keyboard.type('KIS API');
	await editor.byId('new-credential-type-select-option').getByText('KIS API').first().click();
	await editor.byId('new-credential-type-button').click();
	await editor.byId('editCredential-modal').waitFor();
	const field = (name: string) => editor.parameter(name).locator('input').first();
	await field('appkey').fill(makeApp().appkey);
	await field('appsecret').fill(apps.typed.appsecret);
	await editor.choose(editor.parameter('environment'), 'Custom (Relay or Sandbox)');
	await field('baseUrl').fill(stage.sandbox.url);
	await editor.byId('credential-save-button').click();
	await editor.page.getByText('More details').click();
	await editor.page.getByText(/EGW00103: KIS does not know this App Key/).waitFor();
});

test('what npm run sandbox prints is all it takes for a first quote and revoke, and n8n runs on', async () => {
	const command = ['npm', 'run', '--silent', 'sandbox', '--', '--port', String(port)];
	const program = new Program(command as [string, ...string[]], {
		cwd: join(__dirname, '../..'),
		env: { PATH: process.env.PATH, HOME: stage.folder },
	});
	try {
		await program.until(async () => program.log.includes('Ctrl+C'));
		const printed = (name: string) =>
			new RegExp(`^ +${name} +(.+)$`, 'm').exec(program.log)?.[1] ?? '';
		await editor.openWorkflow('first steps');
		await editor.openNode('Quote');
		await editor.newCredential();
		const field = (name: string) => editor.parameter(name).locator('input').first();
		await field('appkey').fill(printed('App Key'));
		await field('appsecret').fill(printed('App Secret'));
		await editor.choose(editor.parameter('environment'), printed('Environment'));
		await field('baseUrl').fill(printed('Base URL'));
		await editor.byId('credential-save-button').click();
		await editor.credentialAccepted();
		await editor.picture('first steps credential');
		await editor.leaveDialog('editCredential-modal');
		const name = await editor.byId('node-credentials-select').locator('input').inputValue();
		await editor.leaveNode();
		await editor.openNode('Revoke');
		await editor.choose(editor.byId('node-credentials-select'), name);
		await editor.leaveNode();
		await editor.execute();
		const output = editor.byId('output-panel');
		await editor.openNode('Quote');
		await output.getByText('71500').first().waitFor();
		await editor.leaveNode();
		await editor.openNode('Revoke');
		await output.getByText('접근토큰 폐기에 성공하였습니다.').first().waitFor();
		await editor.picture('first steps');
	} finally {
		await program.stop();
	}
});

test.each(EXAMPLES)('%s opens, and its notes cover no node', async (file) => {
	await editor.openWorkflow(example(file, stage.sandbox, 'chain').id);
	const notes = await editor.byId('sticky').all();
	const nodes = await editor
		.byId('canvas-node')
		.filter({ hasNot: editor.byId('sticky') })
		.all();
	expect([notes.length, nodes.length]).not.toContain(0);
	for (const note of notes) {
		for (const node of nodes) {
			expect(overlap(await boxOf(note), await boxOf(node))).toBe(false);
		}
	}
	expect(await editor.page.getByText(/Install this node|not currently installed/).count()).toBe(0);
	await editor.picture(`example ${file}`);
});

test('runs the example that issues, and shows what came out', async () => {
	await editor.openWorkflow('issue-quote-revoke');
	await editor.execute();
	await editor.picture('executed');
	await editor.openNode('Revoke');
	const output = editor.byId('output-panel');
	await output.getByText('접근토큰 폐기에 성공하였습니다.').first().waitFor();
	await editor.picture('output');
});

test('shows what failed: which item, why, and what to do', async () => {
	await editor.openWorkflow('failed');
	await editor.execute();
	await editor.openNode('Revoke');
	const message = await editor.byId('node-error-message').innerText();
	expect(message).toContain('1 of 2 items ended without a confirmed revoke, namely item 1.');
	const description = await editor.byId('node-error-description').innerText();
	expect(description).toContain('item 1 – rejected – The token was not revoked: ');
	expect(description).toContain('The rest: 1 revoked');
	expect(description).not.toMatch(/<\/?\w+>/);
	await editor.picture('failed');
	await editor.picture('failed message', editor.page.locator('.node-error-view__header'));
});

test("shows n8n's reason where an expression cannot be evaluated", async () => {
	await editor.openWorkflow('wrong name');
	await editor.openNode('Wrong Name');
	await editor.byId('node-execute-button').click();
	const description = await editor.byId('node-error-description').innerText();
	expect(description).toContain("n8n says: “Referenced node doesn't exist”.");
	await editor.picture('wrong name');
});

test('says where a Custom API Call is made, which n8n lists among the operations', async () => {
	await editor.openWorkflow('custom');
	await editor.openNode('Custom');
	await editor.choose(editor.parameter('operation'), 'Custom API Call');
	await editor.byId('node-execute-button').click();
	const message = await editor.byId('node-error-message').innerText();
	expect(message).toContain('a Custom API Call is made with the HTTP Request node');
	const description = await editor.byId('node-error-description').innerText();
	expect(description).toContain('Predefined Credential Type');
	await editor.picture('custom api call');
});

interface Box {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
}

async function boxOf(element: Locator): Promise<Box> {
	const box = await element.boundingBox();
	if (!box) throw new Error('It is not to be seen.');
	return box;
}

function overlap(one: Box, other: Box): boolean {
	const apart = (start: 'x' | 'y', size: 'width' | 'height') =>
		one[start] + one[size] <= other[start] || other[start] + other[size] <= one[start];
	return !apart('x', 'width') && !apart('y', 'height');
}
