const common = {
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

module.exports = {
	maxWorkers: 2,
	// The one bound on real time: it ends what hangs, however busy the computer is.
	testTimeout: 120_000,
	// What runs in n8n's engine runs in that of both release lines.
	projects: [
		{ ...common, displayName: 'n8n 2', testMatch: ['**/test/**/*.test.ts'] },
		{
			...common,
			displayName: 'n8n 1',
			testMatch: ['**/test/{attack,node}/**/*.test.ts'],
			moduleNameMapper: { '^n8n-core$': 'n8n-core-v1', '^n8n-workflow$': 'n8n-workflow-v1' },
		},
	],
};
