// An upgrade as users make it: n8n ends, the new version takes the old one's place, n8n starts.
import { jsonOf, type Execution } from '../../tools/n8n/api';
import {
	installCommunityPackage,
	packPreviousVersion,
	packThisCheckout,
} from '../../tools/n8n/communityPackage';
import { itemsOf } from '../../tools/n8n/execution';
import { chain, httpRequest, kisToken } from '../../tools/n8n/workflows';
import { makeApp } from '../../tools/sandbox/apps';
import type { Sandbox } from '../../tools/sandbox/server';
import { Editor } from './editor/editor';
import { Stage } from './stage';
import type { TokenSource } from './tokenSource';

const app = makeApp();
/** Each differs from its default. */
const OPTIONS = {
	alreadyInvalid: 'fail',
	includeDetails: true,
	maxRetries: 1,
	requestsPerSecond: 17,
	timeout: 9000,
};

/** An outcome that workflows may branch on, and that is another one with the new version: what KIS, or a relay, answers. */
interface Changed {
	readonly name: string;
	readonly status: number;
	readonly body: string;
	/** Live tokens of the app key unless it says otherwise. */
	readonly token?: () => string;
	/** How many tokens are sent; the last one's outcome is looked at. One unless it says otherwise. */
	readonly tokens?: number;
	readonly before: string;
	readonly after: string;
}

const CONFIRMS = JSON.stringify({ code: 200, message: 'OK' });
const CHANGED: readonly Changed[] = [
	{
		name: 'HTTP 200 without a code',
		status: 200,
		body: '{"message":"Hello"}',
		before: 'revoked',
		after: 'unknown',
	},
	{
		name: 'HTTP 200 with a sign of a refusal',
		status: 200,
		body: '{"success":false,"message":"no"}',
		before: 'revoked',
		after: 'unknown',
	},
	{ name: 'another 2xx', status: 202, body: CONFIRMS, before: 'revoked', after: 'unknown' },
	{
		name: "a confirmation about another app key's token",
		status: 200,
		body: CONFIRMS,
		token: () => stage.sandbox.kis.mint('PSanotherAppKey').value,
		before: 'revoked',
		after: 'unknown',
	},
	{
		name: 'a confirmation about a token that is cut off',
		status: 200,
		body: CONFIRMS,
		token: () => liveToken().slice(0, -1),
		before: 'revoked',
		after: 'unknown',
	},
	{
		name: "a relay's code on HTTP 504",
		status: 504,
		body: '{"error_code":"GW504"}',
		before: 'rejected',
		after: 'unknown',
	},
	{
		name: 'an unlisted code of KIS on HTTP 500',
		status: 500,
		body: '{"error_code":"EGW00999"}',
		before: 'rejected',
		after: 'unknown',
	},
	{
		name: 'a 4xx that a relay may give after it has passed the request on',
		status: 408,
		body: '{}',
		before: 'rejected',
		after: 'unknown',
	},
	{
		name: 'HTTP 429 without JSON',
		status: 429,
		body: '<html>',
		before: 'unknown',
		after: 'rejected',
	},
	{
		name: 'the rest of a run in which nothing is settled',
		status: 502,
		body: '<html>',
		tokens: 40,
		before: 'unknown',
		after: 'notSent',
	},
];

let stage: Stage;
let savedBefore: unknown;
let executedBefore: Execution;
let outcomesBefore: string[];

beforeAll(async () => {
	stage = await Stage.start({
		apps: { main: app },
		workflows,
		tarball: await packPreviousVersion(),
	});
	executedBefore = await execute();
	savedBefore = await saved();
	outcomesBefore = await outcomesOfChanged();

	await stage.n8n.stop();
	await installCommunityPackage(await packThisCheckout(stage.folder), stage.n8n.userFolder);
	await stage.n8n.start();
}, 600_000);
afterAll(async () => await stage?.stop());

function workflows(_sandbox: Sandbox, tokens: TokenSource) {
	const parameters = { operation: 'revoke', options: OPTIONS };
	return [
		chain('saved', [
			httpRequest('Tokens', tokens.urlOf('saved')),
			kisToken('Revoke', 'main', parameters, { onError: 'continueErrorOutput' }),
		]),
		chain('changed', [
			httpRequest('Tokens', tokens.urlOf('changed')),
			kisToken(
				'Revoke',
				'main',
				{ operation: 'revoke', options: { includeDetails: true, maxRetries: 0 } },
				{ onError: 'continueRegularOutput' },
			),
		]),
	];
}

function liveToken(): string {
	return stage.sandbox.kis.mint(app.appkey).value;
}

async function outcomesOfChanged(): Promise<string[]> {
	const outcomes = [];
	for (const { status, body, token = liveToken, tokens = 1 } of CHANGED) {
		const given = Array.from({ length: tokens }, () => ({ access_token: token() }));
		stage.tokens.items.set('changed', given);
		const { faults } = stage.sandbox;
		faults.push(...given.map(() => ({ kind: 'raw' as const, status, body })));
		const { run } = await stage.api.run('changed');
		faults.length = 0;
		const last = jsonOf(itemsOf(run, 'Revoke')).at(-1);
		const said = (last?.error ?? last?.details) as { outcome: string };
		outcomes.push(said.outcome);
	}
	return outcomes;
}

/** Runs the workflow with a token that is live, one that is dead (which has to fail), and one that is nobody's. */
async function execute(): Promise<Execution> {
	const [live, dead] = [0, 1].map(() => stage.sandbox.kis.mint(app.appkey).value);
	const body = JSON.stringify({ ...app, token: dead });
	const headers = { 'content-type': 'application/json' };
	stage.sandbox.kis.answer({ method: 'POST', path: '/oauth2/revokeP', headers, body });
	expect([live, dead].map((token) => stage.sandbox.kis.isLive(token))).toEqual([true, false]);

	const given = [live, dead, 'nobody’s'].map((access_token) => ({ access_token }));
	stage.tokens.items.set('saved', given);
	const execution = await stage.api.run('saved');
	expect(stage.sandbox.kis.isLive(live)).toBe(false);
	return execution;
}

async function saved(): Promise<unknown> {
	const { nodes, connections, settings } = await stage.api.call('GET', '/workflows/saved');
	return { nodes, connections, settings };
}

test('a saved workflow runs with the new version as it did with the old one', async () => {
	const { status, run } = await execute();
	const shapes = (of: Execution['run'], output: number) =>
		jsonOf(itemsOf(of, 'Revoke', output)).map((json) => Object.keys(json).sort());
	expect(status).toBe(executedBefore.status);
	expect([shapes(run, 0).length, shapes(run, 1).length]).toEqual([1, 2]);
	expect(shapes(run, 1)).toEqual(shapes(executedBefore.run, 1));
	expect(shapes(run, 0)).toEqual(shapes(executedBefore.run, 0).map((keys) => [...keys, 'outcome']));
	expect(jsonOf(itemsOf(run, 'Revoke'))).toEqual([
		expect.objectContaining({
			code: '200',
			details: expect.objectContaining({ outcome: 'revoked' }),
		}),
	]);
	const outcomes = jsonOf(itemsOf(run, 'Revoke', 1)).map(
		({ error }) => (error as { outcome: string }).outcome,
	);
	expect(outcomes).toEqual(['alreadyInvalid', 'rejected']);
});

test('what the changelog says of outcomes that changed is so', async () => {
	const name = (outcomes: readonly string[]) =>
		Object.fromEntries(CHANGED.map((changed, i) => [changed.name, outcomes[i]]));
	expect(name(outcomesBefore)).toEqual(name(CHANGED.map(({ before }) => before)));
	expect(name(await outcomesOfChanged())).toEqual(name(CHANGED.map(({ after }) => after)));
});

test('it opens in the editor, with all that was set, and with what is new', async () => {
	const editor = await Editor.open(stage.n8n);
	try {
		await editor.openWorkflow('saved');
		await editor.openNode('Revoke');
		for (const option of Object.keys(OPTIONS)) await editor.parameter(option).waitFor();
		for (const option of ['maxRetries', 'requestsPerSecond', 'timeout'] as const) {
			const value = await editor.parameter(option).locator('input').first().inputValue();
			expect(Number(value)).toBe(OPTIONS[option]);
		}
		await editor.parameter('operation').click();
		await editor.entries().getByText('Issue', { exact: true }).waitFor();
		await editor.picture('upgraded');
	} finally {
		await editor.close();
	}
	expect(await saved()).toEqual(savedBefore);
});
