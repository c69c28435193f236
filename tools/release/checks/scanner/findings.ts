/** What n8n's scanner finds, and why it is there. */
export interface Finding {
	/** A file of the sources, or in `dist/` of the package. */
	readonly file: string;
	/** Without the name of the plugin. */
	readonly rule: string;
	/** What the rule names, and how often: what is explained may not hide what is new. */
	readonly found: string;
	readonly why: string;
}

const IMPORTS = 'no-restricted-imports';
const GLOBALS = 'no-restricted-globals';
const HTTP_CLIENT = 'dist/kis/http/connection.js';
const REDIS_CLIENT = 'dist/kis/redis/client.js';

/** A finding in the product's own sources, of which the built file has the same. */
const inBoth = (file: string, found: string, why: string): Finding[] => [
	{ file: `${file}.ts`, rule: GLOBALS, found, why },
	{ file: `dist/${file}.js`, rule: GLOBALS, found, why },
];
const inDist = (file: string, rule: string, found: string, why: string): Finding => ({
	file: `dist/kis/${file}.js`,
	rule,
	found,
	why,
});
const password = (found: string, why: string): Finding => ({
	file: 'credentials/KisApi.credentials.ts',
	rule: 'credential-unnecessary-password',
	found,
	why,
});

/**
 * All that n8n's scanner finds, by what it finds it in. The two rules against imports and globals are those of n8n Cloud,
 * where a package may import nothing of Node.js but `crypto` and touch no timer: this package is for self-hosted n8n.
 */
export const FINDINGS: Readonly<Record<string, readonly Finding[]>> = {
	'the bundled HTTP client': [
		{
			file: HTTP_CLIENT,
			rule: IMPORTS,
			found:
				'node:net ×3, node:tls ×1, node:http ×2, node:querystring ×1, node:buffer ×3, node:events ×2, node:stream ×1, node:util ×1, node:assert ×6, node:async_hooks ×1, node:diagnostics_channel ×1',
			why: 'A connection of its own is what the client is for: it knows whether a request was written, and keeps connections open. The rest is what undici is made of.',
		},
		{
			file: HTTP_CLIENT,
			rule: GLOBALS,
			found: 'clearImmediate ×4, clearTimeout ×4, setImmediate ×8, setTimeout ×4, process ×10',
			why: 'Every attempt has an end. undici asks for the version of Node.js, warns, and reads a switch for how answers are parsed.',
		},
		inDist(
			'http/proxy',
			GLOBALS,
			'process ×4',
			'proxy-from-env reads the environment, and so does the question whether n8n uses a proxy.',
		),
	],
	'the bundled client of Redis, which is loaded where a credential names a Redis': [
		{
			file: REDIS_CLIENT,
			rule: IMPORTS,
			found:
				'net ×3, tls ×2, dns ×1, assert ×2, buffer ×1, events ×3, stream ×1, util ×2, node:diagnostics_channel ×1, node:fs ×1, node:path ×1',
			why: 'A connection to the Redis that the credential names, and what ioredis is made of. It asks for addresses by itself where it is told of sentinels, and here it is not. The scripts that Redis runs are files of the package.',
		},
		{
			file: REDIS_CLIENT,
			rule: GLOBALS,
			found: '__dirname ×2, clearTimeout ×11, setImmediate ×2, setTimeout ×13, process ×15',
			why: 'Where those scripts are. Connecting and each command have an end, and ioredis puts off what it tells to the next tick.',
		},
		{
			file: REDIS_CLIENT,
			rule: 'no-console',
			found: 'Unexpected console statement. ×10',
			why: 'ioredis warns of options that contradict each other, and of events that nobody listens to: here there are neither.',
		},
		inDist(
			'redis/sharedStore',
			GLOBALS,
			'clearTimeout ×3, setTimeout ×1',
			'A connection that was not used for a while is closed.',
		),
		inDist(
			'rateLimit/sharedLimit',
			GLOBALS,
			'clearInterval ×2, setInterval ×1',
			'A request that takes long keeps its lease.',
		),
		inDist(
			'memory/sharedTokens',
			GLOBALS,
			'clearInterval ×1, setInterval ×1',
			'A revoke that takes long stays known to the other workers.',
		),
		inDist(
			'keptToken/keptShare',
			GLOBALS,
			'clearInterval ×4, setInterval ×2',
			'A request for a token that takes long stays known to the other workers, and its end is told when Redis is back.',
		),
	],
	'what the client needs around it': [
		inDist(
			'rateLimit/clock',
			GLOBALS,
			'clearTimeout ×1, setImmediate ×1, setTimeout ×1',
			"A request waits until KIS's limit has room for it, and counts from when a busy host has written it.",
		),
		inDist(
			'waiting',
			GLOBALS,
			'clearTimeout ×1, setTimeout ×1',
			'An order waits for a token, but not for long.',
		),
		inDist(
			'rateLimit/admission',
			GLOBALS,
			'setTimeout ×1',
			'A request of the HTTP Request node takes part in the limit until KIS no longer counts it.',
		),
		inDist(
			'rateLimit/admission',
			IMPORTS,
			'node:timers/promises ×1',
			'Requests that n8n prepares together are let out after that, each when it can be written.',
		),
		...['revoke/revokeTokens', 'revoke/batchStop'].map((file) =>
			inDist(
				file,
				IMPORTS,
				'node:events ×1',
				'Every connection of a run listens for its end: more than the ten at which Node.js warns of a leak.',
			),
		),
		inDist(
			'waiting',
			IMPORTS,
			'node:timers/promises ×1',
			'An attempt waits before it is repeated, and Stop ends the waiting.',
		),
		inDist(
			'turns',
			IMPORTS,
			'node:timers/promises ×1',
			'What goes over many items gives the event loop back in between.',
		),
	],
	"n8n's own settings": inBoth(
		'nodes/KisToken/operations/issue/storedHint',
		'process ×1',
		'Whether n8n saves executions, where the workflow leaves that to the environment.',
	),
	"n8n's own connections": [
		...inBoth(
			'credentials/refusalOfConnection',
			'process ×1',
			"Whether n8n's environment keeps it from checking certificates.",
		),
		...inBoth(
			'credentials/authenticate',
			'process ×1',
			"Whether n8n's SSRF protection is on: a credential cannot ask it about an address.",
		),
	],
	'the test of the credential': inBoth(
		'nodes/KisToken/credentialTest/ask',
		'clearTimeout ×1, setTimeout ×1',
		"An answer's body is waited for as long as its head, which n8n's helper sees to, and no longer.",
	),
	warnings: [
		password('appkey ×1', 'The app key is half of the key pair: it stays masked.'),
		password('redisUrl ×1', 'It holds the password of Redis.'),
	],
};
