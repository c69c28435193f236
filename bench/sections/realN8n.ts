import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { isInstalled } from '../../e2e/n8n/install';
import { Stage } from '../../e2e/stage';
import { chain, httpRequest, kisToken } from '../../e2e/workflows';
import { makeApp } from '../../sandbox/apps';
import { REVOKE_PATH } from '../candidates/candidate';
import { count, Figures } from '../figures';
import type { Findings } from '../report';
import type { Section } from './section';

const LINE = '2.40';
const TOKENS = 1000;
const NO_LIMIT = 1_000_000;
const app = makeApp();

/** By the name of the workflow. */
const LABELS = { node: 'this node', http: 'HTTP Request' } as const;
type Name = keyof typeof LABELS;

interface Measured {
	readonly tookMs: number;
	readonly connections: number;
}

export const realN8n: Section = {
	async measure(rounds) {
		if (!(await isInstalled(LINE))) return absent();
		const stage = await Stage.start({
			line: LINE,
			requestsPerSecond: NO_LIMIT,
			apps: { kis: app },
			workflows: ({ url }, tokens) => {
				const source = (name: Name) => httpRequest('Tokens', tokens.urlOf(name));
				return [
					chain('node', [
						source('node'),
						kisToken('Revoke', 'kis', {
							operation: 'revoke',
							options: { requestsPerSecond: NO_LIMIT },
						}),
					]),
					chain('http', [source('http'), httpRequest('Revoke', url + REVOKE_PATH, { parameters })]),
				];
			},
		});
		try {
			const measured: Record<Name, Measured[]> = { node: [], http: [] };
			for (const name of names) await measure(stage, name);
			for (let round = 0; round < rounds; round++) {
				for (const name of names) measured[name].push(await measure(stage, name));
			}
			return report(measured, versionOf(stage));
		} finally {
			await stage.stop();
		}
	},
};

const names = Object.keys(LABELS) as Name[];

const parameters = {
	method: 'POST',
	sendBody: true,
	bodyParameters: {
		parameters: [
			{ name: 'appkey', value: app.appkey },
			{ name: 'appsecret', value: app.appsecret },
			{ name: 'token', value: '={{ $json.access_token }}' },
		],
	},
};

async function measure({ sandbox, tokens, api }: Stage, name: Name): Promise<Measured> {
	const minted = Array.from({ length: TOKENS }, () => sandbox.kis.mint(app.appkey).value);
	tokens.items.set(
		name,
		minted.map((access_token) => ({ access_token })),
	);
	const before = sandbox.connections;
	const { run } = await api.run(name);
	const live = minted.filter((token) => sandbox.kis.isLive(token)).length;
	if (live > 0) throw new Error(`${LABELS[name]} left ${live} tokens live`);
	const [{ executionTime }] = run.resultData.runData.Revoke;
	return { tookMs: executionTime, connections: sandbox.connections - before };
}

function versionOf({ n8n }: Stage): string {
	const manifest = join(n8n.installation.folder, 'node_modules/n8n/package.json');
	return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

function report(measured: Record<Name, Measured[]>, version: string): Findings {
	const took = (name: Name) => new Figures(measured[name].map(({ tookMs }) => tookMs));
	const ahead = took('http').median / took('node').median;
	return {
		title: 'In real n8n',
		about: `A server, n8n ${version}: ${count(TOKENS)} tokens from the step before, without a limit, over TLS, after one run of each that does not count. The time is what n8n itself notes of the node, most of which is, for this node, n8n's evaluation of ${count(TOKENS)} expressions. HTTP Request is n8n's own.`,
		tables: [
			{
				head: ['node', 'ms', 'connections'],
				rows: names.map((name) => [
					LABELS[name],
					took(name).show(count),
					new Figures(measured[name].map(({ connections }) => connections)).show(count),
				]),
			},
		],
		goals: [
			{
				wanted: 'At least 2.5 times ahead of HTTP Request, end to end',
				measured: ahead.toFixed(2),
				met: ahead >= 2.5,
			},
		],
	};
}

function absent(): Findings {
	return {
		title: 'In real n8n',
		about: 'Not measured: it was not installed on this computer. `npm run test:e2e` installs it.',
		tables: [],
		goals: [],
	};
}
