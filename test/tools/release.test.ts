// The checks before a release: the package passes as it is, and fails with any single thing wrong. What runs n8n's own code
// takes seconds: here it runs on broken packages alone, and `npm run release:check` runs it on the package.
import { appendFileSync, cpSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { type Check, verdictOf } from '../../tools/release/checks/check';
import { pack, unpack } from '../../tools/common/pack';
import { READING } from '../../tools/release/checks';
import { BUNDLED, licences } from '../../tools/release/checks/licences';
import { loads } from '../../tools/release/checks/loads/check';
import { scanner } from '../../tools/release/checks/scanner/check';
import { repositoryIs, tagIs } from '../../tools/release/checks/tag';
import { Package } from '../../tools/release/package';
import { report } from '../../tools/release/report';

const root = join(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'release-'));
let real: Package;
let copies = 0;

beforeAll(async () => {
	const tarball = await pack(root, folder);
	await unpack(tarball, join(folder, 'real'));
	real = new Package(root, join(folder, 'real'), statSync(tarball).size);
});
afterAll(() => rmSync(folder, { recursive: true }));

type Change = (into: string, subject: Package) => void;

/** Returns the package with one change. */
function changed(change: Change): Package {
	const copy = join(folder, `copy-${++copies}`);
	cpSync(real.folder, copy, { recursive: true });
	change(copy, real);
	return new Package(root, copy, real.packedBytes);
}

async function problemsOf(check: Check, subject: Package): Promise<readonly string[]> {
	const verdict = await verdictOf(check, subject);
	return verdict.isGood ? [] : verdict.problems;
}

/** The checks that read files, and that the package does not pass. */
async function failing(subject: Package): Promise<string[]> {
	const failed: string[] = [];
	for (const check of READING) {
		if ((await problemsOf(check, subject)).length > 0) failed.push(check.name);
	}
	return failed;
}

const manifest =
	(fields: object): Change =>
	(into, subject) =>
		writeFileSync(join(into, 'package.json'), JSON.stringify({ ...subject.manifest, ...fields }));
const append =
	(file: string, text: string): Change =>
	(into) =>
		appendFileSync(join(into, file), text);
const remove =
	(file: string): Change =>
	(into) =>
		rmSync(join(into, file));

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const JWT = `${base64url({ typ: 'JWT', alg: 'HS512' })}.${base64url({ sub: 'token', iss: 'unogw' })}.${'x'.repeat(86)}`;
const BASE64 = Buffer.alloc(135, 'a secret').toString('base64');
const CODE = 'dist/kis/input/json.js';
const CLIENT = 'dist/kis/http/connection.js';
const PROXY = 'dist/kis/http/proxy.js';
const REDIS_CLIENT = 'dist/kis/redis/client.js';
const NODE = 'dist/nodes/KisToken';
const NODES = [`${NODE}/KisToken.node.js`];
const CREDENTIALS = ['dist/credentials/KisApi.credentials.js'];

test('the package passes', async () => {
	const { text, isGood } = await report(real, READING);
	expect({ text, isGood }).toEqual({ text: expect.stringContaining('All is well.'), isGood: true });
});

test.each<[what: string, change: Change, checks: string[]]>([
	['a dependency', manifest({ dependencies: { undici: '7' } }), ['dependencies']],
	['an optional one', manifest({ optionalDependencies: { undici: '7' } }), ['dependencies']],
	['one brought along', manifest({ bundleDependencies: ['undici'] }), ['dependencies']],
	['all of them', manifest({ bundleDependencies: true }), ['dependencies']],
	['all of them, spelt otherwise', manifest({ bundledDependencies: true }), ['dependencies']],
	['no main', manifest({ main: undefined }), ['entries']],
	['a main that is not there', manifest({ main: 'dist/main.js' }), ['entries']],
	[
		'a node that is not there',
		manifest({ n8n: { nodes: ['dist/nodes/Gone.node.js'], credentials: CREDENTIALS } }),
		['entries'],
	],
	[
		'a node that n8n is not told of',
		manifest({ n8n: { nodes: [], credentials: CREDENTIALS } }),
		['entries'],
	],
	['no credential', manifest({ n8n: { nodes: NODES, credentials: [] } }), ['entries']],
	['no Node.js', manifest({ engines: { npm: '10' } }), ['entries']],
	['a registry of its own', manifest({ publishConfig: { tag: 'next' } }), ['entries']],
	['what is private', manifest({ private: true }), ['entries']],
	['a preview that cannot be read', append(`${NODE}/__schema__/v1.0.0/issue.json`, '}'), ['json']],
	['no peer', manifest({ peerDependencies: undefined }), ['dependencies', 'imports']],
	['a narrower peer', manifest({ peerDependencies: { 'n8n-workflow': '2' } }), ['dependencies']],
	['an install script', manifest({ scripts: { postinstall: 'node x' } }), ['install scripts']],
	['a prepare script', manifest({ scripts: { prepare: 'node x' } }), ['install scripts']],
	['a native addon', append('binding.gyp', '{}'), ['contents', 'install scripts']],
	['a file without a source', append('dist/kis/left.js', ''), ['contents']],
	['a file beside dist', append('.npmrc', ''), ['contents']],
	['a type declaration', append('dist/kis/http/undici.d.ts', ''), ['contents']],
	['a module missing', remove('dist/kis/input/baseUrl.js'), ['contents', 'imports']],
	['no README', remove('README.md'), ['contents']],
	['test code', append(CODE, 'require("../../tools/sandbox/server");'), ['imports']],
	['a package that is not there', append(CODE, 'require("axios");'), ['imports']],
	['one that may be there', append(CODE, 'try { require("axios"); } catch {}'), ['imports']],
	['one that is asked for later', append(CODE, 'void import("axios");'), ['imports']],
	['a module that may be there', append(CODE, 'try { require("./x"); } catch {}'), ['imports']],
	['a module with a drawn name', append(CODE, 'require(String(1));'), ['imports']],
	['one of those, later', append(CODE, 'void import(String(1));'), ['imports']],
	['require by another name', append(CODE, 'const ask = require; ask("x");'), ['imports']],
	[
		'a file from outside',
		(into) => {
			writeFileSync(`${into}.js`, '');
			appendFileSync(join(into, CODE), `require("../../../${basename(into)}.js");`);
		},
		['imports'],
	],
	['a licence missing', remove('dist/licences/undici/LICENSE'), ['contents', 'licences']],
	['another missing', remove('dist/licences/proxy-from-env/LICENSE'), ['contents', 'licences']],
	['no notice of llhttp', remove('dist/licences/llhttp/LICENSE'), ['contents', 'licences']],
	[
		'a shortened licence',
		(into) => writeFileSync(join(into, 'dist/licences/node/LICENSE'), 'MIT'),
		['licences'],
	],
	[
		'a bundled package without licence',
		append(CODE, '\n// node_modules/left-pad/index.js\n'),
		['licences'],
	],
	['the path of the checkout', append(CODE, `// ${root}/kis/json.ts`), ['paths']],
	['a path at home', append(CODE, `// ${homedir()}/x`), ['paths']],
	['a path of another computer', append('README.md', '/Users/somebody/x'), ['paths']],
	['a source map', append(`${CODE}.map`, '{}'), ['contents', 'paths']],
	['a mapped file', append(CODE, '\n//# sourceMappingURL=json.js.map'), ['paths']],
	['a token', append(CODE, `// ${JWT}`), ['secrets']],
	['a token in the README', append('README.md', JWT), ['secrets']],
	['an app key', append(CODE, `// PS${'a1'.repeat(17)}`), ['secrets']],
	['an app secret', append(CODE, `// "${BASE64}"`), ['secrets']],
	['a token of npm', append(CODE, `// npm_${'a1'.repeat(18)}`), ['secrets']],
	['a private key', append(CODE, `// -----BEGIN ${'PRIVATE'} KEY-----`), ['secrets']],
	['far more text', append('README.md', 'x\n'.repeat(100_000)), ['size']],
])('with %s it does not pass', async (_what, change, checks) => {
	expect(await failing(changed(change))).toEqual(checks);
});

test('a tarball that has grown does not pass', async () => {
	expect(await failing(new Package(root, real.folder, 1_000_000))).toEqual(['size']);
});

test('text that looks like a secret is not repeated', async () => {
	const { text, isGood } = await report(changed(append(CODE, `\n// ${JWT}`)), READING);
	expect(isGood).toBe(false);
	expect(text).toMatch(/^NOT {2}secrets$/m);
	expect(text).toContain(`${CODE}:`);
	expect(text).not.toContain(JWT.slice(0, 20));
});

describe('what is bundled', () => {
	const UTIL = 'node_modules/undici/lib/core/util.js';

	/** Returns the package as if it had been built from other sources. */
	function from(change: (sources: string) => void): Package {
		const sources = mkdtempSync(join(folder, 'sources-'));
		for (const part of [
			...BUNDLED.map((name) => `node_modules/${name}`),
			'tools/release/notices',
		]) {
			cpSync(join(root, part), join(sources, part), { recursive: true });
		}
		change(sources);
		return new Package(sources, real.folder, 0);
	}

	test.each([
		'// Adapted from https://git.example/other (MIT)',
		'// Ported from another library',
		'/* Copyright 2026 Somebody Else */',
	])('has a notice of everybody it credits: %s', async (text) => {
		const subject = from((sources) => appendFileSync(join(sources, UTIL), `\n${text}\n`));
		expect(await problemsOf(licences, subject)).toEqual([
			`${UTIL}: whose notice does this want? ${text}`,
		]);
	});

	test('is still seen, without the licences and the comments that tell of it', async () => {
		const untraced = changed((into) => {
			for (const file of [CLIENT, PROXY, REDIS_CLIENT]) {
				writeFileSync(join(into, file), real.text(file).replace(/^\/\/ node_modules\/.*$/gm, ''));
			}
			rmSync(join(into, 'dist/licences'), { recursive: true });
		});
		expect(await problemsOf(licences, untraced)).toEqual(
			expect.arrayContaining(BUNDLED.map((name) => `${name} is not among the bundled files`)),
		);
	});

	test('still has what its notices are for', async () => {
		const subject = from((sources) => writeFileSync(join(sources, UTIL), ''));
		expect(await problemsOf(licences, subject)).toEqual([
			`${UTIL} has nothing from fetch-blob any more`,
		]);
	});
});

test('a check that cannot be run has failed', async () => {
	const broken = changed((into) => writeFileSync(join(into, 'package.json'), '{}'));
	expect((await report(broken, [loads])).isGood).toBe(false);
});

test('the reason why a check cannot be run is reported unchanged', async () => {
	const run = () => {
		throw new Error('no');
	};
	expect(await problemsOf({ name: '', run }, real)).toEqual(['Error: no']);
});

describe('n8n', () => {
	const all =
		(...changes: Change[]): Change =>
		(into, subject) =>
			changes.forEach((change) => change(into, subject));

	const LINES = ['n8n 2', 'n8n 1'];

	test('takes no package without codex and icon, or with a file that throws when a run loads it', async () => {
		const change = all(
			remove(`${NODE}/KisToken.node.json`),
			remove('dist/icons/kis.dark.svg'),
			append(CLIENT, '\nthrow new Error("no");'),
		);
		const lacks = [/kisToken has no icons/, /kisApi has no icons/, /kisToken has no codex/];
		const problems = await problemsOf(loads, changed(change));
		for (const line of LINES) {
			expect(problems).toEqual(
				expect.arrayContaining([
					`${line}: ${CLIENT}: Error: no`,
					...lacks.map(({ source }) => expect.stringMatching(new RegExp(`^${line}: ${source}`))),
				]),
			);
		}
		expect(
			problems.filter((problem) => !/has no (icons|codex)|: Error: no$/.test(problem)),
		).toEqual([]);
	});

	test('takes no package whose node throws', async () => {
		const broken = changed(append(NODES[0], 'throw new Error("no");'));
		expect(await problemsOf(loads, broken)).toEqual(
			LINES.map((line) => expect.stringMatching(new RegExp(`^${line}: .*no`))),
		);
	});

	test('finds what is new, more than before, and what was explained and is gone', async () => {
		const gone = 'dist/kis/turns.js';
		const change = all(
			append(CODE, 'console.log(process.cwd());'),
			append(CLIENT, '\nglobalThis.fetch(process.env.X);'),
			(into) => writeFileSync(join(into, gone), ''),
		);
		expect(await problemsOf(scanner, changed(change))).toEqual([
			`${CLIENT} no-restricted-globals process: 11 found, 10 explained`,
			`${CLIENT} no-restricted-globals globalThis: 1 found, 0 explained`,
			`${CODE} no-console Unexpected console statement.: 1 found, 0 explained`,
			`${CODE} no-restricted-globals process: 1 found, 0 explained`,
			`${gone} no-restricted-imports node:timers/promises: 0 found, 1 explained`,
		]);
	});
});

describe('a release', () => {
	const versioned = (version: string) => changed(manifest({ version }));

	test('has a tag with its version', async () => {
		expect(await problemsOf(tagIs('v9.9.8'), versioned('9.9.9'))).toContain(
			'the tag is v9.9.8, the version 9.9.9',
		);
	});

	test('is in the changelog', async () => {
		const sources = mkdtempSync(join(folder, 'sources-'));
		writeFileSync(join(sources, 'CHANGELOG.md'), '## Unreleased\n\n## 9.9.9 - 2026-11-22\n');
		const of = (version: string) => new Package(sources, versioned(version).folder, 0);
		expect(await problemsOf(tagIs('v9.9.9'), of('9.9.9'))).toEqual([]);
		expect(await problemsOf(tagIs('v9.9.90'), of('9.9.90'))).toEqual([
			'CHANGELOG.md has no section 9.9.90',
		]);
	});

	test('is built where the package says', async () => {
		const url = 'https://git.example/owner/name';
		const subject = changed(manifest({ repository: { url: `git+${url}.git` } }));
		expect(await problemsOf(repositoryIs(url), subject)).toEqual([]);
		expect(await problemsOf(repositoryIs(`${url}-fork`), subject)).toHaveLength(1);
	});
});
