// What is tried: every part present and absent, escapes, addresses, and parts of other programs' URLs that mean nothing here.
import { nameOfRedis, parseRedisUrl } from '../../kis/input/redisUrl';
import { InvalidInput } from '../../kis/input/invalidInput';

test('a host alone is enough', () => {
	expect(parseRedisUrl(' redis://redis.example\n')).toEqual({
		isTls: false,
		host: 'redis.example',
		port: 6379,
		username: null,
		password: null,
		database: 0,
		prefix: 'n8n-kis:',
	});
});

test('every part is read', () => {
	expect(parseRedisUrl('rediss://me:p%40ss%2F%25@[::1]:7000/12?prefix=kis:a:')).toEqual({
		isTls: true,
		host: '::1',
		port: 7000,
		username: 'me',
		password: 'p@ss/%',
		database: 12,
		prefix: 'kis:a:',
	});
	expect(parseRedisUrl('redis://:word@h/')).toMatchObject({ username: null, password: 'word' });
});

test.each<[string, string]>([
	['redis.example:6379', 'is not a complete address'],
	['http://redis.example', 'is not a complete address'],
	['redis://', 'is not a complete address'],
	['redis:///0', 'is not a complete address'],
	['redis://?prefix=a', 'is not a complete address'],
	['redis://:pass/word@redis.example', 'is not a complete address'],
	['redis://:p#ss@redis.example', 'is not a complete address'],
	['redis://:p%ss@redis.example', 'cannot be read'],
	['redis://redis.example/#a', 'cannot be read'],
	['redis://redis.example:70000', 'is not a complete address'],
	['redis://redis.example/one', 'names a database that is not a number'],
	['redis://redis.example/-1', 'names a database that is not a number'],
	['redis://redis.example/0/1', 'names a database that is not a number'],
	['redis://redis.example?db=1', 'something after "?"'],
	['redis://redis.example?prefix=', 'something after "?"'],
	['redis://redis.example?prefix=a&prefix=b', 'something after "?"'],
	['redis://redis.example?prefix={a}', 'something after "?"'],
	['redis://redis.example\\a', 'white space, a control character or a backslash'],
	['redis://a b', 'white space, a control character or a backslash'],
])('%s cannot be used, comes with what to do, and is not quoted', (text, says) => {
	const read = parseRedisUrl(text);
	expect(read).toBeInstanceOf(InvalidInput);
	const { why, todo } = read as InvalidInput;
	expect(why).toContain(says);
	expect(todo).toMatch(/\.$/);
	expect(why + todo).not.toMatch(/p[#%a]ss[@/]|word@redis/);
});

test('is named without user and password', () => {
	const url = parseRedisUrl('rediss://me:word@[::1]:7000/3?prefix=a');
	expect(url instanceof InvalidInput ? url : nameOfRedis(url)).toBe('rediss://[::1]:7000');
});
