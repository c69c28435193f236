import { configWithoutCloudSupport } from '@n8n/node-cli/eslint';

export default [
	// Self-hosted n8n only: the bundled HTTP client needs what n8n Cloud does not allow (node:* modules, timers).
	...configWithoutCloudSupport,
	{
		// Tests and tools start processes to see the package from outside. None of their code is published.
		files: ['{test,tools}/**/*.ts'],
		rules: { '@n8n/community-nodes/no-dangerous-functions': 'off' },
	},
];
