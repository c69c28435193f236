/** Of the client, what waits for the network or the clock: what tests it takes seconds. */
export const SENDING = [
	'kis/http/{connection,requestWatch}.ts',
	'kis/{rateLimiter,revokeTokens,tokenMemory}.ts',
];

/**
 * Breaks the product in one place after the other, and looks whether a test fails.
 *
 * @param {string} name Of the report, which `reports/` gets.
 * @param {string[]} mutate Patterns of the files to break.
 * @param {string[]} tests Patterns of the tests that may find it.
 * @param {string[]} excludedMutations Ways to break it that are left out.
 */
export function optionsFor(name, mutate, tests, excludedMutations = []) {
	const patterns = tests.map((pattern) => `'${pattern}'`).join(' ');
	return {
		mutate,
		mutator: { excludedMutations },
		commandRunner: {
			command: `jest --runInBand --config mutation/jest.config.js ${patterns}`,
		},
		concurrency: 2,
		timeoutFactor: 1,
		reporters: ['clear-text', 'progress', 'json'],
		clearTextReporter: { allowColor: false },
		jsonReporter: { fileName: `reports/mutation-${name}.json` },
	};
}
