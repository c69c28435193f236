import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from '../../common/run';
import { BESIDE_BARE, type BesideBare } from '../candidates/besideBare';
import { compiled } from '../processes/child';
import type { Findings } from '../report';
import { wholeNumber } from '../sample';
import { makeTokens, withPlainKis } from './plainKis';

const FEW = 1000;
const MANY = 2000;
const WANTED_TIMES_BARE = 1.25;

/** How many instructions of the processor each token takes: unlike time, it hardly depends on what else the computer does. */
export async function ownWork(): Promise<Findings> {
	const folder = mkdtempSync(join(tmpdir(), 'kis-bench-'));
	try {
		const file = join(folder, 'tokens.json');
		writeFileSync(file, JSON.stringify(makeTokens(MANY)));
		const [ofClient, ofBare] = await withPlainKis(async (url) => {
			const perToken = async (candidate: BesideBare) => {
				const count = async (tokens: number) =>
					await countInstructions(folder, [candidate, url, file, String(tokens)]);
				const [few, many] = await Promise.all([count(FEW), count(MANY)]);
				const each = (figure: keyof Instructions) => (many[figure] - few[figure]) / (MANY - FEW);
				return { all: each('all'), compiling: each('compiling') };
			};
			return [await perToken('client'), await perToken('bareUndici')];
		});
		const show = (instructions: number) => wholeNumber(Math.round(instructions / 1000));
		const row = ({ all, compiling }: Instructions) => [all, compiling, all - compiling].map(show);
		const timesRest = rest(ofClient) / rest(ofBare);
		const timesAll = ofClient.all / ofBare.all;
		return {
			title: 'Own work',
			about: [
				`Instructions of the processor, counted by callgrind of [Valgrind](https://valgrind.org), over plain http: what ${wholeNumber(MANY)} tokens take more than ${wholeNumber(FEW)}.`,
				'The server is another process, and is not counted.',
				'Node.js runs on one thread there (`--single-threaded --predictable`), and its clock is slowed down as callgrind slows down everything.',
				"The greater part is V8's optimising compiler, which compiles each function once, when it has run often: in a server it works on another thread. The work that every token takes is the rest.",
			],
			tables: [
				{
					head: ['candidate', 'thousand instructions per token', 'compiling', 'the rest'],
					rows: [
						[BESIDE_BARE.client.label, ...row(ofClient)],
						[BESIDE_BARE.bareUndici.label, ...row(ofBare)],
					],
				},
			],
			goals: [
				{
					wanted: `At most ${WANTED_TIMES_BARE} times the bare undici loop`,
					measured: `${timesAll.toFixed(2)} times; without compiling ${timesRest.toFixed(2)}`,
					met: timesAll <= WANTED_TIMES_BARE,
				},
			],
		};
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

interface Instructions {
	readonly all: number;
	/** Of them, those of V8's optimising compiler. */
	readonly compiling: number;
}

function rest({ all, compiling }: Instructions): number {
	return all - compiling;
}

/** Of V8, as callgrind calls it: compiles one function, and calls all that does. */
const COMPILER = 'v8::internal::Runtime_CompileOptimized(';

/** @throws Error if Valgrind is not installed, or the process failed. */
async function countInstructions(folder: string, args: readonly string[]): Promise<Instructions> {
	const file = join(mkdtempSync(join(folder, 'run-')), 'callgrind');
	const { stderr } = await run('valgrind', [
		'--tool=callgrind',
		'--smc-check=all-non-file',
		`--callgrind-out-file=${file}`,
		process.execPath,
		...['--single-threaded', '--predictable'],
		compiled('counted'),
		...args,
	]);
	const [, collected] = /Collected : (\d+)/.exec(stderr) ?? [];
	if (collected === undefined) throw new Error(`valgrind counted nothing:\n${stderr.slice(-2000)}`);
	const annotate = ['--inclusive=yes', '--auto=no', '--threshold=100', file];
	const { stdout } = await run('callgrind_annotate', annotate);
	const line = stdout.split('\n').find((it) => it.includes(COMPILER)) ?? '';
	const [, compiling] = /([\d,]+)/.exec(line) ?? [];
	if (compiling === undefined) throw new Error(`callgrind does not know ${COMPILER})`);
	return { all: Number(collected), compiling: Number(compiling.replaceAll(',', '')) };
}
