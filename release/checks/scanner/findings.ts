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
	'what the client needs around it': [
		{
			file: 'dist/kis/rateLimit/clock.js',
			rule: 'no-restricted-globals',
			counts: { clearTimeout: 1, setImmediate: 1, setTimeout: 1 },
			why: "A request waits until KIS's limit has room for it, and counts from when a busy host has written it.",
		},
		{
			file: 'dist/kis/unseenRequest.js',
			rule: 'no-restricted-globals',
			counts: { setTimeout: 1 },
			why: 'A request of the HTTP Request node takes part in the limit until KIS no longer counts it.',
		},
		{
			file: 'dist/kis/unseenRequest.js',
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
			file: 'dist/kis/retry.js',
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
	'a warning': [
		{
			file: 'credentials/KisApi.credentials.ts',
			rule: 'credential-unnecessary-password',
			counts: { appkey: 1 },
			why: 'The app key is half of the key pair: it stays masked.',
		},
	],
};
