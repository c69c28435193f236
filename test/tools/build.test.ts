// The build, in copies of the checkout: what it says if it fails, what it leaves behind, and other layouts of node_modules.
import { execFileSync, spawn } from 'node:child_process';
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { run } from '../../tools/common/run';
import { filesOf } from '../../tools/release/package';

const root = join(__dirname, '../..');
const SOURCES = ['credentials', 'icons', 'kis', 'nodes', 'tools/release/notices'];
const FILES = ['gulpfile.js', 'index.ts', 'package.json', 'tsconfig.json'];

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'build-'));
	for (const source of [...SOURCES, ...FILES]) {
		cpSync(join(root, source), join(folder, 'checkout', source), { recursive: true });
	}
});
afterEach(() => rmSync(folder, { recursive: true }));

const checkout = (...path: string[]) => join(folder, 'checkout', ...path);

/** node_modules is a link to another place. */
function linkAll(): void {
	symlinkSync(join(root, 'node_modules'), checkout('node_modules'));
}

/** As with pnpm, each package is a link into a store. */
function linkEach(): void {
	const store = checkout('node_modules/.pnpm/undici@7/node_modules/undici');
	mkdirSync(checkout('node_modules'), { recursive: true });
	for (const name of readdirSync(join(root, 'node_modules'))) {
		if (name !== 'undici') {
			symlinkSync(join(root, 'node_modules', name), checkout('node_modules', name));
		}
	}
	cpSync(join(root, 'node_modules/undici'), store, { recursive: true });
	symlinkSync(relative(checkout('node_modules'), store), checkout('node_modules/undici'));
}

/** What `npm run build` starts. */
const gulp = () => [checkout('node_modules/gulp/bin/gulp.js'), 'build', '-L'];

async function build() {
	const { status, stdout, stderr } = await run(process.execPath, gulp(), { cwd: checkout() });
	return { isGood: status === 0, said: stdout + stderr };
}

const GOOD = { isGood: true, said: '' };

test.each([
	['is a link', linkAll],
	['holds links', linkEach],
])(
	'builds the same if node_modules %s, and leaves nothing of the previous dist',
	async (_how, link) => {
		link();
		mkdirSync(checkout('dist/kis'), { recursive: true });
		writeFileSync(checkout('dist/kis/gone.js'), '');
		expect(await build()).toEqual(GOOD);
		expect(filesOf(checkout('dist'))).toEqual(filesOf(join(root, 'dist')));
		expect(readdirSync(checkout()).filter((name) => name.startsWith('.'))).toEqual([]);
		const licence = 'dist/licences/undici/LICENSE';
		expect(readFileSync(checkout(licence))).toEqual(readFileSync(join(root, licence)));
		const script = `console.log(Object.keys(require('./dist')).sort().join())`;
		expect(execFileSync(process.execPath, ['-e', script], { cwd: checkout() }).toString()).toBe(
			'KisApi,KisToken\n',
		);
	},
);

describe('a build that fails', () => {
	const before = () => readdirSync(checkout()).sort();

	test.each<[what: string, spoil: () => void, says: RegExp]>([
		[
			'a file that is no TypeScript',
			() => writeFileSync(checkout('kis/broken.ts'), 'export const x: = 3;\n'),
			/kis\/broken\.ts:1:16: ERROR: Unexpected "="/,
		],
		[
			'a client that is none',
			() => writeFileSync(checkout('kis/http/connection.ts'), "import 'undici/lib/gone.js';\n"),
			/kis\/http\/connection\.ts:1:7: ERROR: Could not resolve "undici\/lib\/gone\.js"/,
		],
		[
			'a bundled file that no longer has what is taken out',
			() => {
				linkEach();
				writeFileSync(checkout('node_modules/undici/lib/dispatcher/client-h1.js'), '');
			},
			/The lines to take out are there 0 times, not once/,
		],
		[
			'a file to be left out that nothing asks for any more',
			() => {
				linkEach();
				writeFileSync(checkout('node_modules/undici/lib/dispatcher/proxy-agent.js'), '');
			},
			/undici\/lib\/dispatcher\/socks5-proxy-agent\.js is bundled 0 times, not once/,
		],
		[
			'a bundled package without a licence',
			() => {
				linkEach();
				rmSync(checkout('node_modules/undici/LICENSE'));
			},
			/undici is bundled, and .* holds no licence file/,
		],
		[
			'no notices of what the bundled package took over',
			() => rmSync(checkout('tools/release/notices'), { recursive: true }),
			/release\/notices\/\*\/\* matches no file/,
		],
		[
			'no icons',
			() => rmSync(checkout('icons'), { recursive: true }),
			/icons\/\*\.svg matches no file/,
		],
	])('says why, and leaves everything as it was: %s', async (_what, spoil, says) => {
		mkdirSync(checkout('dist'));
		writeFileSync(checkout('dist/index.js'), 'before');
		spoil();
		if (!existsSync(checkout('node_modules'))) linkAll();
		const there = before();
		expect(await build()).toEqual({ isGood: false, said: expect.stringMatching(says) });
		expect(before()).toEqual(there);
		expect(filesOf(checkout('dist'))).toEqual(['index.js']);
		expect(readFileSync(checkout('dist/index.js'), 'utf8')).toBe('before');
	});
});

test('a build that is interrupted leaves everything as it was', async () => {
	linkAll();
	mkdirSync(checkout('dist'));
	const there = readdirSync(checkout()).sort();
	const program = spawn(process.execPath, gulp(), { cwd: checkout(), stdio: 'ignore' });
	const ended = new Promise((resolve) => program.once('exit', resolve));
	while (readdirSync(checkout()).length === there.length) await delay(5);
	program.kill('SIGINT');
	await expect(ended).resolves.toBe(1);
	expect(readdirSync(checkout()).sort()).toEqual(there);
	expect(readdirSync(checkout('dist'))).toEqual([]);
});
