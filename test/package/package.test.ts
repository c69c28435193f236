// What is published: the packed tarball, unpacked elsewhere, in plain Node.js.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { INodeType } from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { operations } from '../../nodes/KisToken/operations';
import type { Operation } from '../../nodes/KisToken/operations/operation';
import { pack, unpack } from '../../tools/common/pack';
import { Sandbox } from '../../tools/sandbox/server';
import { runNodeJs } from '../support/child';
import { SEARCHES } from './searches';

const root = join(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'packed-'));

/** The search of the node list in n8n's editor. */
const { sublimeSearch } = createRequire(require.resolve('n8n-core'))(
	'@n8n/utils/search/sublime-search',
) as { sublimeSearch: (text: string, nodes: readonly object[]) => unknown[] };
const installed = join(folder, 'node_modules/n8n-nodes-koreainvestment');

interface Manifest {
	main: string;
	dependencies?: object;
	peerDependencies: object;
	files: string[];
	n8n: { nodes: string[]; credentials: string[] };
}
const readJson = <T>(file: string) => JSON.parse(readFileSync(join(installed, file), 'utf8')) as T;

beforeAll(async () => {
	await unpack(await pack(root, folder), installed);
	// The only package that the host provides.
	symlinkSync(join(root, 'node_modules/n8n-workflow'), join(folder, 'node_modules/n8n-workflow'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('contains the built package, its documents, and nothing else', () => {
	const outside = readdirSync(installed).filter((name) => name !== 'dist');
	expect(outside.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
	const files = readdirSync(join(installed, 'dist'), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => entry.name);
	expect(files.filter((name) => !/\.(js|json|lua|svg)$|^LICENSE$/.test(name))).toEqual([]);
	for (const bundled of ['undici', 'proxy-from-env', 'ioredis']) {
		expect(existsSync(join(installed, 'dist/licences', bundled, 'LICENSE'))).toBe(true);
	}
});

test('depends on nothing but the n8n-workflow of its host', () => {
	const manifest = readJson<Manifest>('package.json');
	expect(manifest.dependencies ?? {}).toEqual({});
	expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
});

test('every file that the manifest names for n8n exists', () => {
	const { n8n, main } = readJson<Manifest>('package.json');
	for (const file of [...n8n.nodes, ...n8n.credentials, main]) {
		expect(existsSync(join(installed, file))).toBe(true);
	}
});

test('the icons exist, light and dark, for node and credential', () => {
	const { n8n } = readJson<Manifest>('package.json');
	for (const [file, { icon }] of [
		[n8n.nodes[0], new KisToken().description],
		[n8n.credentials[0], new KisApi()],
	] as const) {
		const { light, dark } = icon as { light: string; dark: string };
		for (const path of [light, dark]) {
			const svg = join(installed, dirname(file), path.replace('file:', ''));
			expect(readFileSync(svg, 'utf8')).toMatch(/^<svg /);
		}
		expect(light).not.toBe(dark);
	}
});

test('the codex names the node, and n8n accepts it', () => {
	const [file] = readJson<Manifest>('package.json').n8n.nodes;
	const codex = readJson<Record<string, unknown>>(file.replace(/js$/, 'json'));
	expect(codex.node).toBe(`n8n-nodes-koreainvestment.${new KisToken().description.name}`);
	// n8n drops a codex without resources, and its search words with it.
	expect(codex.resources).toBeDefined();
	expect(codex.alias).toEqual(expect.arrayContaining(['KIS', '한국투자', '한국투자증권']));
});

test.each(SEARCHES)('a search for %s finds the node', (text) => {
	const [file] = readJson<Manifest>('package.json').n8n.nodes;
	const codex = readJson<object>(file.replace(/js$/, 'json'));
	const { displayName } = new KisToken().description;
	// n8n searches in lower case.
	expect(sublimeSearch(text.toLowerCase(), [{ properties: { displayName, codex } }])).toHaveLength(
		1,
	);
});

test.each(Object.entries<Operation>(operations))(
	'n8n knows all of the operation %s',
	(name, operation) => {
		const [file] = readJson<Manifest>('package.json').n8n.nodes;
		const schemas = join(dirname(file), '__schema__/v1.0.0');
		expect(readdirSync(join(installed, schemas)).sort()).toEqual(
			Object.keys(operations).map((known) => `${known}.json`),
		);
		const preview = readJson<{ properties: object }>(join(schemas, `${name}.json`));
		const fields = Object.entries(operation.output).map(([field, type]) => [field, { type }]);
		const outcome = { type: 'string' };
		expect(preview.properties).toEqual({ ...Object.fromEntries(fields), outcome });

		const codex = readJson<{ alias: string[] }>(file.replace(/js$/, 'json'));
		expect(codex.alias).toEqual(expect.arrayContaining([...operation.searchWords]));
	},
);

describe('in plain Node.js', () => {
	const run = async (script: string, args: string[] = []) => {
		const { stdout } = await runNodeJs(['-e', script, ...args], { cwd: folder });
		return JSON.parse(stdout) as unknown;
	};

	const census = `
		const census = () => ({
			globals: [...Object.getOwnPropertyNames(globalThis), ...Object.getOwnPropertySymbols(globalThis).map(String)],
			handlers: process.eventNames().map(String).sort(),
			resources: process.getActiveResourcesInfo(),
		});
		require('n8n-workflow');
		const before = census();
	`;

	test('exports the two classes', async () => {
		const script = `console.log(JSON.stringify(Object.keys(require('n8n-nodes-koreainvestment'))))`;
		expect(await run(script)).toEqual(['KisApi', 'KisToken']);
	});

	test.each(['UTC', 'Asia/Seoul', 'America/Los_Angeles'])(
		'reads the time of KIS the same way on a computer in %s',
		async (zone) => {
			const script = `
				process.env.TZ = process.argv[1];
				const { koreanTime, parseKisTime } = require('n8n-nodes-koreainvestment/dist/kis/reply/koreanTime');
				const time = parseKisTime('2026-11-23 08:16:59');
				console.log(JSON.stringify([time, koreanTime(time)]));
			`;
			const [time, written] = (await run(script, [zone])) as unknown[];
			expect(time).toBe(Date.parse('2026-11-22T23:16:59Z'));
			expect(written).toBe('2026-11-23T08:16:59+09:00');
		},
	);

	test('leaves the host process unchanged, with or without the HTTP client loaded', async () => {
		const report = (await run(`${census}
			const { KisToken, KisApi } = require('n8n-nodes-koreainvestment');
			new KisToken(); new KisApi();
			const loaded = census();
			const http = Object.keys(require.cache).filter((file) => file.includes('connection.js')).length;
			require('n8n-nodes-koreainvestment/dist/kis/revoke/revokeTokens');
			const used = census();
			// Only a global dispatcher of undici would change the process's own fetch.
			require('n8n-nodes-koreainvestment/dist/kis/http/connection');
			console.log(JSON.stringify({ before, loaded, http, used, bundle: census() }));
		`)) as Record<string, unknown>;
		expect(report.loaded).toEqual(report.before);
		expect(report.used).toEqual(report.before);
		expect(report.http).toBe(0);
		expect(report.bundle).toEqual(report.before);
		expect(JSON.stringify(report.bundle)).not.toContain('globalDispatcher');
	});

	test('works, and ends by itself', async () => {
		const sandbox = await new Sandbox().start();
		try {
			const [app] = sandbox.apps;
			const token = sandbox.kis.mint(app.appkey).value;
			const script = `${census}
				const { revokeTokens } = require('n8n-nodes-koreainvestment/dist/kis/revoke/revokeTokens');
				const { parseAccessToken } = require('n8n-nodes-koreainvestment/dist/kis/input/accessToken');
				const [url, appkey, appsecret, token] = process.argv.slice(1);
				revokeTokens(
					{ appkey, appsecret, environment: 'custom', baseUrl: new URL(url) },
					[parseAccessToken(token)],
					{ maxRetries: 0, requestsPerSecond: 18, timeoutMs: 5000, executionId: 'x', cancel: new AbortController().signal },
				).then((revocations) => {
					const [{ outcome }] = revocations.values();
					const { globals, handlers } = census();
					console.log(JSON.stringify({ outcome, same: JSON.stringify([globals, handlers]) === JSON.stringify([before.globals, before.handlers]) }));
				});
			`;
			const said = await run(script, [sandbox.url, app.appkey, app.appsecret, token]);
			expect(said).toEqual({ outcome: 'revoked', same: true });
			expect(sandbox.kis.isLive(token)).toBe(false);
		} finally {
			await sandbox.stop();
		}
	});
});

test('the dropdown and the fields are those of the operations', () => {
	const { properties } = (new KisToken() as INodeType).description;
	const [dropdown, ...fields] = properties;
	expect(dropdown.options).toEqual(
		Object.entries<Operation>(operations).map(([value, { option }]) => ({ ...option, value })),
	);
	expect(fields.map(({ name, displayOptions }) => [displayOptions?.show?.operation, name])).toEqual(
		Object.entries<Operation>(operations).flatMap(([operation, own]) =>
			own.fields.map(({ name }) => [[operation], name]),
		),
	);
});

test('Issue says in a tool that it does not run as one', () => {
	const { properties } = (new KisToken() as INodeType).description;
	const notice = properties.find(({ name }) => name === 'noToolNotice');
	expect(notice?.displayOptions?.show).toEqual({ '@tool': [true], operation: ['issue'] });
});

test('a token is masked, and defaults to the one that the step before issued', () => {
	const { properties } = (new KisToken() as INodeType).description;
	const fields = properties.filter(({ name }) => name === 'token');
	expect(fields).toHaveLength(2);
	for (const field of fields) {
		expect(field).toMatchObject({
			required: true,
			default: '={{ $json.access_token }}',
			typeOptions: { password: true },
		});
	}
});
