import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ICredentialType, IDataObject, INodeType, IRun } from 'n8n-workflow';

import { encryptCredential, outputOf, runWorkflow, type WorkflowFile } from '../engine/run';
import { Sandbox } from '../sandbox/server';

// What users get: the built package, not the source.
const { KisApi, KisToken } = createRequire(__filename)('../dist') as {
	KisApi: new () => ICredentialType;
	KisToken: new () => INodeType;
};

const EXAMPLE = 'examples/revoke-and-check.json';
const PAPER = 'https://openapivts.koreainvestment.com:29443';

interface Step {
	readonly node: string;
	readonly shows: string;
	readonly holds: (json: IDataObject) => boolean;
}

const STEPS: readonly Step[] = [
	{
		node: 'Quote With the Token',
		shows: 'the token works',
		holds: ({ rt_cd }) => rt_cd === '0',
	},
	{
		node: 'Revoke',
		shows: 'KIS Token: Revoke emits code and message',
		holds: (json) => Object.keys(json).join() === 'code,message' && json.code === '200',
	},
	{
		node: 'Quote With the Dead Token',
		shows: 'the token no longer works',
		holds: ({ msg_cd }) => msg_cd === 'EGW00121',
	},
	{
		node: 'Revoke Again',
		shows: 'a second revoke finds it invalid already, and succeeds',
		holds: ({ details }) => (details as IDataObject)?.outcome === 'alreadyInvalid',
	},
];

async function main(): Promise<boolean> {
	const sandbox = await new Sandbox().start();
	try {
		const run = await runExample(sandbox);
		print(`A local KIS at ${sandbox.url}, and ${EXAMPLE} on n8n's engine:\n\n`);
		let good = true;
		for (const { node, shows, holds } of STEPS) {
			const json = outputOf(run, node)[0]?.json;
			const ok = json !== undefined && holds(json);
			good &&= ok;
			print(`${ok ? '✓' : '✗'} ${shows}\n    ${node} → ${JSON.stringify(json)}\n`);
		}
		const { error } = run.data.resultData;
		if (error) print(`\nThe workflow ended with: ${error.message}\n`);
		print(good ? '\nAll went as it should.\n' : '\nNot all went as it should.\n');
		return good;
	} finally {
		await sandbox.stop();
	}
}

async function runExample(sandbox: Sandbox): Promise<IRun> {
	const [app] = sandbox.apps;
	const file = readFileSync(join(__dirname, '..', EXAMPLE), 'utf8').replaceAll(PAPER, sandbox.url);
	const workflow = JSON.parse(file) as WorkflowFile;
	const fields = { ...app, environment: 'custom', baseUrl: sandbox.url };
	return await runWorkflow(workflow, {
		nodeTypes: { 'n8n-nodes-koreainvestment.kisToken': new KisToken() },
		credentialTypes: [new KisApi()],
		credentials: [await encryptCredential('choose-your-own', 'kisApi', fields)],
		input: [{ json: { access_token: sandbox.kis.mint(app.appkey).value } }],
	});
}

function print(text: string): void {
	process.stdout.write(text);
}

main().then(
	(good) => {
		process.exitCode = good ? 0 : 1;
	},
	(error: unknown) => {
		process.stderr.write(`${String(error)}\n`);
		process.exitCode = 1;
	},
);
