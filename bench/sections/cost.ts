import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { Arena, type Run } from '../arena';
import { CANDIDATES, type CandidateName } from '../candidates';
import { count, Figures, kilobytes, megabytes, milliseconds } from '../figures';
import type { Section } from './section';

const SIZES = [10, 1000, 10_000];
const CONTENDERS: readonly CandidateName[] = ['kisToken', 'httpRequest', 'plainLoop', 'bareUndici'];

export const cost: Section = {
	async measure(rounds) {
		const rows = await Arena.within(null, async (arena) => {
			const measured: string[][] = [];
			for (const tokens of SIZES) {
				for (const candidate of CONTENDERS) {
					const runs: Run[] = [];
					while (runs.length < rounds) runs.push(await arena.runFresh(candidate, tokens));
					measured.push(describe(candidate, tokens, runs));
				}
			}
			return measured;
		});
		const { files, packed, unpacked } = pack();
		return {
			title: 'Cost',
			about: `The first run of a process: its peak of memory is its own, and it still has to load and compile what it uses. Without a limit. CPU time is that of all threads of the process, n8n's reading of parameters included. The package: ${files} files, ${kilobytes(packed)} kB packed, ${kilobytes(unpacked)} kB unpacked, without dependencies; what n8n loads of it is above.`,
			tables: [
				{
					head: [
						'tokens',
						'candidate',
						'ms',
						'CPU ms per token',
						'connections',
						'MB before',
						'MB more at its peak',
					],
					rows,
				},
			],
			goals: [],
		};
	},
};

function describe(candidate: CandidateName, tokens: number, runs: readonly Run[]): string[] {
	const show = (value: (run: Run) => number, format: (value: number) => string) =>
		new Figures(runs.map(value)).show(format);
	return [
		count(tokens),
		CANDIDATES[candidate].label,
		show(({ wallMs }) => wallMs, milliseconds),
		show(({ cpuMs }) => cpuMs / tokens, milliseconds),
		show(({ connections }) => connections, count),
		show(({ residentBefore }) => residentBefore, megabytes),
		show(({ residentBefore, residentPeak }) => residentPeak - residentBefore, megabytes),
	];
}

/** What would be published, in bytes. */
function pack(): { files: number; packed: number; unpacked: number } {
	const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'];
	const output = execFileSync('npm', args, { cwd: join(__dirname, '../..'), encoding: 'utf8' });
	const [{ entryCount, size, unpackedSize }] = JSON.parse(output) as [
		{ entryCount: number; size: number; unpackedSize: number },
	];
	return { files: entryCount, packed: size, unpacked: unpackedSize };
}
