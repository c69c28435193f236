// The tables of the README say what the code does.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ENVIRONMENTS } from '../../kis/environments';
import { KIS_CODES, type KisCode } from '../../kis/errorCodes';
import { OUTCOMES } from '../../kis/outcome';
import { optionsField } from '../../nodes/KisToken/operations/revoke.options';

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

test.each(optionsField.options ?? [])('the option $name is explained', (option) => {
	expect(readme).toContain(`| ${'displayName' in option ? option.displayName : ''} |`);
});
