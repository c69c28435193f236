import { SWITCHES } from '../sandbox/switches';
import { Evidence, type Observed } from './evidence';
import type { Question } from './questions';
import { limitQuestions } from './questions.limits';
import { tokenQuestions } from './questions.tokens';

export interface LiveReport {
	/** Fit to be shown: no secret is in it. */
	readonly text: string;
	/** What makes the sandbox answer like this KIS; only what was found out and the sandbox can do. */
	readonly switches: Readonly<Record<string, unknown>>;
	/** Whether KIS issued a token at all. */
	readonly isUsable: boolean;
}

/** All that is asked, in the order in which it is shown. */
const QUESTIONS: readonly Question[] = [...tokenQuestions, ...limitQuestions];

const MARKS = { agrees: ' ', differs: '≠', notFoundOut: '?' } as const;
const NOTHING_ASSUMED = '–';
const HEAD = ['', 'question', 'we assume', 'KIS answered'];

export function makeLiveReport(observed: Observed): LiveReport {
	const evidence = new Evidence(observed);
	const settled = QUESTIONS.map((question) => settle(question, evidence));
	const settings = settled.map(({ setting }) => setting);
	const switches: LiveReport['switches'] = Object.assign({}, ...settings);
	const oddities = settled.flatMap((it) => it.oddities).filter((oddity) => oddity !== undefined);
	const text = [
		...table([HEAD, ...settled.map(({ row }) => row)]),
		'',
		`${MARKS.differs} differs from what we assume   ${MARKS.notFoundOut} not found out   ${NOTHING_ASSUMED} nothing is assumed`,
		'',
		'Sandbox switches that make the local KIS answer like this:',
		JSON.stringify(switches),
		'',
		...oddities.map((oddity) => `No switch for this: ${oddity}.`),
		...(oddities.length > 0 ? [''] : []),
		farewell(evidence),
		'',
	].join('\n');
	return { text, switches, isUsable: observed.held.token !== undefined };
}

/** What a question comes to. */
function settle(question: Question, evidence: Evidence) {
	const { question: words } = question;
	if ('assumed' in question) {
		const { assumed } = question;
		const { says, agrees, noSwitch } = question.read(evidence);
		const mark = assumed === null ? MARKS.agrees : markOf(agrees);
		const row = [mark, words, assumed ?? NOTHING_ASSUMED, says];
		return { row, setting: {}, oddities: [noSwitch] };
	}
	const { about } = question;
	const { says, value, noSwitch } = question.read(evidence);
	const values: readonly unknown[] = SWITCHES[about];
	const isFound = value !== undefined;
	const mark = markOf(isFound ? value === values[0] : undefined);
	const row = [mark, words, `${about}: ${String(values[0])}`, says];
	if (values.includes(value)) return { row, setting: { [about]: value }, oddities: [noSwitch] };
	const impossible = isFound ? `${about}: ${evidence.show(String(value))} (${words})` : undefined;
	return { row, setting: {}, oddities: [impossible, noSwitch] };
}

function markOf(agrees: boolean | undefined): string {
	if (agrees === undefined) return MARKS.notFoundOut;
	return agrees ? MARKS.agrees : MARKS.differs;
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
	if (token === undefined)
		return 'No token arrived, and nothing was revoked. If an answer was lost, one may have been issued.';
	if (newToken !== undefined && evidence.reaction('quoteNew') === 'success') {
		return 'The newest token is left alive: it is the one that other programs on this app key get now.';
	}
	return 'No token of this app key is known to work now. KIS gives another one at the latest six hours after it issued the last.';
}
