// The tables of the README say what the code does.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ENVIRONMENTS } from '../../kis/environments';
import { KIS_CODES, type KisCode } from '../../kis/errorCodes';
import { OUTCOMES } from '../../kis/revoke/outcome';
import { operations } from '../../nodes/KisToken/operations';
import type { Operation } from '../../nodes/KisToken/operations/operation';

const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');

const OUTCOME_OF = {
	refused: '`rejected`',
	invalidToken: '`alreadyInvalid` or `rejected`',
	expiredToken: '`alreadyInvalid` or `rejected`',
	noVerdict: '`unknown`',
} as const;

function sentAgain({ retry, refusesCredential }: KisCode): string {
	if (refusesCredential) return 'no, and sending ends';
	if (!retry) return 'no';
	if (retry.times === 1) return 'once';
	return retry.holdsEveryone ? 'yes, after a second or more' : 'yes';
}

const codeRow = ([code, row]: [string, KisCode]) =>
	`| ${code} | ${row.happened} | ${OUTCOME_OF[row.meaning]} | ${sentAgain(row)} |`;

const environmentRow = ({
	label,
	baseUrl,
	requestsPerSecond,
}: (typeof ENVIRONMENTS)[keyof typeof ENVIRONMENTS]) =>
	`| ${label} | ${baseUrl ?? 'the Base URL'} | ${requestsPerSecond} |`;

test.each(Object.entries(KIS_CODES))('%s stands in the table of codes', (code, row) => {
	expect(readme).toContain(codeRow([code, row]));
});

test('the table of codes has no other code', () => {
	const listed = [...readme.matchAll(/^\| (EGW\d+)/gm)].map(([, code]) => code);
	expect(listed).toEqual(Object.keys(KIS_CODES));
});

test.each(Object.values(ENVIRONMENTS))('$label stands in the table of limits', (environment) => {
	expect(readme).toContain(environmentRow(environment));
});

test.each(OUTCOMES)('the outcome %s is explained', (outcome) => {
	expect(readme).toMatch(new RegExp(`^\\| \`${outcome}\` \\|`, 'm'));
});

describe.each(Object.values<Operation>(operations))('$option.name', (operation) => {
	const { option, endpoint, fields } = operation;

	test('stands in the table of operations', () => {
		expect(readme).toContain(
			`| **${option.name}** | ${endpoint === null ? '–' : `\`${endpoint}\``} | `,
		);
	});

	test('its options are explained', () => {
		for (const field of fields.flatMap(({ options = [] }) => options)) {
			expect(readme).toContain(`| ${'displayName' in field ? field.displayName : ''} |`);
		}
	});

	test('every way it can end is explained', () => {
		for (const outcome of operation.outcomes) expect(readme).toContain(`\`${outcome}\``);
	});

	test('what it gives out is explained', () => {
		for (const field of Object.keys(operation.output)) expect(readme).toContain(`"${field}": `);
	});
});

test('the table of operations has no other', () => {
	const listed = [...readme.matchAll(/^\| \*\*(\w+)\*\* \|/gm)].map(([, name]) => name);
	expect(listed).toEqual(Object.values(operations).map(({ option }) => option.name));
});
