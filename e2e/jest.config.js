const { projects } = require('../jest.config');

const [{ transform, moduleFileExtensions }] = projects;
const common = {
	rootDir: __dirname,
	testEnvironment: 'node',
	transform,
	moduleFileExtensions,
	globalSetup: './globalSetup.ts',
};

module.exports = {
	// Each test file starts an n8n of its own: two at once would only make both slow.
	maxWorkers: 1,
	testTimeout: 180_000,
	projects: [
		{
			...common,
			displayName: 'n8n 2',
			testMatch: ['**/server.test.ts', '**/editor.test.ts', '**/upgrade.test.ts'],
			globals: { n8nRelease: '2.40' },
		},
		{
			...common,
			displayName: 'n8n 1',
			testMatch: ['**/server.test.ts', '**/editor.test.ts', '**/upgrade.test.ts'],
			globals: { n8nRelease: '1.123' },
		},
		{
			...common,
			displayName: 'queue',
			testMatch: ['**/queue.test.ts'],
			globals: { n8nRelease: '2.40' },
		},
	],
};
