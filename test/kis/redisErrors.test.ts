// Which trouble each error stands for: those of Redis, of Node.js, and of the client. The texts are as they were met.
import { REDIS_TROUBLES, redisTroubleOf, type RedisTrouble } from '../../kis/redis/redisErrors';

const inRedis6 = (error: string, line = 5) =>
	new Error(
		`ERR Error running script (call to f_5f0e): @user_script:${line}: @user_script: ${line}: -${error}`,
	);
const withCode = (code: string, message = '') => Object.assign(new Error(message), { code });

test.each([
	["OOM command not allowed when used memory > 'maxmemory'.", 'full'],
	['MISCONF Redis is configured to save RDB snapshots, but it cannot', 'unsafe'],
	['NOREPLICAS Not enough good replicas to write.', 'unsafe'],
	["READONLY You can't write against a read only replica.", 'readOnly'],
	['NOPERM this user has no permissions to run the command', 'forbidden'],
] as const)('%s is the same error where Redis 6 wraps it', (error, trouble) => {
	expect(redisTroubleOf(new Error(error))).toBe(trouble);
	expect(redisTroubleOf(inRedis6(error))).toBe(trouble);
	expect(redisTroubleOf(inRedis6(error, 125))).toBe(trouble);
	expect(redisTroubleOf(new Error(inRedis6(error).message.replaceAll(': -', ': ')))).toBe(trouble);
	const inRedis60 = inRedis6(error).message.replaceAll('script: 5', 'script:5');
	expect(redisTroubleOf(new Error(inRedis60))).toBe(trouble);
});

test('an error is not taken for one that Redis has wrapped because it quotes such a text', () => {
	expect(redisTroubleOf(new Error(`ERR it said: ${inRedis6('OOM').message}`))).toBe('broken');
});

test.each<[RedisTrouble, string[]]>([
	[
		'wrongPassword',
		[
			'NOAUTH Authentication required.',
			'WRONGPASS invalid username-password pair or user is disabled.',
			'ERR invalid password',
			'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
		],
	],
	[
		'forbidden',
		[
			"NOPERM this user has no permissions to run the 'evalsha' command",
			"ERR The user executing the script can't run this command or subcommand script: 5f0e",
		],
	],
	['readOnly', ["READONLY You can't write against a read only replica."]],
	['full', ["OOM command not allowed when used memory > 'maxmemory'."]],
	[
		'unsafe',
		[
			'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
			'NOREPLICAS Not enough good replicas to write.',
		],
	],
	[
		'starting',
		[
			'LOADING Redis is loading the dataset in memory',
			'BUSY Redis is busy running a script.',
			"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
			'TRYAGAIN Multiple keys request during rehashing of slot',
		],
	],
	[
		'cluster',
		[
			'MOVED 3999 127.0.0.1:6381',
			'ASK 3999 127.0.0.1:6381',
			'CLUSTERDOWN The cluster is down',
			"CROSSSLOT Keys in request don't hash to the same slot",
		],
	],
	['wrongDatabase', ['ERR DB index is out of range', 'ERR SELECT is not allowed in cluster mode']],
	['slow', ['Command timed out', 'connect ETIMEDOUT', 'the connection timeout is over']],
	[
		'unreachable',
		[
			'Connection is closed.',
			"Stream isn't writeable and enableOfflineQueue options is false",
			'EPIPE',
		],
	],
	[
		'broken',
		[
			'ERR unknown command',
			'NOAUTHORITY',
			'NOPERMIT',
			'READONLYISH',
			'OOMPH',
			'BUSYBODY',
			'ASKED for something else',
			'MOVEDON',
			'ERR it said NOAUTH',
			'ERR it said NOPERM',
			'ERR it said READONLY',
			'ERR it said OOM',
			'ERR it said LOADING',
			'ERR it said MOVED',
			'ERR it said ENOTFOUND',
			'ERR it said CERT_HAS_EXPIRED',
			'EPIPE it said',
			'it said EPIPE',
			'E',
		],
	],
])('%s, by what an error says', (trouble, messages) => {
	const troubles = messages.map((message) => [message, redisTroubleOf(new Error(message))]);
	expect(troubles).toEqual(messages.map((message) => [message, trouble]));
});

test.each<[RedisTrouble, string[]]>([
	['unknownHost', ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL']],
	[
		'notTls',
		[
			'ERR_TLS_CERT_ALTNAME_INVALID',
			'ERR_SSL_WRONG_VERSION_NUMBER',
			'ERR_OSSL_EVP_UNSUPPORTED',
			'EPROTO',
			'CERT_HAS_EXPIRED',
			'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
			'DEPTH_ZERO_SELF_SIGNED_CERT',
			'SELF_SIGNED_CERT_IN_CHAIN',
		],
	],
	['slow', ['ETIMEDOUT']],
	['unreachable', ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'EPIPE']],
	['broken', ['ERR_INVALID_ARG_TYPE']],
])('%s, by the code of Node.js, whatever the message', (trouble, codes) => {
	const troubles = codes.map((code) => [code, redisTroubleOf(withCode(code, 'oh'))]);
	expect(troubles).toEqual(codes.map((code) => [code, trouble]));
});

test.each([null, undefined, 'OOM', 7, {}, { code: 7 }])(
	'%j, which is no error of the client, is broken',
	(thrown) => {
		expect(redisTroubleOf(thrown)).toBe('broken');
	},
);

test('each trouble says what happened in a clause, and what to do in sentences', () => {
	for (const { happened, todo } of Object.values(REDIS_TROUBLES)) {
		expect(happened).toMatch(/^(TLS|[a-z]).*[^.]$/);
		expect(todo).toMatch(/^([A-Z].*\.)?$/);
	}
	// It passes by itself.
	const { starting, ...others } = REDIS_TROUBLES;
	expect(starting.todo).toBe('');
	expect(Object.values(others).map(({ todo }) => todo)).not.toContain('');
});
