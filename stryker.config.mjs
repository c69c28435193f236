import jest from './jest.config.js';

/** Breaks the client, the node and the credential line by line, and looks whether a test fails: `npm run mutate`. */
export default {
	testRunner: 'jest',
	// One release line is enough; what tests the packaging runs on the build, which is not broken.
	jest: {
		config: {
			...jest,
			projects: [
				{
					...jest.projects[0],
					testMatch: ['**/test/kis/**/*.test.ts', '**/test/node/**/*.test.ts'],
				},
			],
		},
	},
	coverageAnalysis: 'perTest',
	mutate: ['{kis,nodes,credentials}/**/*.ts', '!**/*.d.ts'],
	reporters: ['clear-text', 'progress', 'json'],
	concurrency: 2,
};
