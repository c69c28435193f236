import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { READING, RUNNING } from './checks';
import { repositoryIs, tagIs } from './checks/tag';
import { capture, show } from './commands';
import { pack, unpack } from './package';
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
const print = (text: string) => void process.stdout.write(text);

function main(args: string[]): boolean {
	const { values } = parseArgs({ args, options: OPTIONS });
	if (values.help) {
		print(USAGE);
		return true;
	}
	const folder = mkdtempSync(join(tmpdir(), 'release-check-'));
	try {
		const output = resolve(values.output ?? folder);
		if (!values.here) return checkClone(join(folder, 'clone'), [...args, '--output', output]);
		const tarball = pack(sources, output);
		const checks = [
			...READING,
			...RUNNING,
			...(values.tag === undefined ? [] : [tagIs(values.tag)]),
			...(values.repository === undefined ? [] : [repositoryIs(values.repository)]),
		];
		const { text, isGood } = report(unpack(sources, tarball, join(folder, 'package')), checks);
		print(text);
		return isGood;
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** The clone checks itself, with what its own lockfile installs. */
function checkClone(clone: string, options: readonly string[]): boolean {
	const changes = capture('git', ['status', '--porcelain'], sources);
	if (changes !== '') {
		print(`Only what is committed can be published, and this is not:\n${changes}`);
		return false;
	}
	const commit = capture('git', ['rev-parse', 'HEAD'], sources).trim();
	print(`A clean clone of ${commit}\n`);
	capture('git', ['clone', '--quiet', '--no-checkout', sources, clone], sources);
	capture('git', ['checkout', '--quiet', '--detach', commit], clone);
	const steps = [
		['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error'],
		['npm', 'run', '--silent', 'build'],
		['npm', 'run', '--silent', 'release:check', '--', '--here', ...options],
	];
	const failed = steps.find((step) => !show(step, clone));
	if (failed) print(`\n${failed.join(' ')}: failed\n`);
	return failed === undefined;
}

process.exitCode = main(process.argv.slice(2)) ? 0 : 1;
