/**
 * Breaks the product in one place after the other, and looks whether a test fails: `npm run mutate`, or
 * `npm run mutate -- replies` for one group.
 */
import { Stryker } from '@stryker-mutator/core';

import { GROUPS } from './groups.js';

const CONFIG = 'tools/mutation/jest.config.js';
const [only = Object.keys(GROUPS).join()] = process.argv.slice(2);

for (const group of only.split(',')) {
	const { mutate, tests } = GROUPS[group];
	const patterns = tests.map((test) => `'test/${test}'`).join(' ');
	await new Stryker({
		mutate,
		// Most texts are what people read: a test of those would say the same words again.
		mutator: { excludedMutations: ['StringLiteral'] },
		commandRunner: { command: `jest --runInBand --config ${CONFIG} ${patterns}` },
		concurrency: 2,
		// A computer that does other things too may take its time: only what hangs is to count as hanging.
		timeoutMS: 30_000,
		reporters: ['clear-text', 'json'],
		clearTextReporter: { allowColor: false },
		jsonReporter: { fileName: `reports/mutation-${group}.json` },
	}).runMutationTest();
}
