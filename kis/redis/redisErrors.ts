/** Why Redis cannot be used at the moment. */
export type RedisTrouble = keyof typeof REDIS_TROUBLES;

/** What users read: a clause without a full stop, and sentences. Never quotes Redis. */
export const REDIS_TROUBLES = {
	unreachable: {
		happened: 'no connection could be made, or it broke',
		todo: 'Check host and port of the Redis URL, and that Redis runs. If n8n runs in a container, localhost is the container itself.',
	},
	unknownHost: {
		happened: 'its name could not be resolved',
		todo: 'Correct the host of the Redis URL, or let the computer that n8n runs on know the name.',
	},
	notTls: {
		happened: 'TLS with it failed',
		todo: 'Write redis:// if it speaks no TLS. Its certificate must be valid for the host of the Redis URL; NODE_EXTRA_CA_CERTS names a CA of your own.',
	},
	slow: {
		happened: 'it did not answer in time',
		todo: 'Check the load of Redis, and the way to it. If it speaks TLS, write rediss://.',
	},
	wrongPassword: {
		happened: 'it wants a user or password, or another one',
		todo: 'Correct user and password of the Redis URL. Write special characters percent-encoded.',
	},
	forbidden: {
		happened: 'its rules (ACL) forbid this user what is needed',
		todo: 'Allow the user the keys of the prefix, and +@read +@write +@scripting +time +info +select.',
	},
	wrongDatabase: {
		happened: 'it has no database of this number',
		todo: 'Correct the number at the end of the Redis URL, or leave it out.',
	},
	readOnly: {
		happened: 'it takes no writes: it is a replica, or was told so',
		todo: 'Name the primary in the Redis URL.',
	},
	full: {
		happened: 'its memory is full',
		todo: 'Give Redis more memory (maxmemory), or remove what fills it.',
	},
	unsafe: {
		happened: 'it takes no writes, since it cannot save them or has too few replicas',
		todo: 'Look into the log of Redis: its disk may be full, or a replica gone.',
	},
	starting: { happened: 'it is starting or saving, and takes nothing yet', todo: '' },
	cluster: {
		happened: 'it is a part of a cluster that keeps these keys elsewhere',
		todo: 'Name a Redis that is no cluster.',
	},
	broken: {
		happened: 'it answered with something else than it should',
		todo: 'Check what listens at the Redis URL: it must be Redis 6 or later, or Valkey.',
	},
} as const satisfies Record<string, { readonly happened: string; readonly todo: string }>;

/** By Redis's error code (the first word of its answer), its text, or the error code of Node.js. The first match counts. */
const BY_CODE: ReadonlyArray<readonly [RegExp, RedisTrouble]> = [
	[/^(NOAUTH|WRONGPASS)\b|invalid password|without any password/i, 'wrongPassword'],
	// Of a command in a script, Redis 7.0 says it without the code.
	[/^NOPERM\b|^ERR The user executing the script can't /, 'forbidden'],
	[/^READONLY\b/, 'readOnly'],
	[/^OOM\b/, 'full'],
	[/^(MISCONF|NOREPLICAS)\b/, 'unsafe'],
	[/^(LOADING|BUSY|MASTERDOWN|TRYAGAIN)\b/, 'starting'],
	[/^(MOVED|ASK|CLUSTERDOWN|CROSSSLOT)\b/, 'cluster'],
	[/DB index|SELECT is not allowed/i, 'wrongDatabase'],
	[/^(ENOTFOUND|EAI_)/, 'unknownHost'],
	[/^(ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_|DEPTH_|SELF_SIGNED|ERR_OSSL)/, 'notTls'],
	[/timed? ?out/i, 'slow'],
	[/^E[A-Z]+$|closed|writeable/i, 'unreachable'],
];

/** Redis 6 wraps an error that a command met in a script: `ERR Error running script (…): @user_script: 5: -OOM …`. */
const WRAPPED = /ERR Error running script .*@user_script: ?\d+: -?/;

/** Classifies an error of the client. Anything unknown is `broken`. */
export function redisTroubleOf(error: unknown): RedisTrouble {
	const { code = '', message = '' }: Partial<NodeJS.ErrnoException> = error ?? {};
	const texts = [code, message.replace(WRAPPED, '')];
	const row = BY_CODE.find(([pattern]) => texts.some((text) => pattern.test(text)));
	return row?.[1] ?? 'broken';
}
