import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ICredentialType, IDataObject, INodeType, IRun } from 'n8n-workflow';

import { print, runMain } from '../common/program';
import { encryptCredential, outputOf, runWorkflow, type WorkflowFile } from '../engine/run';
import { ENVIRONMENTS } from '../../kis/input/environments';
import { makeApp, type App } from '../sandbox/apps';
import { Sandbox } from '../sandbox/server';

// What users get: the built package, not the source.
const { KisApi, KisToken } = createRequire(__filename)('../../dist') as {
	KisApi: new () => ICredentialType;
	KisToken: new () => INodeType;
};

const QUOTE = 'quote-every-minute.json';
const REVOKE = 'revoke-by-hand.json';
const CHAIN = 'issue-quote-revoke.json';
const QUOTE_PATH = '/uapi/domestic-stock/v1/quotations/inquire-price';

/** What a node is expected to give out. */
interface Step {
	readonly node: string;
	readonly shows: string;
	readonly holds: (json: IDataObject) => boolean;
}

const isQuote = ({ rt_cd }: IDataObject) => rt_cd === '0';
const isRevoked = ({ outcome }: IDataObject) => outcome === 'revoked';
const isIssued = ({ access_token, expires_at }: IDataObject) =>
	typeof access_token === 'string' && typeof expires_at === 'string';

const ISSUED: Step = { node: 'Issue', shows: 'a token, as an item', holds: isIssued };
const GOOD_DAY: readonly Step[] = [
	ISSUED,
	{ node: 'Quote', shows: 'a quote, with that token', holds: isQuote },
	{ node: 'Revoke', shows: 'the token is revoked', holds: isRevoked },
];
const AFTER_A_FAILURE = 'the quote failed, and the token is revoked all the same';
const BAD_DAY: readonly Step[] = [
	ISSUED,
	{ node: 'Revoke After a Failure', shows: AFTER_A_FAILURE, holds: isRevoked },
];

async function main(): Promise<boolean> {
	// KIS issues once a minute for each app key: each part has one of its own.
	const apps = [makeApp(), makeApp(), makeApp()];
	const sandbox = await new Sandbox({ apps }).start();
	try {
		print(
			`A KIS on this computer (${sandbox.url}), and the workflows of examples/ on n8n's engine.\n`,
		);
		await bringKeepRevoke(sandbox, apps[0]);
		print(`\n2. A workflow that issues a token of its own: ${CHAIN}\n\n`);
		await showChain(sandbox, apps[1], GOOD_DAY);
		print('\n   The same, and KIS refuses the quote:\n\n');
		sandbox.faults.push({ kind: 'refuse', code: 'EGW00202', shape: 'uapi', path: QUOTE_PATH });
		await showChain(sandbox, apps[2], BAD_DAY);
		print(allGood ? '\nAll went as it should.\n' : '\nNot all went as it should.\n');
		return allGood;
	} finally {
		await sandbox.stop();
	}
}

/** The credential brings a token, it is revoked, and the next request says so. */
async function bringKeepRevoke(sandbox: Sandbox, app: App): Promise<void> {
	// KIS gives it to every caller within six hours. Known here, so that it can be looked for.
	const token = sandbox.kis.mint(app.appkey).value;
	// What was observed of KIS; the other way would take a minute.
	sandbox.kis.switches.issueAfterRevoke = 'sameToken';
	print(`\n1. The credential brings the token: ${QUOTE}, ${REVOKE}\n\n`);
	const first = await runExample(QUOTE, sandbox, app);
	show(first, {
		node: 'Quote',
		shows: "an HTTP Request with the credential, KIS's address and tr_id: no token in it",
		holds: isQuote,
	});
	const revoke = await runExample(REVOKE, sandbox, app);
	show(revoke, {
		node: 'Revoke',
		shows: 'the token that the credential keeps (Token From: Credential)',
		holds: isRevoked,
	});
	tell(!sandbox.kis.isLive(token), 'the local KIS knows the token as dead');
	const next = await runExample(QUOTE, sandbox, app);
	const { error } = next.data.resultData;
	tell(/which is dead/.test(error?.message ?? ''), 'Quote again: it says what happened');
	print(`    ${error?.message}\n    ${error?.description}\n`);
	print('    (So it was observed of KIS. It may also issue a new one, once its minute is over.)\n');
	const stored = JSON.stringify([first, revoke, next]);
	tell(!stored.includes(token), 'the token is in nothing that n8n would store of all this');
}

async function showChain(sandbox: Sandbox, app: App, steps: readonly Step[]): Promise<void> {
	const run = await runExample(CHAIN, sandbox, app);
	for (const step of steps) show(run, step);
	const { access_token } = outputOf(run, 'Issue')[0]?.json ?? {};
	tell(!sandbox.kis.isLive(String(access_token)), 'the local KIS knows the token as dead');
	const { error } = run.data.resultData;
	if (error) print(`    The workflow ended with: ${error.message}\n`);
}

async function runExample(file: string, sandbox: Sandbox, app: App): Promise<IRun> {
	const text = readFileSync(join(__dirname, '../../examples', file), 'utf8');
	const here = text.replaceAll(ENVIRONMENTS.paper.baseUrl, sandbox.url);
	const fields = { ...app, environment: 'custom', baseUrl: sandbox.url };
	return await runWorkflow(JSON.parse(here) as WorkflowFile, {
		nodeTypes: { 'n8n-nodes-koreainvestment.kisToken': new KisToken() },
		credentialTypes: [new KisApi()],
		credentials: [await encryptCredential('choose-your-own', 'kisApi', fields)],
	});
}

/** The item that a node gave out. */
function show(run: IRun, { node, shows, holds }: Step): void {
	const json = outputOf(run, node)[0]?.json;
	tell(json !== undefined && holds(json), `${node}: ${shows}`);
	print(`    → ${JSON.stringify(json && redacted(json))}\n`);
}

let allGood = true;

function tell(ok: boolean, what: string): void {
	allGood &&= ok;
	print(`${ok ? '✓' : '✗'} ${what}\n`);
}

/** Enough to see that it is a token. */
function redacted(json: IDataObject): IDataObject {
	const { access_token } = json;
	return typeof access_token === 'string'
		? { ...json, access_token: `${access_token.slice(0, 12)}…` }
		: json;
}

void runMain(main);
