/** What n8n's scanner finds, and why it is there. */
export interface Finding {
	/** A file of the sources, or in `dist/` of the package. */
	readonly file: string;
	/** Without the name of the plugin. */
	readonly rule: string;
	/** What the rule names. */
	readonly names: readonly string[];
	readonly why: string;
}

const HTTP_CLIENT = 'dist/kis/http/connection.js';

/**
 * All that n8n's scanner finds, by what it finds it in. These two rules are those of n8n Cloud, where a package may
 * import nothing of Node.js but `crypto` and touch no timer: this package is for self-hosted n8n.
 */
export const FINDINGS: Readonly<Record<string, readonly Finding[]>> = {
	'the bundled HTTP client': [
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-imports',
			names: ['node:net', 'node:tls'],
			why: 'A connection of its own is what the client is for: it knows whether a request was written, and keeps connections open.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-imports',
			names: ['node:http', 'node:http2', 'node:querystring', 'node:url'],
			why: 'Limits, classes and helpers that undici takes from Node.js. It would speak HTTP/2 where that is switched on, and here it is not.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-imports',
			names: [
				'node:buffer',
				'node:events',
				'node:stream',
				'node:util',
				'node:util/types',
				'node:zlib',
			],
			why: 'Bodies: as bytes, as streams, their types told apart; unpacking belongs to fetch, which is not used.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-imports',
			names: ['node:assert', 'node:async_hooks', 'node:diagnostics_channel', 'node:perf_hooks'],
			why: 'undici checks itself, keeps the context of a call, tells who listens what it does, and times fetch.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-imports',
			names: ['node:sqlite', 'node:worker_threads'],
			why: 'undici asks what its Node.js can do. It loads them for a cache and for structured clones, which are not used.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-globals',
			names: [
				'clearImmediate',
				'clearInterval',
				'clearTimeout',
				'setImmediate',
				'setInterval',
				'setTimeout',
			],
			why: 'Every attempt has an end: connecting, waiting for an answer, an idle connection.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-globals',
			names: ['process'],
			why: 'The proxy from the environment, the version of Node.js, and warnings.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-globals',
			names: ['globalThis'],
			why: "undici's fetch keeps its base address in a global, and reads and sets it alone; it is not used.",
		},
	],
	'what the client needs around it': [
		{
			file: 'dist/kis/rateLimiter.js',
			rule: 'no-restricted-globals',
			names: ['clearTimeout', 'setTimeout'],
			why: "A request waits until KIS's limit has room for it.",
		},
		{
			file: 'dist/kis/retry.js',
			rule: 'no-restricted-imports',
			names: ['node:timers/promises'],
			why: 'An attempt waits before it is repeated, and Stop ends the waiting.',
		},
	],
	'a warning': [
		{
			file: 'credentials/KisApi.credentials.ts',
			rule: 'credential-unnecessary-password',
			names: ['appkey'],
			why: 'The app key is half of the key pair: it stays masked.',
		},
	],
};
