// The tables of the docs say what the code does, in English and in Korean.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INodeProperties } from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import { ENVIRONMENTS } from '../../kis/input/environments';
import type { AnswerRule } from '../../kis/reply/answerRule';
import { KIS_CODES } from '../../kis/reply/errorCodes';
import { explainTransportCode } from '../../kis/http/transportCodes';
import { QUOTE_PATH } from '../../kis/liveness/askIfAlive';
import { MIN_REQUESTS_PER_SECOND } from '../../kis/rateLimit/arrivals';
import { REVOKE_OUTCOMES } from '../../kis/reply/revokeOutcome';
import { operations } from '../../nodes/KisToken/operations';
import type { Operation } from '../../nodes/KisToken/operations/operation';
import { detailsOf } from '../../nodes/KisToken/report/details';
import { sentences } from '../../kis/reply/explanation';
import { toItem } from '../../nodes/KisToken/report/outputItem';
import { reportBrokenRun } from '../../nodes/KisToken/report/itemReport';
import { BREAKS } from '../../tools/truth/breaks';
import { column, KOREAN, page, ROOT, tableOf } from './pages';

interface Wording {
	readonly language: 'English' | 'Korean';
	/** Pages. */
	readonly overview: string;
	readonly operations: string;
	readonly outcomes: string;
	readonly limits: string;
	readonly codes: string;
	/** How the headings start under which a table is. */
	readonly under: {
		readonly credential: string;
		readonly token: string;
		readonly codes: string;
		readonly outcomesOf: (operation: string) => string;
	};
	/** First columns. */
	readonly first: Readonly<
		Record<'option' | 'field' | 'operation' | 'outcome' | 'environment' | 'code', string>
	>;
	readonly yesNo: { readonly on: string; readonly off: string };
	readonly empty: string;
	readonly text: string;
	readonly customUrl: string;
	readonly range: (from: string, to: string) => string;
	readonly rate: (from: string, to: string, custom: string) => string;
	readonly or: string;
	readonly sentAgain: Readonly<Record<'ends' | 'no' | 'once' | 'later' | 'yes', string>>;
}

const WORDINGS: readonly Wording[] = [
	{
		language: 'English',
		overview: 'README.md',
		operations: 'docs/operations.md',
		outcomes: 'docs/outcomes.md',
		limits: 'docs/limits.md',
		codes: 'docs/troubleshooting.md',
		under: {
			credential: 'Credential',
			token: 'What can become',
			codes: 'By KIS code',
			outcomesOf: (operation) => `Of ${operation}`,
		},
		first: {
			option: 'option',
			field: 'field',
			operation: 'operation',
			outcome: 'outcome',
			environment: 'environment',
			code: 'code',
		},
		yesNo: { on: 'on', off: 'off' },
		empty: 'empty',
		text: 'a text',
		customUrl: 'the Base URL',
		range: (from, to) => `${from} to ${to}`,
		rate: (from, to, custom) => `0, or ${from} to ${to} (Custom: to ${custom})`,
		or: ' or ',
		sentAgain: {
			ends: 'no, and sending ends',
			no: 'no',
			once: 'once',
			later: 'yes, after a second or more',
			yes: 'yes',
		},
	},
	{
		language: 'Korean',
		overview: KOREAN,
		operations: KOREAN,
		outcomes: KOREAN,
		limits: KOREAN,
		codes: KOREAN,
		under: {
			credential: '자격 증명',
			token: 'Revoke의 결과',
			codes: 'KIS 오류 코드',
			outcomesOf: (operation) => `${operation}의 결과`,
		},
		first: {
			option: '옵션',
			field: '필드',
			operation: '작업',
			outcome: '결과',
			environment: '환경',
			code: '코드',
		},
		yesNo: { on: '켬', off: '끔' },
		empty: '비어 있음',
		text: '문자열',
		customUrl: 'Base URL에 입력한 주소',
		range: (from, to) => `${from}~${to}`,
		rate: (from, to, custom) => `0 또는 ${from}~${to} (Custom은 ${custom}까지)`,
		or: ' 또는 ',
		sentAgain: {
			ends: '아니요, 전송 중단',
			no: '아니요',
			once: '한 번만',
			later: '예, 1초 이상 뒤',
			yes: '예',
		},
	},
];

const all = Object.values<Operation>(operations);
const isShown = ({ type }: INodeProperties) => type !== 'notice' && type !== 'collection';

function optionsOf({ fields }: Operation): INodeProperties[] {
	return fields
		.filter(({ type }) => type === 'collection')
		.flatMap(({ options = [] }) => options as INodeProperties[]);
}

function defaultOf(field: INodeProperties, { yesNo, empty }: Wording): string {
	if (typeof field.default === 'boolean') return field.default ? yesNo.on : yesNo.off;
	if (field.type === 'options') return nameOf(field, field.default);
	const text = String(field.default);
	if (text === '') return empty;
	return text.startsWith('=') ? `\`${text.slice(1)}\`` : text;
}

function nameOf({ options = [] }: INodeProperties, chosen: unknown): string {
	return options.flatMap((one) => ('value' in one && one.value === chosen ? one.name : [])).join();
}

function allowedIn(field: INodeProperties, wording: Wording): string {
	const { real, paper, custom } = ENVIRONMENTS;
	const number = (value: number) => value.toLocaleString('en-US');
	switch (field.type) {
		case 'boolean':
			return `${wording.yesNo.on}, ${wording.yesNo.off}`;
		case 'options':
			return (field.options ?? []).map(({ name }) => name).join(', ');
		case 'number': {
			const { minValue = 0, maxValue } = field.typeOptions ?? {};
			if (maxValue !== undefined) return wording.range(number(minValue), number(maxValue));
			expect(real.maxRequestsPerSecond).toBe(paper.maxRequestsPerSecond);
			return wording.rate(
				number(MIN_REQUESTS_PER_SECOND),
				number(real.maxRequestsPerSecond),
				number(custom.maxRequestsPerSecond),
			);
		}
		default:
			return wording.text;
	}
}

/** Which are in italics in English, bold in Korean. */
function labelsIn(cell: string): string[] {
	return [...cell.matchAll(/\*(Ask KIS[^*]*)\*/g)].map(([, label]) => label);
}

describe.each(WORDINGS)('the $language docs', (wording) => {
	const { first, under } = wording;

	test('list the operations', () => {
		const { rows } = tableOf(wording.overview, first.operation);
		expect(rows.map(([name, calls]) => [name, /`[^`]+`/.exec(calls)?.[0]])).toEqual(
			all.map(({ option, endpoint }) => [`**${option.name}**`, `\`${endpoint}\``]),
		);
	});

	test('name whatever lets an operation ask KIS for a quote, beside what it calls', () => {
		const { rows } = tableOf(wording.overview, first.operation);
		const labelsOf = ({ fields }: Operation) =>
			fields.flatMap(({ displayName, options = [] }) => [
				displayName,
				...options.map((option) => ('displayName' in option ? option.displayName : '')),
			]);
		const asking = all.map((operation) =>
			labelsOf(operation).filter((label) => label.startsWith('Ask KIS')),
		);
		expect(asking.flat()).toHaveLength(2);
		expect(rows.map(([, calls]) => labelsIn(calls))).toEqual(asking);
	});

	test('list the fields of the credential', () => {
		const shown = new KisApi().properties.filter(({ type }) => type !== 'hidden');
		const names = column(tableOf(wording.overview, first.field, under.credential), 0);
		expect(names).toEqual(shown.map(({ displayName }) => displayName));
	});

	test('list the environments with their limits', () => {
		const { rows } = tableOf(wording.limits, first.environment);
		expect(rows).toEqual(
			Object.values(ENVIRONMENTS).map(({ label, baseUrl, requestsPerSecond }) => [
				label,
				baseUrl ?? wording.customUrl,
				String(requestsPerSecond),
			]),
		);
	});

	describe.each(all)('on $option.name', (operation) => {
		const { name } = operation.option;

		test('list its options, their defaults and what they may be', () => {
			const options = optionsOf(operation);
			const listed = page(wording.operations).tables.some(
				({ header, heading }) => header[0] === first.option && heading.startsWith(name),
			);
			expect(listed).toBe(options.length > 0);
			if (!listed) return;
			const { rows } = tableOf(wording.operations, first.option, name);
			expect(rows.map((row) => row.slice(0, 3))).toEqual(
				options.map((field) => [
					field.displayName,
					defaultOf(field, wording),
					allowedIn(field, wording),
				]),
			);
			for (const row of rows) expect(row[3]).not.toBe('');
		});

		test('list its other fields', () => {
			const fields = operation.fields.filter(isShown);
			const tables = page(wording.operations).tables.filter(
				({ header, heading }) => header[0] === first.field && heading.startsWith(name),
			);
			expect(tables.flatMap(({ rows }) => rows.map((row) => row.slice(0, 2)))).toEqual(
				fields.map((field) => [field.displayName, defaultOf(field, wording)]),
			);
		});

		test('show what it gives out', () => {
			const shown = page(wording.operations).json.find(({ heading }) => heading.startsWith(name));
			const given = [...Object.keys(operation.output), 'outcome'];
			expect(Object.keys(shown?.value ?? {})).toEqual(given);
		});

		test('list every way it can end', () => {
			const table = tableOf(wording.outcomes, first.outcome, under.outcomesOf(name));
			const outcomes = column(table, 0);
			expect(outcomes).toEqual(operation.outcomes.map((outcome) => `\`${outcome}\``));
		});
	});

	test('explain every outcome of a token', () => {
		const outcomes = column(tableOf(wording.overview, first.outcome, under.token), 0);
		expect(outcomes).toEqual(REVOKE_OUTCOMES.map((outcome) => `\`${outcome}\``));
	});

	test('show the details and the error item with their fields', () => {
		const details = detailsOf({ outcome: '', environment: 'paper' });
		const report = reportBrokenRun('', '', '');
		const { error } = JSON.parse(JSON.stringify(toItem(report, 0).json)) as { error: object };
		const fields = [wording.operations, wording.outcomes].flatMap((path) =>
			page(path).json.flatMap(({ value }) => {
				const shown = value as { details?: object; error?: object };
				return [shown.details, shown.error].flatMap((one) => (one ? [Object.keys(one).join()] : []));
			}),
		);
		expect(new Set(fields)).toEqual(
			new Set([Object.keys(details).join(), Object.keys(error).join()]),
		);
	});

	test('list every code of KIS, what becomes of a request with it, and no other code', () => {
		const { rows } = tableOf(wording.codes, first.code, under.codes);
		expect(rows.map(([code, , , outcome, again]) => [code, outcome, again])).toEqual(
			Object.entries<AnswerRule>(KIS_CODES).map(([code, row]) => [
				code,
				outcomeOf(row).join(wording.or),
				wording.sentAgain[sentAgain(row)],
			]),
		);
		for (const row of rows) expect(row.slice(1, 3)).not.toContain('');
	});
});

function outcomeOf({ meaning }: AnswerRule): string[] {
	switch (meaning) {
		case 'refused':
			return ['`rejected`'];
		case 'noVerdict':
			return ['`unknown`'];
		case 'invalidToken':
		case 'expiredToken':
			return ['`alreadyInvalid`', '`rejected`'];
	}
}

function sentAgain({ retry, refusesCredential }: AnswerRule): keyof Wording['sentAgain'] {
	if (refusesCredential) return 'ends';
	if (!retry) return 'no';
	if (retry.times === 1) return 'once';
	return retry.slowsEveryone ? 'later' : 'yes';
}

test('Inspect names what it asks KIS for', () => {
	expect(operations.inspect.endpoint).toBe(`GET ${QUOTE_PATH}`);
});

/** The text of a cell, with each remedy in the place of the link to it. */
function withRemedies(cell: string): string {
	const [, remedies] = page('docs/troubleshooting.md').text.split('\n## Remedies\n');
	return cell.replace(/\[([^\]]+)\]\(#[^)]+\)\./g, (link, name: string) => {
		const [, text = link] = new RegExp(`^### ${name}\n\n(.+)$`, 'm').exec(remedies) ?? [];
		return text;
	});
}

test('the English table of codes says what the node says', () => {
	const { rows } = tableOf('docs/troubleshooting.md', 'code', 'By KIS code');
	expect(rows.map(([code, happened, todo]) => [code, happened, withRemedies(todo)])).toEqual(
		Object.entries<AnswerRule>(KIS_CODES).map(([code, rule]) => [
			code,
			rule.happened,
			sentences(rule.todo, rule.optionsTodo ?? ''),
		]),
	);
});

test('the page on reliability counts the rules that are broken on purpose', () => {
	const named = BREAKS.filter(({ seenBy }) => seenBy).length;
	const { text } = page('docs/reliability.md');
	expect(text).toContain(`tools/truth/breaks.ts): ${BREAKS.length} rules.`);
	expect(text).toContain(`a named test covers the ${named} rules that the run cannot exercise`);
});

describe('the table of connection codes', () => {
	const { rows } = tableOf('docs/troubleshooting.md', 'code', 'By connection');

	test.each(rows)('%s: what the node says', (codes, happened, todo) => {
		for (const code of codes === 'any other' ? ['EXAMPLE'] : codes.split(', ')) {
			const said = explainTransportCode(code.replaceAll('`', ''));
			expect([said.happened, sentences(said.todo, said.optionsTodo ?? '')]).toEqual([
				happened,
				withRemedies(todo),
			]);
		}
	});

	test('has every way in which a connection can end', () => {
		const source = readFileSync(join(ROOT, 'kis/http/transportCodes.ts'), 'utf8');
		const ends = [...source.matchAll(/happened: (["'])(.+?)\1[,\s]/g)].map(([, , text]) => text);
		expect(ends.length).toBeGreaterThan(10);
		expect(rows.map(([, happened]) => happened)).toEqual(ends);
	});

	test('has a Korean one with the same codes', () => {
		const korean = tableOf(KOREAN, '코드', '연결 코드');
		expect(column(korean, 0).slice(0, -1)).toEqual(rows.map(([codes]) => codes).slice(0, -1));
	});
});
