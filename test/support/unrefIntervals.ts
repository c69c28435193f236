// n8n's engine starts an interval that it never clears. It is made for a server, which runs for ever; a test should not.
const start = globalThis.setInterval;
globalThis.setInterval = ((...args: Parameters<typeof start>) =>
	start(...args).unref()) as typeof start;
