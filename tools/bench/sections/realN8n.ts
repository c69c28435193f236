import { isInstalled } from '../../../test/e2e/n8n/install';
import { Stage } from '../../../test/e2e/stage';
import * as steps from '../../../test/e2e/workflows';
import { makeApp } from '../../sandbox/apps';
import { REVOKE_PATH, revokeFields, UNLIMITED } from '../candidates/candidate';
import type { Findings } from '../report';
import { Sample, wholeNumber } from '../sample';
import { versionOf } from '../versions';
import { WANTED_AHEAD } from './speed';

const LINE = '2.40';
const TITLE = 'In real n8n';
const TOKENS = 1000;
/** By the name of the workflow that it stands in. */
const NODES = { node: 'this node', http: 'HTTP Request' } as const;
type Name = keyof typeof NODES;
const NAMES = Object.keys(NODES) as Name[];

interface RunInN8n {
	readonly tookMs: number;
	readonly connections: number;
}

/** How long this node and n8n's own take on a server, as n8n itself notes it. */
export async function realN8n(rounds: number): Promise<Findings> {
	if (!(await isInstalled(LINE))) {
		const about = [
			`Not measured: n8n ${LINE} is not installed here. \`npm run test:e2e\` does it.`,
		];
		return { title: TITLE, about, tables: [], goals: [] };
	}
	const stage = await startStage();
	try {
		for (const name of NAMES) await runOn(stage, name);
		const runs: Record<Name, RunInN8n[]> = { node: [], http: [] };
		for (let round = 0; round < rounds; round++) {
			for (const name of NAMES) runs[name].push(await runOn(stage, name));
		}
		return report(runs, versionOf('n8n', stage.n8n.installation.folder));
	} finally {
		await stage.stop();
	}
}

async function startStage(): Promise<Stage> {
	const app = makeApp();
	return await Stage.start({
		line: LINE,
		requestsPerSecond: UNLIMITED,
		apps: { kis: app },
		workflows: ({ url }, tokens) => {
			const source = (name: Name) => steps.httpRequest('Tokens', tokens.urlOf(name));
			const options = { requestsPerSecond: UNLIMITED };
			const bodyParameters = { parameters: revokeFields(app) };
			const parameters = { method: 'POST', sendBody: true, bodyParameters };
			return [
				steps.chain('node', [
					source('node'),
					steps.kisToken('Revoke', 'kis', { operation: 'revoke', options }),
				]),
				steps.chain('http', [
					source('http'),
					steps.httpRequest('Revoke', url + REVOKE_PATH, { parameters }),
				]),
			];
		},
	});
}

async function runOn({ sandbox, tokens, api }: Stage, name: Name): Promise<RunInN8n> {
	const [{ appkey }] = sandbox.apps;
	const minted = Array.from({ length: TOKENS }, () => sandbox.kis.mint(appkey).value);
	tokens.items.set(
		name,
		minted.map((access_token) => ({ access_token })),
	);
	const before = sandbox.connections;
	const { run } = await api.run(name);
	const live = minted.filter((token) => sandbox.kis.isLive(token)).length;
	if (live > 0) throw new Error(`${NODES[name]} left ${live} of ${TOKENS} tokens live`);
	const [{ executionTime }] = run.resultData.runData.Revoke;
	return { tookMs: executionTime, connections: sandbox.connections - before };
}

function report(runs: Record<Name, RunInN8n[]>, version: string): Findings {
	const took = (name: Name) => Sample.of(runs[name], ({ tookMs }) => tookMs);
	const ahead = took('http').median / took('node').median;
	return {
		title: TITLE,
		about: [
			`n8n ${version} as a server: ${wholeNumber(TOKENS)} tokens come from the step before, without a limit, over TLS; one run of each workflow before does not count.`,
			"The time is the one that n8n stores for the node, its evaluation of an expression for each token included. HTTP Request is here n8n's own.",
			"Every token was revoked. The local KIS is part of the benchmark's own process here.",
		],
		tables: [
			{
				head: ['node', 'ms', 'connections'],
				rows: NAMES.map((name) => [
					NODES[name],
					took(name).show(wholeNumber),
					Sample.of(runs[name], ({ connections }) => connections).show(wholeNumber),
				]),
			},
		],
		goals: [
			{
				wanted: `At least ${WANTED_AHEAD} times ahead of HTTP Request`,
				measured: ahead.toFixed(2),
				met: ahead >= WANTED_AHEAD,
			},
		],
	};
}
