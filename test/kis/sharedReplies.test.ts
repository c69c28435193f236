// What answers at the Redis URL may not be a Redis that runs our scripts. A reply that they cannot have given is ignored.
import { setTimeout as sleep } from 'node:timers/promises';

import { SharedKept } from '../../kis/keptToken/sharedKept';
import { deadTokens } from '../../kis/memory/deadTokens';
import { sharedTokensOf } from '../../kis/memory/sharedTokens';
import { NO_LEASE } from '../../kis/rateLimit/gate';
import { SharedLimit } from '../../kis/rateLimit/sharedLimit';
import { SharedStore, sharedStoreOf, type ScriptAnswer } from '../../kis/redis/sharedStore';
import { redisUrl } from '../support/redis';
import { credentialFor, makeKeyPair, makeToken, read } from '../support/tokens';

const REDIS = redisUrl('redis://127.0.0.1:1');
const credential = {
	...credentialFor(makeKeyPair(), new URL('http://127.0.0.1:1')),
	redis: REDIS,
};
const token = read(makeToken(credential.appkey));
const NOT_THE_SCRIPTS: unknown[] = [null, 'OK', 7, {}, [], [null], ['x', 'y', 'z', '']];

/** Makes every script give this reply, and counts the calls. */
const replyWith = (reply: unknown) => {
	const server = { id: 'one', startedAt: 0 };
	return jest
		.spyOn(SharedStore.prototype, 'run')
		.mockImplementation(
			async (): Promise<ScriptAnswer> => await Promise.resolve({ reply, server }),
		);
};
afterEach(() => jest.restoreAllMocks());

describe('the limit', () => {
	test.each([
		...NOT_THE_SCRIPTS,
		[0, 'soon', 1, ''],
		[0, 0, 1, ''],
		[0, Infinity, 1, ''],
		[1, -5, 1, '1'],
		[1, 5, 0, '1'],
		[2, 5, 1, '1'],
		[1, 5, 1, 'now'],
		[1, 5, 1],
		[1, 2 ** 31, 1, '1'],
	])('takes %j for no answer: the process keeps to its part, and does not poll', async (reply) => {
		const calls = replyWith(reply);
		const limit = new SharedLimit(sharedStoreOf(REDIS), 'an app');
		const stop = new AbortController();
		const entered = limit.enter(18, stop.signal);
		await sleep(20);
		stop.abort();
		await expect(entered).resolves.toBe('changed');
		expect(calls).toHaveBeenCalledTimes(1);
		expect(limit.parts).toBe(2);
		await expect(limit.enter(18, new AbortController().signal)).resolves.toBe(NO_LEASE);
	});
});

describe('the kept token', () => {
	const whole = ['done', 'v', '', 0, 0, '', 0, 0];
	test.each([
		...NOT_THE_SCRIPTS,
		whole.with(0, 'maybe'),
		whole.with(3, 'x'),
		whole.with(4, 'x'),
		whole.with(6, 'x'),
		whole.slice(0, 7),
	])('takes %j for no answer', async (reply) => {
		replyWith(reply);
		const shared = new SharedKept(credential, REDIS);
		await expect(shared.look()).resolves.toBeNull();
		await expect(shared.take(0)).resolves.toBe('apart');
	});

	test('takes the reply of the script', async () => {
		replyWith(whole);
		await expect(new SharedKept(credential, REDIS).take(0)).resolves.toBe('done');
	});
});

test.each([...NOT_THE_SCRIPTS, [7], ['', '']])(
	'what is known of a token: %j is no answer',
	async (reply) => {
		replyWith(reply);
		await expect(sharedTokensOf(credential)?.lookUp([token])).resolves.toBeNull();
	},
);

test('what is known of two tokens: one mark that is no text makes it no answer', async () => {
	replyWith(['dead', 7]);
	await expect(sharedTokensOf(credential)?.lookUp([token, token])).resolves.toBeNull();
	expect(deadTokens.has(token, credential)).toBe(false);
});
