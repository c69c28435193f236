import type { Check, Verdict } from './checks/check';
import type { Package } from './package';

/** What the checks say, for people, and whether all is well. */
export interface Report {
	readonly text: string;
	readonly isGood: boolean;
}

const INDENT = ' '.repeat(7);

/** Runs the checks and puts what they found into a table. */
export function report(subject: Package, checks: readonly Check[]): Report {
	const rows = checks.map((check) => ({ name: check.name, ...verdictOf(check, subject) }));
	const width = Math.max(...rows.map(({ name }) => name.length));
	const lines = rows.flatMap(({ name, seen, problems, notes = [] }) => [
		`${problems.length === 0 ? 'ok ' : 'NOT'}  ${name.padEnd(width)}  ${seen}`.trimEnd(),
		...[...problems, ...notes].map((line) => line.replace(/^/gm, INDENT)),
	]);
	const { name, version } = subject.manifest;
	const failed = rows.filter(({ problems }) => problems.length > 0).map((row) => row.name);
	return {
		text: [
			`${name} ${version}, as it would be published\n`,
			...lines,
			'',
			lastLine(failed),
			'',
		].join('\n'),
		isGood: failed.length === 0,
	};
}

const lastLine = (failed: readonly string[]) =>
	failed.length === 0 ? 'All is well.' : `Not to be published: ${failed.join(', ')}.`;

/** A check that cannot be made is one that failed. */
function verdictOf(check: Check, subject: Package): Verdict {
	try {
		return check.run(subject);
	} catch (error) {
		return { seen: '', problems: [String(error)] };
	}
}
