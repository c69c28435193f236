const { projects } = require('../../jest.config');

const [{ transform, moduleFileExtensions }] = projects;
const common = {
	rootDir: __dirname,
	testEnvironment: 'node',
	transform,
	moduleFileExtensions,
	globalSetup: './globalSetup.ts',
};

const project = (displayName, n8nLine, files) => ({
	...common,
	displayName,
	testMatch: files.map((file) => `**/${file}.test.ts`),
	globals: { n8nLine },
});
const EVERY_LINE = ['server', 'keptToken', 'editor', 'examples', 'upgrade'];

module.exports = {
	// Each test file starts an n8n of its own: two together would only make both slow.
	maxWorkers: 1,
	verbose: true,
	testTimeout: 180_000,
	projects: [
		project('n8n 2', '2.40', EVERY_LINE),
		project('n8n 1', '1.123', EVERY_LINE),
		project('n8n newest', '2.41', EVERY_LINE),
		project('queue', '2.40', ['queue', 'queue.keptToken']),
		project('faults', '2.40', ['faults']),
		project('soak', '2.40', ['soak']),
		project('faults 1', '1.123', ['faults']),
	],
};
