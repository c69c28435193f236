// Every example as users take it: imported by the editor's menu, its first note obeyed, and run; then all that n8n has
// stored is searched. The editor drops the settings that a file brings.
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IDataObject, INode } from 'n8n-workflow';

import { readDatabase, readDatabaseFiles, readOtherFiles } from '../../tools/n8n/database';
import { example, httpRequest } from '../../tools/n8n/workflows';
import { makeApp, type App } from '../../tools/sandbox/apps';
import { found } from '../support/secrets';
import { Editor } from './editor/editor';
import { line } from './line';
import { ModelDouble } from './modelDouble';
import { Stage } from './stage';
import { until } from './until';

const REVOKED = '접근토큰 폐기에 성공하였습니다.';
/** As n8n calls it. */
const nextMajor = line === '1.123' ? 'v2' : 'v3';
/** The credential of the chat model. */
const MODEL = 'Chat Model Double';

/** KIS issues once a minute for each app key. */
const apps = {
	quote: makeApp(),
	chain: makeApp(),
	pasted: makeApp(),
	sweep: makeApp(),
	agent: makeApp(),
};
type Name = keyof typeof apps;

interface Taken {
	/** The credential that is chosen. */
	readonly credential: Name;
	/** What a user changes in it. */
	readonly change?: (node: INode) => Partial<INode>;
	readonly run: () => Promise<void>;
}

let stage: Stage;
let editor: Editor;
let model: ModelDouble;
/** KIS gives the same token within six hours: every issue gets these. */
let tokens: Record<Name, string>;

const EXAMPLES: Readonly<Record<string, Taken>> = {
	'quote-every-minute.json': {
		credential: 'quote',
		async run() {
			await editor.execute('When Clicking Execute');
			await shows('Quote', '71500');
			expect(isLive('quote')).toBe(true);
			await editor.leaveNode();
			// For the README: what follows asks for no quote out of hours.
			await editor.picture('workflow');
			// Whatever the time is: in a market's hours it asks once more.
			await editor.execute('Every Minute');
		},
	},
	'revoke-by-hand.json': {
		// What the quote was asked for with.
		credential: 'quote',
		async run() {
			await editor.execute();
			await shows('Revoke', REVOKED);
			expect(isLive('quote')).toBe(false);
		},
	},
	'issue-quote-revoke.json': {
		credential: 'chain',
		async run() {
			await editor.execute();
			await shows('Revoke', REVOKED);
			expect(isLive('chain')).toBe(false);
		},
	},
	'revoke-pasted-token.json': {
		credential: 'pasted',
		async run() {
			const opened = editor.page.waitForEvent('popup');
			await editor.startButton().click();
			const form = await opened;
			await form.locator('input[type=password]').fill(tokens.pasted);
			await form.getByRole('button', { name: 'Submit' }).click();
			await until(() => !isLive('pasted'));
			await form.close();
			await shows('Revoke', REVOKED);
		},
	},
	'end-of-day-sweep.json': {
		credential: 'sweep',
		change: ({ name, position }) =>
			name === 'Tokens of the Day'
				? { ...httpRequest(name, stage.tokens.urlOf('sweep')), position }
				: name === 'One Item Each'
					? { parameters: { fieldToSplitOut: 'access_token', options: {} } }
					: {},
		async run() {
			await editor.execute('When Clicking Execute');
			await shows('Revoke', REVOKED);
			expect(isLive('sweep')).toBe(false);
		},
	},
	'ai-agent.json': {
		credential: 'agent',
		async run() {
			await editor.openNode('Chat Model');
			await editor.choose(editor.byId('node-credentials-select'), MODEL);
			await editor.leaveNode();
			await editor.byId('workflow-chat-button').click();
			await editor.byId('canvas-chat').getByRole('textbox').fill('What is 005930 at?');
			await editor.page.keyboard.press('Enter');
			await editor.byId('canvas-chat').getByText('Done.').waitFor();
			expect(model.heard).toContain('71500');
			expect(model.heard).toContain(REVOKED);
			expect(isLive('agent')).toBe(false);
		},
	},
};

beforeAll(async () => {
	stage = await Stage.start({
		apps,
		workflows: () => [],
		env: { N8N_LOG_LEVEL: 'debug', N8N_COMMUNITY_PACKAGES_ALLOW_TOOL_USAGE: 'true' },
	});
	model = await new ModelDouble(['Quote', 'Inspect', 'Revoke']).start();
	const data = { apiKey: 'of-nobody', url: model.url };
	await stage.api.call('POST', '/credentials', { name: MODEL, type: 'openAiApi', data });
	const minted = Object.entries<App>(apps).map(([name, { appkey }]) => [
		name,
		stage.sandbox.kis.mint(appkey).value,
	]);
	tokens = Object.fromEntries(minted) as typeof tokens;
	stage.tokens.items.set('sweep', [{ access_token: tokens.sweep }]);
	editor = await Editor.open(stage.n8n);
});
afterAll(async () => {
	await editor?.close();
	await model?.stop();
	await stage?.stop();
});

const isLive = (name: Name) => stage.sandbox.kis.isLive(tokens[name]);

/** What the first note says to set. */
function settingsOf(nodes: readonly INode[]): Record<string, string> {
	const { content } = nodes.find(({ name }) => name === 'First')?.parameters ?? {};
	const labels = [...String(content).matchAll(/^- (.+)$/gm)].map(([, label]) => label);
	return Object.fromEntries(labels.map((label) => [label, 'Do not save']));
}

/** In the output of a node. */
async function shows(node: string, text: string): Promise<void> {
	await editor.openNode(node);
	await editor.byId('output-panel').getByText(text).first().waitFor();
}

test('none is left out', () => {
	const files = readdirSync(join(__dirname, '../../examples')).filter((file) =>
		file.endsWith('.json'),
	);
	expect(Object.keys(EXAMPLES).sort()).toEqual(files.sort());
});

test.each(Object.entries(EXAMPLES))('%s works as its notes say', async (file, taken) => {
	const { credential, change = () => ({}), run } = taken;
	const { id, ...workflow } = example(file, stage.sandbox, 'choose-your-own');
	const nodes = workflow.nodes.map((node) => ({ ...node, ...change(node) }));
	const path = join(stage.folder, `${id}.json`);
	await writeFile(path, JSON.stringify({ ...workflow, nodes }));
	await editor.importFile(path);
	for (const { name, credentials } of nodes) {
		if (!credentials?.kisApi) continue;
		await editor.openNode(name);
		await editor.choose(editor.byId('node-credentials-select'), `KIS ${credential}`);
		await editor.leaveNode();
	}
	await editor.save();
	const settings = settingsOf(nodes);
	if (Object.keys(settings).length > 0) await editor.setSettings(settings);
	await run();
	await editor.picture(`ran ${file}`);
});

test('n8n’s own report names nothing in them that its next major version changes', async () => {
	const { report } = await stage.api.call('GET', `/breaking-changes/report?version=${nextMajor}`);
	expect((report as IDataObject).workflowResults).toEqual([]);
});

describe('what is left when n8n has ended', () => {
	const keys = () =>
		Object.values<App>(apps).flatMap(({ appkey, appsecret }) => [appkey, appsecret]);

	beforeAll(async () => {
		await editor.close();
		await stage.n8n.stop();
	});

	// n8n writes what a form brings before the workflow runs, and removes it an hour after it has deleted the execution.
	test('no table holds a token or a key, but for what the form brought to an execution that is deleted', async () => {
		const { execution_data, ...others } = await readDatabase(stage.n8n);
		const deleted = others.execution_entity.filter(({ deletedAt }) => deletedAt !== null);
		const kept = execution_data.filter(
			({ executionId }) => !deleted.some(({ id }) => id === executionId),
		);
		const rest = JSON.stringify({ ...others, kept });
		// That of the quotes is there.
		expect(rest).toContain('71500');
		expect(found(rest, [...keys(), ...Object.values(tokens)])).toBeUndefined();
	});

	test('nor do the bytes of the database', async () => {
		// What tells one token from another.
		const signatures = Object.values({ ...tokens, pasted: '' }).map(
			(token) => token.split('.').at(-1) ?? '',
		);
		const bytes = await readDatabaseFiles(stage.n8n);
		expect(found(bytes, [...keys(), ...signatures])).toBeUndefined();
	});

	test('nor does a file, the log, or what the model was told', async () => {
		const texts = `${stage.n8n.log}\n${await readOtherFiles(stage.n8n)}\n${model.heard}`;
		expect(texts).toContain('n8n');
		expect(found(texts, [...keys(), ...Object.values(tokens)])).toBeUndefined();
	});
});
