import { redisTroubleOf } from '../../kis/redis/redisErrors';

const inRedis6 = (error: string) =>
	new Error(
		`ERR Error running script (call to f_5f0e): @user_script:5: @user_script: 5: -${error}`,
	);

test.each([
	["OOM command not allowed when used memory > 'maxmemory'.", 'full'],
	['MISCONF Redis is configured to save RDB snapshots, but it cannot', 'unsafe'],
	['NOREPLICAS Not enough good replicas to write.', 'unsafe'],
	["READONLY You can't write against a read only replica.", 'readOnly'],
	['NOPERM this user has no permissions to run the command', 'forbidden'],
] as const)('%s is the same error where Redis 6 wraps it', (error, trouble) => {
	expect(redisTroubleOf(new Error(error))).toBe(trouble);
	expect(redisTroubleOf(inRedis6(error))).toBe(trouble);
});
