import { configWithoutCloudSupport } from '@n8n/node-cli/eslint';

// Self-hosted n8n only: the bundled HTTP client needs what n8n Cloud does not allow (node:* modules, timers).
export default configWithoutCloudSupport;
