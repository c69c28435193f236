const { resolve } = require('node:path');
const { projects } = require('../../jest.config');

// Fewer draws find it too.
process.env.PROPERTY_RUNS ??= '30';

/** One release line, and no more tests than it takes to find one that fails. */
module.exports = {
	bail: 1,
	testTimeout: 8000,
	testSequencer: require.resolve('./quickFirst'),
	projects: [
		{
			...projects[0],
			rootDir: resolve(__dirname, '../..'),
			// They test the build, which is not what is broken.
			testPathIgnorePatterns: [
				...projects[0].testPathIgnorePatterns,
				'connection\\.proxy',
				'attack/proxy',
			],
			testEnvironment: require.resolve('./failFast'),
		},
	],
};
