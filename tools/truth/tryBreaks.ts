import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { print, runMain } from '../common/program';
import { run } from '../common/run';
import { BREAKS, type Break } from './breaks';
import { shortRunArguments } from './shortRun';

const ROOT = resolve(__dirname, '../..');
const NOT_COPIED = ['node_modules', 'dist', '.git', 'docs', 'test/e2e', 'tools/bench'];
/** A broken product may wait for ever. */
const PATIENCE_MS = 10 * 60 * 1000;
/** Trading worlds are slow to show some rules. They stop early, after enough accusations. */
const STEPS_IN_TRADING = 1500;

/** What came of a broken rule. */
interface Finding {
	readonly verdict: 'seen' | 'NOT SEEN' | 'DID NOT RUN';
	/** What noticed it, and how; or the last line that was printed. */
	readonly how: string;
}

const NOT_SEEN: Finding = { verdict: 'NOT SEEN', how: '' };

/** Breaks each rule in a copy of the repository, and tells whether that is noticed. @returns Whether all are. */
async function tryBreaks(): Promise<boolean> {
	const { values } = parseArgs({
		options: {
			/** Only the rules that contain one of these. */
			only: { type: 'string', multiple: true, default: [''] },
			parallel: { type: 'string', default: '2' },
			/** The experiment stops after so many accusations. */
			enough: { type: 'string', default: '3' },
		},
	});
	const chosen = BREAKS.filter(({ rule }) => values.only.some((text) => rule.includes(text)));
	// Before anything is run: a table that has gone stale shows nothing.
	for (const one of chosen) await breakIn(ROOT, one);
	const left = chosen.values();
	const counts = { seen: 0, 'NOT SEEN': 0, 'DID NOT RUN': 0 };
	const work = async () => {
		const copy = await makeCopy();
		try {
			for (const one of left) {
				const { verdict, how } = await tryOne(copy, one, values.enough);
				counts[verdict]++;
				print(`${verdict} | ${one.rule} | ${how}\n`);
			}
		} finally {
			await rm(copy, { recursive: true });
		}
	};
	await Promise.all(Array.from({ length: Number(values.parallel) }, work));
	const { 'NOT SEEN': unseen, 'DID NOT RUN': unrun } = counts;
	print(`${chosen.length} rules broken, ${unseen} of them unnoticed, ${unrun} not run\n`);
	return counts.seen === chosen.length;
}

async function makeCopy(): Promise<string> {
	const copy = await mkdtemp(join(tmpdir(), 'kis-breaks-'));
	const filter = (source: string) =>
		!NOT_COPIED.some((name) => source === join(ROOT, name)) &&
		!basename(source).startsWith('.build-');
	await cp(ROOT, copy, { recursive: true, filter });
	await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
	return copy;
}

async function tryOne(copy: string, one: Break, enough: string): Promise<Finding> {
	const file = join(copy, one.file);
	const before = await readFile(file, 'utf8');
	await writeFile(file, await breakIn(copy, one));
	try {
		const built = await runIn(copy, 'gulp/bin/gulp.js', 'build', '-L');
		if (built.failed) return didNotRun(built.output);
		return one.seenBy ? await byTest(copy, one.seenBy) : await byExperiment(copy, one, enough);
	} finally {
		await writeFile(file, before);
	}
}

async function byTest(copy: string, test: string): Promise<Finding> {
	const project = test.startsWith('test/tools/') ? 'tools' : 'n8n 2';
	const { failed, output } = await runIn(
		copy,
		'jest/bin/jest.js',
		test,
		...['--selectProjects', project],
	);
	if (!failed) return NOT_SEEN;
	const count = /^Tests: +(\d+) failed/m.exec(output)?.[1];
	return count ? seen(`${test}: ${count} tests fail`) : didNotRun(output);
}

async function byExperiment(copy: string, { inTrading }: Break, enough: string): Promise<Finding> {
	const { failed, output } = await runIn(
		copy,
		'tsx/dist/cli.mjs',
		'tools/truth/main.ts',
		...shortRunArguments(),
		// Fewer concurrent worlds, so that it stops soon.
		...['--parallel', '10', '--enough', enough],
		...(inTrading ? ['--tokens', '0', '--steps', String(STEPS_IN_TRADING)] : []),
	);
	const count = /^false statements +(\d+)$/m.exec(output)?.[1];
	if (count === undefined) return didNotRun(output);
	if (!failed) return NOT_SEEN;
	if (count !== '0') return seen(`${count}: ${kindsIn(output)}`);
	const left = Number(/^sockets and timers left +(\d+)$/m.exec(output)?.[1] ?? 0);
	return left > 0 ? seen(`${left} sockets or timers left`) : didNotRun(output);
}

function seen(how: string): Finding {
	return { verdict: 'seen', how };
}

/** It crashed, or took too long, or somebody ended it: that shows nothing. */
function didNotRun(output: string): Finding {
	return {
		verdict: 'DID NOT RUN',
		how: output.trimEnd().split('\n').at(-1) || 'nothing was printed',
	};
}

/** The kinds of the accusations that are printed, the most frequent first. */
function kindsIn(output: string): string {
	const counts = new Map<string, number>();
	for (const [, line] of output.matchAll(
		/^ {2}seed \d+, (?:batch \d+ \([^)]+\)(?:, [^:]+)?|trading world \d+): (.+)$/gm,
	)) {
		const kind = line
			.replace(/; .*/, '')
			.replace(/^item \d+ \(\w+\) is /, '')
			.replace(/\d+/g, 'N');
		counts.set(kind, (counts.get(kind) ?? 0) + 1);
	}
	return [...counts]
		.sort(([, a], [, b]) => b - a)
		.map(([kind]) => kind)
		.slice(0, 2)
		.join('; ');
}

/** The text of the file with the rule broken. */
async function breakIn(root: string, { rule, file, from, to }: Break): Promise<string> {
	const parts = (await readFile(join(root, file), 'utf8')).split(from);
	if (parts.length !== 2) {
		throw new Error(`${rule}: ${file} has ${parts.length - 1} times, and not once: ${from}`);
	}
	return parts.join(to);
}

async function runIn(copy: string, program: string, ...args: string[]) {
	const path = join(copy, 'node_modules', program);
	const options = { cwd: copy, timeout: PATIENCE_MS };
	const { status, stdout, stderr } = await run(process.execPath, [path, ...args], options);
	return { failed: status !== 0, output: stdout + stderr };
}

void runMain(tryBreaks);
