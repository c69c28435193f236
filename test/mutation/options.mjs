/**
 * Breaks the product in one place after the other, and looks whether a test fails.
 *
 * @param {string} name Of the report, which `reports/` gets.
 * @param {string[]} mutate Patterns of the files to break.
 * @param {string[]} tests Folders and files of tests.
 */
export function optionsFor(name, mutate, tests) {
	const config = 'test/mutation/jest.config.js';
	return {
		mutate,
		commandRunner: { command: `jest --runInBand --config ${config} ${tests.join(' ')}` },
		concurrency: 2,
		timeoutFactor: 1,
		reporters: ['clear-text', 'progress', 'json'],
		clearTextReporter: { allowColor: false },
		jsonReporter: { fileName: `reports/mutation-${name}.json` },
	};
}
