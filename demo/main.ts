import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ICredentialType, IDataObject, INodeType, IRun } from 'n8n-workflow';

import { encryptCredential, outputOf, runWorkflow, type WorkflowFile } from '../engine/run';
import { ENVIRONMENTS } from '../kis/environments';
import { makeApp, type App } from '../sandbox/apps';
import { Sandbox } from '../sandbox/server';

// What users get: the built package, not the source.
const { KisApi, KisToken } = createRequire(__filename)('../dist') as {
	KisApi: new () => ICredentialType;
	KisToken: new () => INodeType;
};

const EXAMPLE = 'examples/issue-quote-revoke.json';

const QUOTE_PATH = '/uapi/domestic-stock/v1/quotations/inquire-price';

interface Step {
	readonly node: string;
	readonly shows: string;
	readonly holds: (json: IDataObject) => boolean;
}

const ISSUED: Step = {
	node: 'Issue',
	shows: 'KIS Token: Issue gives a token',
	holds: ({ access_token, expires_at }) =>
		typeof access_token === 'string' && typeof expires_at === 'string',
};
const isConfirmed = (json: IDataObject) =>
	Object.keys(json).join() === 'code,message,outcome' && json.outcome === 'revoked';

const GOOD_DAY: readonly Step[] = [
	ISSUED,
	{
		node: 'Quote',
		shows: 'a quote comes with it, through the HTTP helper of n8n and the same credential',
		holds: ({ rt_cd }) => rt_cd === '0',
	},
	{
		node: 'Revoke',
		shows: 'KIS Token: Revoke emits code, message and outcome',
		holds: isConfirmed,
	},
];
const BAD_DAY: readonly Step[] = [
	ISSUED,
	{
		node: 'Revoke After a Failure',
		shows: 'the quote fails, and the token is revoked all the same',
		holds: isConfirmed,
	},
];

async function main(): Promise<boolean> {
	// KIS issues once a minute for each app key: the second run has one of its own.
	const apps = [makeApp(), makeApp()];
	const sandbox = await new Sandbox({ apps }).start();
	try {
		print(`A local KIS at ${sandbox.url}, and ${EXAMPLE} on n8n's engine.\n`);
		const good = await show('All goes well', GOOD_DAY, sandbox, apps[0]);
		sandbox.faults.push({ kind: 'refuse', code: 'EGW00202', shape: 'uapi', path: QUOTE_PATH });
		const bad = await show('The quote fails', BAD_DAY, sandbox, apps[1]);
		print(good && bad ? '\nAll went as it should.\n' : '\nNot all went as it should.\n');
		return good && bad;
	} finally {
		await sandbox.stop();
	}
}

async function show(
	title: string,
	steps: readonly Step[],
	sandbox: Sandbox,
	app: App,
): Promise<boolean> {
	const run = await runExample(sandbox, app);
	print(`\n${title}:\n`);
	let good = true;
	const tell = (ok: boolean, what: string) => {
		good &&= ok;
		print(`${ok ? '✓' : '✗'} ${what}\n`);
	};
	for (const { node, shows, holds } of steps) {
		const json = outputOf(run, node)[0]?.json;
		tell(json !== undefined && holds(json), shows);
		print(`    ${node} → ${JSON.stringify(json && redacted(json))}\n`);
	}
	const { access_token } = outputOf(run, 'Issue')[0]?.json ?? {};
	tell(!sandbox.kis.isLive(String(access_token)), 'the local KIS knows the token as dead');
	const { error } = run.data.resultData;
	if (error) print(`    The workflow ended with: ${error.message}\n`);
	return good;
}

async function runExample(sandbox: Sandbox, app: App): Promise<IRun> {
	const file = readFileSync(join(__dirname, '..', EXAMPLE), 'utf8').replaceAll(
		ENVIRONMENTS.paper.baseUrl,
		sandbox.url,
	);
	const fields = { ...app, environment: 'custom', baseUrl: sandbox.url };
	return await runWorkflow(JSON.parse(file) as WorkflowFile, {
		nodeTypes: { 'n8n-nodes-koreainvestment.kisToken': new KisToken() },
		credentialTypes: [new KisApi()],
		credentials: [await encryptCredential('choose-your-own', 'kisApi', fields)],
	});
}

/** Enough to see that it is a token. */
function redacted(json: IDataObject): IDataObject {
	const { access_token } = json;
	return typeof access_token === 'string'
		? { ...json, access_token: `${access_token.slice(0, 12)}…` }
		: json;
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
