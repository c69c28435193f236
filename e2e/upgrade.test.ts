// An upgrade as users make it: n8n ends, the new version takes the old one's place, n8n starts.
import { makeApp } from '../sandbox/apps';
import type { Sandbox } from '../sandbox/server';
import { Editor } from './editor/editor';
import { jsonOf, type Execution } from './n8n/api';
import {
	installCommunityPackage,
	packPreviousVersion,
	packThisCheckout,
} from './n8n/communityPackage';
import { itemsOf } from './n8n/execution';
import { Stage } from './stage';
import type { TokenSource } from './tokenSource';
import { chain, httpRequest, kisToken } from './workflows';

const app = makeApp();
/** Each differs from its default. */
const OPTIONS = {
	alreadyInvalid: 'fail',
	includeDetails: true,
	maxRetries: 1,
	requestsPerSecond: 17,
	timeout: 9000,
};

let stage: Stage;
let savedBefore: unknown;
let executedBefore: Execution;

beforeAll(async () => {
	stage = await Stage.start({
		apps: { main: app },
		workflows,
		tarball: await packPreviousVersion(),
	});
	executedBefore = await execute();
	savedBefore = await saved();

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
	];
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
	for (const output of [0, 1]) {
		expect(shapes(run, output)).toEqual(shapes(executedBefore.run, output));
	}
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
