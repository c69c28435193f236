const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { default: TestRunner } = require('jest-runner');

/**
 * Skips test files that cannot fail, since most load n8n's engine. Stryker's first run, in which nothing is broken, shows which
 * tests each file has. For a mutant, Stryker names the tests that reach it. After a failure, no further file is run.
 */
module.exports = class FewFiles extends TestRunner {
	async runTests(tests, watcher, options) {
		const { rootDir, testNamePattern } = this._globalConfig;
		const listFile = join(rootDir, 'testNames.json');
		const isFirstRun = process.env.__STRYKER_ACTIVE_MUTANT__ === undefined;
		const names = isFirstRun ? {} : JSON.parse(readFileSync(listFile, 'utf8'));
		const wanted = new RegExp(testNamePattern ?? '', 'i');
		let failed = false;
		const stopListening = this.on(
			'test-file-success',
			([{ path }, { testResults, numFailingTests }]) => {
				if (isFirstRun) names[path] = testResults.map(({ fullName }) => fullName);
				failed ||= numFailingTests > 0;
			},
		);
		this.on('test-file-failure', () => (failed = true));
		for (const test of tests) {
			if (failed && !isFirstRun) break;
			const isMet = isFirstRun || names[test.path]?.some((name) => wanted.test(name));
			if (isMet) await super.runTests([test], watcher, options);
		}
		stopListening();
		if (isFirstRun) writeFileSync(listFile, JSON.stringify(names));
	}
};
