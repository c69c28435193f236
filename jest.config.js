const { availableParallelism, totalmem } = require('node:os');

/** Six on two cores: most tests wait for sockets and for time to pass. */
const WORKERS = Math.max(6, availableParallelism() - 1);
/** What a worker has taken at the end, and some to spare. */
const WORKER_BYTES = 1e9;

const common = {
	testMatch: ['**/test/**/*.test.ts'],
	testEnvironment: 'node',
	// They install and start a real n8n: test/e2e/jest.config.js.
	testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/e2e/'],
	setupFiles: ['<rootDir>/test/support/unrefIntervals.ts'],
	moduleFileExtensions: ['ts', 'js', 'json'],
	transform: {
		'\\.ts$': [
			'@swc/jest',
			{ jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
		],
	},
};

/** Of the programs in tools/, of the build and of what is published. */
const TOOLS = '<rootDir>/test/tools/';

module.exports = {
	maxWorkers: Math.max(1, Math.min(WORKERS, Math.floor(totalmem() / WORKER_BYTES))),
	// The one bound on real time: it ends what hangs, however busy the computer is.
	testTimeout: 120_000,
	projects: [
		{
			...common,
			displayName: 'n8n 2',
			testPathIgnorePatterns: [...common.testPathIgnorePatterns, TOOLS],
		},
		// What runs in n8n's engine runs in that of both release lines.
		{
			...common,
			displayName: 'n8n 1',
			testMatch: ['**/test/{attack,node}/**/*.test.ts'],
			moduleNameMapper: { '^n8n-core$': 'n8n-core-v1', '^n8n-workflow$': 'n8n-workflow-v1' },
		},
		{ ...common, displayName: 'tools', testMatch: ['**/test/tools/**/*.test.ts'] },
	],
};
