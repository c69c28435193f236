// What the node says about the Redis that workers share, in items and in n8n's log. Tried: one that works, one that does not,
// run after run. No password and no key must appear.
import { readFileSync } from 'node:fs';

import { until } from '../../tools/common/until';
import { LOG_FILE } from '../../tools/engine/run';
import { SharedTokens, sharedTokensOf } from '../../kis/memory/sharedTokens';
import { sharedStoreOf } from '../../kis/redis/sharedStore';
import { describeWithRedis, RedisServer, redisUrl } from '../support/redis';
import { KisDouble } from '../support/kisDouble';
import { closeServers, http, unusedPort } from '../support/scriptedServer';
import { found } from '../support/secrets';
import { credentialFor, read } from '../support/tokens';
import { issue, revoke, runNode, tokenItems, useSandbox } from '../support/workflow';

/** Of what lies in Redis. */
const NAME = /^kis:(limit:\{[0-9a-f]{64}\}:\w+|kept:[0-9a-f]{64}|token:[0-9a-f]{64})$/;

const sandbox = useSandbox();
const intervals = jest.spyOn(globalThis, 'setInterval');
afterEach(closeServers);
// A Redis that is gone is told of a revoke for ten minutes, longer than the modules of this file live.
afterAll(() =>
	intervals.mock.results.forEach(({ value }) => clearInterval(value as NodeJS.Timeout)),
);

const mint = () => sandbox().kis.mint(sandbox().apps[0].appkey).value;

async function sharedIn(redisUrl?: string): Promise<unknown[]> {
	const { items } = await revoke(sandbox(), {
		input: tokenItems(mint(), mint()),
		options: { includeDetails: true },
		credential: redisUrl === undefined ? {} : { redisUrl },
	});
	const details = items.map(({ json }) => json.details as Record<string, unknown>);
	expect(details.map(({ outcome }) => outcome)).toEqual(['revoked', 'revoked']);
	return details.map((it) => it.sharedWithWorkers);
}

const log = () => readFileSync(LOG_FILE, 'utf8');

/** Counts the lines that say that the Redis at this port cannot be used. */
async function timesLogged(port: number): Promise<number> {
	const line = `KIS Token: not shared with the other workers. Redis at redis://127.0.0.1:${port} cannot be used: `;
	const times = () => log().split(line).length - 1;
	// n8n writes its log a little later, line by line.
	await until(() => times() > 0, { looks: 100, everyMs: 20 });
	return times();
}

test('without a Redis in the credential, nothing is said', async () => {
	await expect(sharedIn()).resolves.toEqual([undefined, undefined]);
	await expect(sharedIn(' ')).resolves.toEqual([undefined, undefined]);
});

test.each(['inspect', 'revoke'])(
	'%s: where an item refers to the log, since no token may be shared, the log says why',
	async (operation) => {
		const port = await unusedPort();
		const { items } = await runNode(sandbox(), {
			operation,
			onError: 'continueRegularOutput',
			credential: { redisUrl: `redis://127.0.0.1:${port}` },
			node: { parameters: { operation, tokenSource: 'credential' } },
		});
		expect(items[0].json.error).toMatchObject({
			description: expect.stringContaining('n8n’s log says what is wrong with it'),
		});
		await expect(timesLogged(port)).resolves.toBe(1);
	},
);

test('if it cannot be used, all tokens are revoked, each item says so, and the log says so once', async () => {
	const port = await unusedPort();
	const redisUrl = `redis://user:Secret-Word@127.0.0.1:${port}`;
	await expect(sharedIn(redisUrl)).resolves.toEqual([false, false]);
	await expect(sharedIn(redisUrl)).resolves.toEqual([false, false]);
	await expect(timesLogged(port)).resolves.toBe(1);
	expect(log()).not.toContain('Secret-Word');
});

test('if it cannot be used, Issue gives a token, and the log says so', async () => {
	const port = await unusedPort();
	const redisUrl = `redis://127.0.0.1:${port}`;
	const { items } = await issue(sandbox(), { credential: { redisUrl } });
	expect(items[0].json.outcome).toBe('issued');
	await expect(timesLogged(port)).resolves.toBe(1);
});

describeWithRedis('with a real Redis', () => {
	let server: RedisServer;
	beforeAll(async () => {
		server = await RedisServer.start();
	});
	afterAll(async () => await server.stop());

	describe('Issue does not pass on a token', () => {
		const url = () => `${server.url}/0?prefix=kis:`;
		/** What this process does not know about the token. */
		const others = () => {
			const redis = redisUrl(url());
			return sharedTokensOf({ ...credentialFor(sandbox().apps[0], sandbox().url), redis });
		};
		/** KIS gives the same token again within six hours. */
		const issueWith = async (reuseToken: string) =>
			await issue(sandbox(), { options: { reuseToken }, credential: { redisUrl: url() } });
		afterEach(() => sharedStoreOf(redisUrl(url())).close());

		test('that another worker has revoked', async () => {
			const value = mint();
			await others()?.tellDead(read(value));
			const { items, error } = await issueWith(value);
			expect(items).toEqual([]);
			expect(error?.message).toContain('it is dead');
		});

		test.each([
			['that another worker is revoking', (value: string) => value],
			['that another worker is revoking, though KIS gives it', () => ''],
		])('%s', async (_name, reuseToken) => {
			const value = mint();
			const lease = await others()?.begin([read(value)]);
			const { items, error } = await issueWith(reuseToken(value));
			await lease?.close(['asBefore']);
			expect(items).toEqual([]);
			expect(error?.message).toContain('this n8n was revoking it at the same time');
			expect((await issueWith(value)).items[0].json.outcome).toBe('reused');
		});

		test('that another worker has revoked while Issue requested one for another item', async () => {
			const kis = await new KisDouble().start();
			const [value, given] = [kis.mint(), kis.mint()];
			const redis = redisUrl(url());
			const elsewhere = sharedTokensOf({ ...credentialFor(kis.keys, kis.url), redis });
			const grant = http(200, JSON.stringify({ access_token: given, token_type: 'Bearer' }));
			kis.orders.tokenP = [
				(socket) => void elsewhere?.tellDead(read(value)).then(() => socket.write(grant)),
			];
			const { items } = await issue(
				{ apps: [kis.keys], url: kis.url },
				{
					input: [{ have: value }, {}],
					options: { reuseToken: '={{ $json.have }}' },
					credential: { redisUrl: url() },
				},
			);
			expect(items.map(({ json }) => [json.outcome, json.access_token])).toEqual([
				['issued', given],
				['issued', given],
			]);
		});

		describe('that was revoked while Redis was asked about another', () => {
			const { lookUp } = SharedTokens.prototype;
			const doNothing: (token: string) => Promise<void> = async () => {};
			let onLookUp = doNothing;
			let looking: jest.SpyInstance;
			beforeEach(() => {
				onLookUp = doNothing;
				looking = jest.spyOn(SharedTokens.prototype, 'lookUp').mockImplementation(async function (
					this: SharedTokens,
					tokens,
				) {
					await onLookUp(tokens[0].value);
					return await lookUp.call(this, tokens);
				});
			});
			afterEach(() => looking.mockRestore());

			test.each([
				['that KIS has just given', false],
				['that the credential keeps', true],
			])('%s', async (_name, bringAuthorization) => {
				const kis = await new KisDouble().start();
				const host = { apps: [kis.keys], url: kis.url };
				const credential = { redisUrl: url(), bringAuthorization };
				const [given, other] = [kis.mint(), kis.mint()];
				kis.gives = given;
				if (bringAuthorization) await issue(host, { credential });
				let looks = 0;
				onLookUp = async (token) => {
					// Before the request for the second item, and after it.
					if (token !== other || ++looks < 2) return;
					await revoke(host, { input: tokenItems(given), credential });
				};
				const { items } = await issue(host, {
					onError: 'continueRegularOutput',
					input: [{ have: other }, {}],
					options: { reuseToken: '={{ $json.have }}' },
					credential,
				});
				expect(kis.live.has(given)).toBe(false);
				expect(items[0].json).toMatchObject({ access_token: other });
				expect(items[1].json.error).toMatchObject({
					outcome: 'unusable',
					message: expect.stringContaining('it is dead'),
				});
			});
		});

		test('of which another worker has left open whether it is dead, unless KIS gives it', async () => {
			const value = mint();
			const lease = await others()?.begin([read(value)]);
			await lease?.close(['open']);
			const { items } = await issueWith(value);
			expect(items[0].json).toMatchObject({ access_token: value, outcome: 'issued' });
		});
	});

	test('if it can be used, each item says so, and Redis holds no key', async () => {
		await expect(sharedIn(`${server.url}/0?prefix=kis:`)).resolves.toEqual([true, true]);
		const names = server.say('KEYS', '*').split('\n');
		expect(names.filter((name) => !NAME.test(name))).toEqual([]);
		const stored = names.map((name) => server.say('DUMP', name)).join('\n');
		const [{ appkey, appsecret }] = sandbox().apps;
		expect(found(names.join() + stored, [appkey, appsecret])).toBeUndefined();
	});
});
