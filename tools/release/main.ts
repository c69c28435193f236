import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { pack, unpack } from '../common/pack';
import { print, runMain } from '../common/program';
import { capture } from '../common/run';
import { READING, RUNNING } from './checks';
import { repositoryIs, tagIs } from './checks/tag';
import { Package } from './package';
import { report } from './report';

const USAGE = `Proves what would be published: makes a clean clone of the last commit, builds and packs it there, and checks the package.

npm run release:check -- [options]
  --here              this folder as it is, instead of a clone: it has to be built
  --output FOLDER     keeps the tarball that was checked
  --tag TAG           also checks that the version is that of the tag, and in CHANGELOG.md
  --repository URL    also checks that package.json names the repository
`;

const OPTIONS = {
	here: { type: 'boolean' },
	output: { type: 'string' },
	tag: { type: 'string' },
	repository: { type: 'string' },
	help: { type: 'boolean' },
} as const;

const sources = resolve(__dirname, '../..');

async function main(args: string[]): Promise<boolean> {
	const { values } = parseArgs({ args, options: OPTIONS });
	if (values.help) {
		print(USAGE);
		return true;
	}
	const folder = mkdtempSync(join(tmpdir(), 'release-check-'));
	try {
		const output = resolve(values.output ?? folder);
		if (!values.here) return await checkClone(join(folder, 'clone'), [...args, '--output', output]);
		const tarball = await pack(sources, output);
		const unpacked = join(folder, 'package');
		await unpack(tarball, unpacked);
		const checks = [
			...READING,
			...RUNNING,
			...(values.tag === undefined ? [] : [tagIs(values.tag)]),
			...(values.repository === undefined ? [] : [repositoryIs(values.repository)]),
		];
		const subject = new Package(sources, unpacked, statSync(tarball).size);
		const { text, isGood } = await report(subject, checks);
		print(text);
		return isGood;
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** The clone checks itself, with what its own lockfile installs. */
async function checkClone(clone: string, options: readonly string[]): Promise<boolean> {
	const git = async (cwd: string, ...args: string[]) => await capture('git', args, { cwd });
	const changes = await git(sources, 'status', '--porcelain');
	if (changes !== '') {
		print(`Only what is committed can be published, and this is not:\n${changes}`);
		return false;
	}
	const commit = (await git(sources, 'rev-parse', 'HEAD')).trim();
	print(`A clean clone of ${commit}\n`);
	await git(sources, 'clone', '--quiet', '--no-checkout', sources, clone);
	await git(clone, 'checkout', '--quiet', '--detach', commit);
	const steps = [
		['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error'],
		['npm', 'run', '--silent', 'build'],
		['npm', 'run', '--silent', 'release:check', '--', '--here', ...options],
	];
	// Their output is for the person who watches.
	const failed = steps.find(
		([command, ...args]) => spawnSync(command, args, { cwd: clone, stdio: 'inherit' }).status !== 0,
	);
	if (failed) print(`\n${failed.join(' ')}: failed\n`);
	return failed === undefined;
}

void runMain(async () => await main(process.argv.slice(2)));
