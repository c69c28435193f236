import { type Check, type Verdict, verdictOf } from './checks/check';
import type { Package } from './package';

/** What the checks say, for people, and whether all is well. */
export interface Report {
	readonly text: string;
	readonly isGood: boolean;
}

const INDENT = ' '.repeat(7);

/** Runs the checks and puts what they found into a table. */
export async function report(subject: Package, checks: readonly Check[]): Promise<Report> {
	const rows = await Promise.all(
		checks.map(async (check) => ({ name: check.name, verdict: await verdictOf(check, subject) })),
	);
	const width = Math.max(...rows.map(({ name }) => name.length));
	const { name, version } = subject.manifest;
	const failed = rows.filter(({ verdict }) => !verdict.isGood).map((row) => row.name);
	return {
		text: [
			`${name} ${version}, as it would be published\n`,
			...rows.flatMap((row) => linesOf(row.name.padEnd(width), row.verdict)),
			'',
			lastLine(failed),
			'',
		].join('\n'),
		isGood: failed.length === 0,
	};
}

function linesOf(name: string, verdict: Verdict): string[] {
	const [head, below] = verdict.isGood
		? [`ok   ${name}  ${verdict.seen}`, verdict.notes]
		: [`NOT  ${name.trimEnd()}`, verdict.problems];
	return [head, ...below.map((line) => line.replace(/^/gm, INDENT))];
}

const lastLine = (failed: readonly string[]) =>
	failed.length === 0 ? 'All is well.' : `Not to be published: ${failed.join(', ')}.`;
