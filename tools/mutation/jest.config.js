const { resolve } = require('node:path');
const { projects } = require('../../jest.config');

// Fewer draws find the breaks too.
process.env.PROPERTY_RUNS ??= '30';

const { testMatch, ...project } = projects[0];

/** One release line, and no more tests than it takes to find one that fails. run.mjs adds which. */
module.exports = {
	...project,
	watchman: false,
	rootDir: resolve(__dirname, '../..'),
	// They test the build, which is not what is broken.
	testPathIgnorePatterns: [...project.testPathIgnorePatterns, 'connection\\.proxy', 'attack/proxy'],
	// Most that hang only wait, and each would keep Stryker waiting for all tests of the group, several times over.
	testTimeout: 30_000,
	testSequencer: require.resolve('./quickFirst'),
	testEnvironment: require.resolve('./failFast'),
	runner: require.resolve('./fewFiles'),
};
