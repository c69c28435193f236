/**
 * Breaks the product in one place after another, and checks that a test fails each time: `npm run mutate`, or
 * `npm run mutate -- replies,issue` for some groups. What survived is in `reports/`. `MUTATION_CONCURRENCY` is how many tests
 * run concurrently, 2 by default. With `MUTATION_AGAIN=1` a break is not tried again that a test noticed in the last run, if
 * neither its code nor that test has changed since, nor one that survived, if none of its tests has. It does not see changes of
 * other files.
 */
import { Stryker } from '@stryker-mutator/core';

import { GROUPS, pathsOf } from './groups.js';

const [only = Object.keys(GROUPS).join()] = process.argv.slice(2);

/** A test file that cannot be loaded any more is a failure too. */
const FOUND = ['Killed', 'RuntimeError', 'Timeout'];
const SURVIVED = ['Survived', 'NoCoverage'];

const groups = only.split(',');
const unknown = groups.filter((group) => !Object.hasOwn(GROUPS, group));
if (unknown.length > 0) {
	throw new Error(`${unknown.join()}: no such group. There are ${Object.keys(GROUPS).join(', ')}.`);
}

const rows = [];
for (const group of groups) {
	const report = `reports/mutation-${group}.json`;
	const { mutate, tests, withStatic = false } = GROUPS[group];
	const mutants = await new Stryker({
		mutate,
		// Most texts are what people read: a test of those would say the same words again.
		mutator: { excludedMutations: ['StringLiteral'] },
		testRunner: 'jest',
		coverageAnalysis: 'perTest',
		// Of what runs only while a file is loaded, Stryker cannot tell which tests meet it: all would have to run.
		ignoreStatic: !withStatic,
		jest: {
			configFile: 'tools/mutation/jest.config.js',
			config: { testRegex: tests.map(pathsOf) },
		},
		concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 2),
		// A process that loads n8n's engine again and again grows.
		maxTestRunnerReuse: 50,
		// A computer that does other things too may take its time: only what hangs is to count as hanging.
		timeoutMS: 30_000,
		timeoutFactor: 2,
		warnings: { slow: false },
		reporters: ['progress-append-only', 'clear-text', 'json'],
		clearTextReporter: { allowColor: false, reportTests: false },
		jsonReporter: { fileName: report },
		incremental: process.env.MUTATION_AGAIN === '1',
		incrementalFile: report,
	}).runMutationTest();
	const among = (statuses) => mutants.filter(({ status }) => statuses.includes(status));
	const [found, survived] = [among(FOUND), among(SURVIVED)];
	const broken = found.length + survived.length;
	const score = ((100 * found.length) / broken).toFixed(1);
	const timedOut = among(['Timeout']).length;
	rows.push([group, broken, found.length, timedOut, survived.length, `${score} %`].join(' | '));
}
console.log('group | broken | found | of these timed out | survived | score');
console.log(rows.join('\n'));
