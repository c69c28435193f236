import { defaultSwitches, SWITCHES } from '../sandbox/switches';
import { Evidence } from './evidence';
import { NOBODY_KNOWS, works, type Finding, type Question } from './finding';
import type { Seen } from './liveCheck';
import { QUESTIONS } from './questions';

export interface Report {
	/** Fit to be shown: no secret is in it. */
	readonly text: string;
	/** What makes the sandbox answer like this KIS; only what was found out and the sandbox can do. */
	readonly switches: Readonly<Record<string, unknown>>;
	/** Whether KIS issued a token at all. */
	readonly isUsable: boolean;
}

const MARKS = { agrees: ' ', differs: '≠', notFoundOut: '?' } as const;
const HEAD = ['', 'question', 'we assume', 'KIS answered'];

export function makeReport(seen: Seen): Report {
	const evidence = new Evidence(seen);
	const found = QUESTIONS.map((question) => ({ question, finding: question.read(evidence) }));
	const switches = Object.fromEntries(
		found.flatMap(({ question, finding: { value } }) =>
			'about' in question && isPossible(question, value) ? [[question.about, value]] : [],
		),
	);
	const oddities = found.flatMap(({ question, finding }) => [
		...('about' in question && finding.value !== undefined && !isPossible(question, finding.value)
			? [`${question.about}: ${evidence.show(String(finding.value))} (${question.question})`]
			: []),
		...(finding.noSwitch ? [finding.noSwitch] : []),
	]);
	const rows = found.map(({ question, finding }) => [
		MARKS[markOf(question, finding)],
		question.question,
		'about' in question ? `${question.about}: ${SWITCHES[question.about][0]}` : question.assumed,
		finding.says,
	]);
	const text = [
		...table([HEAD, ...rows]),
		'',
		`${MARKS.differs} differs from what we assume   ${MARKS.notFoundOut} not found out   ${NOBODY_KNOWS} nothing is assumed`,
		'',
		'Sandbox switches that make the local KIS answer like this:',
		JSON.stringify(switches),
		'',
		...oddities.map((oddity) => `No switch for this: ${oddity}.`),
		...(oddities.length > 0 ? [''] : []),
		farewell(evidence),
		'',
	].join('\n');
	return { text, switches, isUsable: seen.held.token !== undefined };
}

function isPossible({ about }: Extract<Question, { about: unknown }>, value: unknown): boolean {
	return (SWITCHES[about] as readonly unknown[]).includes(value);
}

function markOf(question: Question, { value, agrees }: Finding): keyof typeof MARKS {
	if ('assumed' in question && question.assumed === NOBODY_KNOWS) return 'agrees';
	const holds =
		'about' in question && value !== undefined
			? value === defaultSwitches()[question.about]
			: agrees;
	return holds === undefined ? 'notFoundOut' : holds ? 'agrees' : 'differs';
}

/** The last column is left as long as it is: Korean letters have no width that a program can rely on. */
function table(rows: readonly string[][]): string[] {
	const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
	const lines = rows.map((row) =>
		row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | '),
	);
	const rule = [...widths, 40].map((width) => '-'.repeat(width)).join('-+-');
	return [lines[0], rule, ...lines.slice(1)];
}

/** In what state the key is left. */
function farewell(evidence: Evidence): string {
	const { token, newToken } = evidence.held;
	if (token === undefined) return 'KIS gave no token, and nothing was revoked.';
	if (newToken !== undefined && works(evidence.answer('quoteNew'))) {
		return 'The newest token is left alive: it is the one that other programs on this app key get now.';
	}
	return 'No token of this app key is known to work now. KIS gives another one at the latest six hours after it issued the last.';
}
