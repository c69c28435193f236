import { configWithoutCloudSupport } from '@n8n/node-cli/eslint';

export default [
	// Self-hosted n8n only: the bundled HTTP client needs what n8n Cloud does not allow (node:* modules, timers).
	...configWithoutCloudSupport,
	{
		// They start processes, to see the package from outside. Nothing of them is published.
		files: ['{test,tools}/**/*.ts'],
		rules: { '@n8n/community-nodes/no-dangerous-functions': 'off' },
	},
];
