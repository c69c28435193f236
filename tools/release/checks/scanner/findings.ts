/** What n8n's scanner finds, and why it is there. */
export interface Finding {
	/** A file of the sources, or in `dist/` of the package. */
	readonly file: string;
	/** Without the name of the plugin. */
	readonly rule: string;
	/** What the rule names, and how often: what is explained may not hide what is new. */
	readonly counts: Readonly<Record<string, number>>;
	readonly why: string;
}

const HTTP_CLIENT = 'dist/kis/http/connection.js';
const PROXY = 'dist/kis/http/proxy.js';
const REDIS_CLIENT = 'dist/kis/redis/client.js';

/**
 * All that n8n's scanner finds, by what it finds it in. These two rules are those of n8n Cloud, where a package may
 * import nothing of Node.js but `crypto` and touch no timer: this package is for self-hosted n8n.
 */
export const FINDINGS: Readonly<Record<string, readonly Finding[]>> = {
	'the bundled HTTP client': [
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-imports',
			counts: { 'node:net': 4, 'node:tls': 2 },
			why: 'A connection of its own is what the client is for: it knows whether a request was written, and keeps connections open.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-imports',
			counts: { 'node:http': 2, 'node:http2': 1, 'node:querystring': 1, 'node:url': 1 },
			why: 'Limits, classes and helpers that undici takes from Node.js. It would speak HTTP/2 where that is switched on, and here it is not.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-imports',
			counts: {
				'node:buffer': 5,
				'node:events': 3,
				'node:stream': 4,
				'node:util': 5,
				'node:util/types': 2,
				'node:zlib': 2,
			},
			why: 'Bodies: as bytes, as streams, their types told apart; unpacking belongs to fetch, which is not used.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-imports',
			counts: {
				'node:assert': 13,
				'node:async_hooks': 1,
				'node:diagnostics_channel': 1,
				'node:perf_hooks': 1,
			},
			why: 'undici checks itself, keeps the context of a call, tells who listens what it does, and times fetch.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-imports',
			counts: { 'node:sqlite': 1, 'node:worker_threads': 2 },
			why: 'undici asks what its Node.js can do. It loads them for a cache and for structured clones, which are not used.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-globals',
			counts: {
				clearImmediate: 4,
				clearInterval: 2,
				clearTimeout: 9,
				setImmediate: 8,
				setInterval: 1,
				setTimeout: 6,
			},
			why: 'Every attempt has an end: connecting, waiting for an answer, an idle connection.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-globals',
			counts: { process: 12 },
			why: 'The version of Node.js, warnings, and a switch for how answers are parsed.',
		},
		{
			file: PROXY,
			rule: 'no-restricted-globals',
			counts: { process: 2 },
			why: 'The proxy from the environment, which proxy-from-env reads.',
		},
		{
			file: HTTP_CLIENT,
			rule: 'no-restricted-globals',
			counts: { globalThis: 4 },
			why: "undici's fetch keeps its base address in a global, and reads and sets it alone; it is not used.",
		},
	],
	'the bundled client of Redis, which is loaded where a credential names a Redis': [
		{
			file: REDIS_CLIENT,
			rule: 'no-restricted-imports',
			counts: { net: 3, tls: 2, dns: 1 },
			why: 'A connection to the Redis that the credential names. ioredis asks for addresses by itself where it is told of sentinels, and here it is not.',
		},
		{
			file: REDIS_CLIENT,
			rule: 'no-restricted-imports',
			counts: {
				assert: 2,
				buffer: 1,
				events: 3,
				stream: 1,
				util: 2,
				'node:diagnostics_channel': 1,
			},
			why: 'What ioredis is made of: it reads and writes bytes, says what happens, checks itself, and tells who listens.',
		},
		{
			file: REDIS_CLIENT,
			rule: 'no-restricted-imports',
			counts: { 'node:fs': 1, 'node:path': 1 },
			why: 'The scripts that Redis runs are files of the package, beside this one.',
		},
		{
			file: REDIS_CLIENT,
			rule: 'no-restricted-globals',
			counts: { __dirname: 2 },
			why: 'Where those files are.',
		},
		{
			file: REDIS_CLIENT,
			rule: 'no-restricted-globals',
			counts: { clearTimeout: 11, setImmediate: 2, setTimeout: 13 },
			why: 'Connecting and each command have an end.',
		},
		{
			file: REDIS_CLIENT,
			rule: 'no-restricted-globals',
			counts: { process: 15 },
			why: 'ioredis puts off what it tells to the next tick.',
		},
		{
			file: REDIS_CLIENT,
			rule: 'no-console',
			counts: { 'Unexpected console statement.': 10 },
			why: 'ioredis warns of options that contradict each other, and of events that nobody listens to: here there are neither.',
		},
		{
			file: 'dist/kis/redis/sharedStore.js',
			rule: 'no-restricted-globals',
			counts: { clearTimeout: 1, setTimeout: 1 },
			why: 'A connection that was not used for a while is closed.',
		},
		{
			file: 'dist/kis/rateLimit/sharedLimit.js',
			rule: 'no-restricted-globals',
			counts: { clearInterval: 2, setInterval: 1 },
			why: 'A request that takes long keeps its place.',
		},
		{
			file: 'dist/kis/memory/sharedTokens.js',
			rule: 'no-restricted-globals',
			counts: { clearInterval: 1, setInterval: 1 },
			why: 'A revoke that takes long stays known to the other workers.',
		},
		{
			file: 'dist/kis/keptToken/keptShare.js',
			rule: 'no-restricted-globals',
			counts: { clearInterval: 1, setInterval: 1 },
			why: 'A request for a token that takes long stays known to the other workers.',
		},
	],
	'what the client needs around it': [
		{
			file: 'dist/kis/rateLimit/clock.js',
			rule: 'no-restricted-globals',
			counts: { clearTimeout: 1, setImmediate: 1, setTimeout: 1 },
			why: "A request waits until KIS's limit has room for it, and counts from when a busy host has written it.",
		},
		{
			file: 'dist/kis/rateLimit/unseenRequest.js',
			rule: 'no-restricted-globals',
			counts: { setTimeout: 1 },
			why: 'A request of the HTTP Request node takes part in the limit until KIS no longer counts it.',
		},
		{
			file: 'dist/kis/rateLimit/unseenRequest.js',
			rule: 'no-restricted-imports',
			counts: { 'node:timers/promises': 1 },
			why: 'Requests that n8n prepares together are let out after that, each when it can be written.',
		},
		{
			file: 'dist/kis/revoke/revokeTokens.js',
			rule: 'no-restricted-imports',
			counts: { 'node:events': 1 },
			why: 'Every connection of a run listens for its end: more than the ten at which Node.js warns of a leak.',
		},
		{
			file: 'dist/kis/revoke/sending.js',
			rule: 'no-restricted-imports',
			counts: { 'node:events': 1 },
			why: 'Every connection of a run listens for its end: more than the ten at which Node.js warns of a leak.',
		},
		{
			file: 'dist/kis/reply/retry.js',
			rule: 'no-restricted-imports',
			counts: { 'node:timers/promises': 1 },
			why: 'An attempt waits before it is repeated, and Stop ends the waiting.',
		},
		{
			file: 'dist/kis/turns.js',
			rule: 'no-restricted-imports',
			counts: { 'node:timers/promises': 1 },
			why: 'What goes over many items gives the event loop back in between.',
		},
		{
			file: 'dist/kis/revoke/revokeTokens.js',
			rule: 'no-restricted-imports',
			counts: { 'node:util': 1 },
			why: 'Attempts that ended alike are kept once.',
		},
	],
	"n8n's own settings": ['', 'dist/'].map((folder) => ({
		file: `${folder}nodes/KisToken/operations/issue/storedHint.${folder ? 'js' : 'ts'}`,
		rule: 'no-restricted-globals',
		counts: { process: 1 },
		why: 'Whether n8n saves executions, where the workflow leaves that to the environment.',
	})),
	'the test of the credential': ['nodes', 'dist/nodes'].map((folder) => ({
		file: `${folder}/KisToken/credentialTest/ask.${folder === 'nodes' ? 'ts' : 'js'}`,
		rule: 'no-restricted-globals',
		counts: { clearTimeout: 1, setTimeout: 1 },
		why: "An answer's body is waited for as long as its head, which n8n's helper sees to, and no longer.",
	})),
	warnings: [
		{
			file: 'credentials/KisApi.credentials.ts',
			rule: 'credential-unnecessary-password',
			counts: { appkey: 1 },
			why: 'The app key is half of the key pair: it stays masked.',
		},
		{
			file: 'credentials/KisApi.credentials.ts',
			rule: 'credential-unnecessary-password',
			counts: { redisUrl: 1 },
			why: 'It holds the password of Redis.',
		},
	],
};
