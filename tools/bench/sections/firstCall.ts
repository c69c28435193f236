import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { INode } from 'n8n-workflow';

import { Api } from '../../n8n/api';
import { packThisCheckout } from '../../n8n/communityPackage';
import { installN8n } from '../../n8n/install';
import type { Line } from '../../n8n/line';
import { N8n, type CredentialFile, type WorkflowFile } from '../../n8n/server';
import { chain, credentialFor, httpRequest, kisToken, webhook } from '../../n8n/workflows';
import { makeApp, type App } from '../../sandbox/apps';
import { makeCertificate } from '../../sandbox/certificate';
import type { LocalKis } from '../../sandbox/kis';
import { Sandbox } from '../../sandbox/server';
import { REVOKE_PATH } from '../candidates/candidate';
import type { Findings } from '../report';
import { milliseconds, Sample } from '../sample';
import { versionOf } from '../versions';

const LINE: Line = '2.40';
const WANTED_BEHIND_HTTP_REQUEST_MS = 10;
/** After its start, n8n still does what no execution has asked for. */
const SETTLE_MS = 3000;
/** Calls of one process. */
const CALLS = 10;
const STEP = 'Revoke';

/** Where the app key is, and what calls. */
const CANDIDATES = {
	node: 'this node',
	credential: 'HTTP Request, app key in a credential (Custom Auth)',
	workflow: 'HTTP Request, app key written in the workflow',
} as const;
type Candidate = keyof typeof CANDIDATES;
const NAMES = Object.keys(CANDIDATES) as Candidate[];

/** What n8n writes down of the first call after its start, beside that of its own HTTP Request node. */
export async function firstCall(rounds: number): Promise<Findings> {
	const measured = await withN8n(async (stage) => {
		const results: Record<Candidate, number[][]> = { node: [], credential: [], workflow: [] };
		const order = [...NAMES];
		for (let round = 0; round < rounds; round++) {
			for (const name of order) results[name].push(await callsAfterStart(stage, name));
			// Who was first is the last of the next round.
			order.push(...order.splice(0, 1));
		}
		return { version: versionOf('n8n', stage.n8n.installation.folder), results };
	});
	const call = (name: Candidate, index: number) =>
		Sample.of(measured.results[name], (ofProcess) => ofProcess[index]);
	const behind = (name: Candidate) => call('node', 0).median - call(name, 0).median;
	return {
		title: 'The first call in a real n8n',
		about: [
			`n8n ${measured.version} is started, left alone for ${SETTLE_MS / 1000} s, and runs Webhook → Revoke ${CALLS} times: for each round and candidate anew.`,
			'The time is what n8n itself writes down for the node, in whole milliseconds, from its call to its end: reading the credential from the database, and the expression, included.',
			'Whoever revokes by HTTP Request keeps the app secret in a credential too; the last row is what that node takes if it is written into the workflow.',
		],
		tables: [
			{
				head: ['candidate', 'first call, ms', 'tenth call, ms'],
				rows: NAMES.map((name) => [
					CANDIDATES[name],
					call(name, 0).show(whole),
					call(name, CALLS - 1).show(whole),
				]),
			},
		],
		goals: [
			{
				wanted: `First call: less than ${WANTED_BEHIND_HTTP_REQUEST_MS} ms more than the HTTP Request node with a credential`,
				measured: `${milliseconds(behind('credential'))} ms; ${milliseconds(behind('workflow'))} ms more than without one`,
				met: behind('credential') < WANTED_BEHIND_HTTP_REQUEST_MS,
			},
		],
	};
}

interface Stage {
	readonly n8n: N8n;
	readonly api: Api;
	readonly kis: LocalKis;
	readonly app: App;
}

/** An n8n in which the candidates are active workflows, and which does not run; and a local KIS. */
async function withN8n<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), 'kis-bench-'));
	const certificate = await makeCertificate();
	const certificateFile = join(folder, 'certificate.pem');
	const app = makeApp();
	const sandbox = await new Sandbox({ apps: [app], certificate }).start();
	let n8n: N8n | undefined;
	try {
		await writeFile(certificateFile, certificate.cert);
		const trusting = { NODE_EXTRA_CA_CERTS: certificateFile };
		n8n = await N8n.create(await installN8n(LINE), await packThisCheckout(folder), trusting);
		await n8n.import(
			[credentialFor(sandbox, app, 'kis'), customAuth(app)],
			workflows(sandbox.url, app),
		);
		await n8n.start();
		const api = await Api.signUp(n8n);
		for (const name of NAMES) await api.activate(name);
		await n8n.stop();
		return await work({ n8n, api, kis: sandbox.kis, app });
	} finally {
		await n8n?.remove();
		await sandbox.stop();
		await rm(folder, { recursive: true });
	}
}

/** Milliseconds of each call. @throws Error if a token was not revoked. */
async function callsAfterStart({ n8n, api, kis, app }: Stage, name: Candidate): Promise<number[]> {
	await n8n.start();
	await delay(SETTLE_MS);
	for (let i = 0; i < CALLS; i++) {
		const token = kis.mintApart(app.appkey).value;
		await (await fetch(`${n8n.url}/webhook/${name}`, { headers: { token } })).text();
		if (kis.isLive(token)) throw new Error(`${CANDIDATES[name]}: the token was not revoked`);
	}
	const newestFirst = await api.executionsOf(name);
	const ended = newestFirst.slice(0, CALLS).map(async (id) => await api.ended(id));
	const oldestFirst = (await Promise.all(ended)).reverse();
	await n8n.stop();
	return oldestFirst.map(({ run }) => run.resultData.runData[STEP][0].executionTime);
}

function workflows(url: string, app: App): WorkflowFile[] {
	const token = '={{ $json.headers.token }}';
	const tokenField = { name: 'token', value: token };
	const keyFields = Object.entries(app).map(([name, value]) => ({ name, value: String(value) }));
	const request = (bodyFields: typeof keyFields, parameters = {}, more: Partial<INode> = {}) =>
		httpRequest(STEP, url + REVOKE_PATH, {
			...more,
			parameters: {
				method: 'POST',
				sendBody: true,
				bodyParameters: { parameters: bodyFields },
				...parameters,
			},
		});
	const custom = { authentication: 'genericCredentialType', genericAuthType: 'httpCustomAuth' };
	const steps = {
		node: kisToken(STEP, 'kis', { operation: 'revoke', token }),
		credential: request([tokenField], custom, {
			credentials: { httpCustomAuth: { id: 'custom', name: 'custom' } },
		}),
		workflow: request([...keyFields, tokenField]),
	} satisfies Record<Candidate, unknown>;
	return NAMES.map((name) =>
		chain(name, [steps[name]], webhook(name, { responseMode: 'lastNode' })),
	);
}

/** n8n's generic credential that can add fields to the body. */
function customAuth({ appkey, appsecret }: App): CredentialFile {
	const data = { json: JSON.stringify({ body: { appkey, appsecret } }) };
	return { id: 'custom', name: 'custom', type: 'httpCustomAuth', data };
}

const whole = (ms: number) => String(Math.round(ms));
