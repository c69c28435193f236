import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { Arena } from '../arena';
import type { CandidateName } from '../candidates';
import type { Findings } from '../report';
import { kilobytes, megabytes, milliseconds, Sample, wholeNumber } from '../sample';
import { byTurns } from '../turns';

const SIZES = [10, 1000, 10_000];
const CANDIDATES: readonly CandidateName[] = ['kisToken', 'httpRequest', 'plainLoop', 'bareUndici'];

/** What each takes of the computer, and the package of the disk. */
export async function cost(rounds: number): Promise<Findings> {
	const measured = await Arena.within({ limit: null }, async (arena) => {
		const plan = { candidates: CANDIDATES, sizes: SIZES, rounds };
		return await byTurns(plan, async (candidate, tokens) => {
			const [run] = await arena.runInNewProcess(candidate, tokens);
			return run;
		});
	});
	const { files, packed, unpacked } = pack();
	return {
		title: 'Cost',
		about: [
			'One run in each process, its first: it still has to load and compile what it uses.',
			'The local KIS has no limit.',
			"CPU time is that of all threads, n8n's reading of parameters included.",
			'“MB more” is the largest resident set that was seen during the run, less that before it.',
			'The package has no dependencies; what n8n loads of it is under “One token”.',
		],
		tables: [
			{
				head: ['tokens', 'candidate', 'ms', 'CPU ms per token', 'connections', 'MB more'],
				rows: measured.map(({ label, tokens, results }) => {
					const show = (figure: (run: (typeof results)[0]) => number, format = wholeNumber) =>
						Sample.of(results, figure).show(format);
					return [
						wholeNumber(tokens),
						label,
						show(({ wallMs }) => wallMs, milliseconds),
						show(({ cpuMs }) => cpuMs / tokens, milliseconds),
						show(({ connections }) => connections),
						show(({ residentBefore, residentPeak }) => residentPeak - residentBefore, megabytes),
					];
				}),
			},
			{
				head: ['the package', ''],
				rows: [
					['files', String(files)],
					['kB packed', kilobytes(packed)],
					['kB unpacked', kilobytes(unpacked)],
				],
			},
		],
		goals: [],
	};
}

/** What would be published; sizes in bytes. */
function pack(): { files: number; packed: number; unpacked: number } {
	const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'];
	const output = execFileSync('npm', args, { cwd: join(__dirname, '../../..'), encoding: 'utf8' });
	const [{ entryCount, size, unpackedSize }] = JSON.parse(output) as [
		{ entryCount: number; size: number; unpackedSize: number },
	];
	return { files: entryCount, packed: size, unpacked: unpackedSize };
}
