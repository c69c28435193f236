// What workers tell each other about tokens through a real Redis. Two sets of modules stand for two processes. What is tried:
// revokes that end in every way, or never; others who use the token meanwhile; a KIS that gives a dead token again; a Redis
// that goes away; and what is stored in it.
import { setTimeout as sleep } from 'node:timers/promises';

import type { KisCredential } from '../../kis/input/credential';
import type { RevokeOutcome } from '../../kis/reply/revokeOutcome';
import { sharedTokensOf } from '../../kis/memory/sharedTokens';
import { sharedStoreOf } from '../../kis/redis/sharedStore';
import { until } from '../../tools/common/until';
import { KisDouble } from '../support/kisDouble';
import { describeWithRedis, RedisServer, redisUrl } from '../support/redis';
import { closeServers, http, reset } from '../support/scriptedServer';
import { found } from '../support/secrets';
import { credentialFor, makeToken, read } from '../support/tokens';

describeWithRedis('what workers tell each other about tokens', () => {
	let server: RedisServer;
	let kis: KisDouble;
	let one: Worker;
	let other: Worker;
	beforeAll(async () => {
		server = await RedisServer.start();
	});
	beforeEach(async () => {
		kis = await new KisDouble().start();
		one = await Worker.start();
		other = await Worker.start();
	});
	afterEach(async () => {
		jest.restoreAllMocks();
		one.leave();
		other.leave();
		server.say('FLUSHALL');
		await closeServers();
	});
	afterAll(async () => await server.stop());

	const credential = (): KisCredential => ({
		...credentialFor(kis.keys, kis.url),
		redis: redisUrl(server.url),
	});

	/** A process, with a memory of its own. */
	class Worker {
		private constructor(readonly modules: Awaited<ReturnType<typeof load>>) {}

		static async start(): Promise<Worker> {
			return new Worker(await load());
		}

		/** The token that a request gets, or why it gets none. */
		async bring(): Promise<string> {
			const { bringToken } = this.modules.bringToken;
			const cancel = new AbortController().signal;
			const token = await bringToken(credential(), { mayWait: false, cancel });
			return 'because' in token ? token.because : token.value;
		}

		/** As if this worker had issued it, too. */
		keep(value: string): void {
			const grant = {
				token: read(value),
				expiresAt: null,
				fields: {},
				isOver: false,
				clockAheadMs: 0,
			};
			const attempts = [{ verdict: 'confirmed' }] as never;
			this.modules.keptToken
				.keptTokenOf(credential())
				.note({ outcome: 'issued', grant, attempts }, Date.now());
		}

		async revoke(value: string, revoke: () => Promise<RevokeOutcome>): Promise<void> {
			const { whileRevoking } = this.modules.sharedMarks;
			const token = read(value);
			await whileRevoking([token], credential(), async () => {
				return new Map([[token.fingerprint, { outcome: await revoke() }]]);
			});
		}

		isDead(value: string): boolean {
			return this.modules.deadTokens.deadTokens.has(read(value), credential());
		}

		leave(): void {
			this.modules.sharedStore.sharedStoreOf(redisUrl(server.url)).close();
		}
	}

	/** Makes both workers keep the same live token. */
	async function shareToken(): Promise<string> {
		const token = await one.bring();
		expect(kis.live).toContain(token);
		other.keep(token);
		expect(await other.bring()).toBe(token);
		return token;
	}

	const questions = () => kis.seen('quote').length;
	const issues = () => kis.seen('tokenP').length;

	test('a token goes to nobody from the moment before it is sent; dead, it is replaced', async () => {
		const token = await shareToken();
		await one.revoke(token, async () => {
			expect(await other.bring()).toBe('beingRevoked');
			kis.live.delete(token);
			return 'revoked';
		});
		expect(await other.bring()).not.toBe(token);
		expect(other.isDead(token)).toBe(true);
		expect([issues(), questions()]).toEqual([2, 0]);
	});

	test('what was not sent is used on', async () => {
		const token = await shareToken();
		await one.revoke(token, async () => 'notSent');
		expect(await other.bring()).toBe(token);
		expect(await one.bring()).toBe(token);
		expect([issues(), questions()]).toEqual([1, 0]);
	});

	test.each(['unknown', 'rejected'] as const)(
		'%s: KIS is asked before the token is used, once for all workers',
		async (outcome) => {
			const token = await shareToken();
			await one.revoke(token, async () => outcome);
			expect(await other.bring()).toBe(token);
			expect(questions()).toBe(1);
			expect(await other.bring()).toBe(token);
			expect(await one.bring()).toBe(token);
			expect([issues(), questions()]).toEqual([1, 1]);
		},
	);

	test('unknown, and dead: one worker asks KIS, and all know', async () => {
		const token = await shareToken();
		await one.revoke(token, async () => {
			kis.live.delete(token);
			return 'unknown';
		});
		expect(await other.bring()).not.toBe(token);
		await one.bring();
		expect(one.isDead(token)).toBe(true);
		expect(questions()).toBe(1);
	});

	test('of two workers that revoke it, the one that has not sent it takes nothing back', async () => {
		const token = await shareToken();
		await one.revoke(token, async () => {
			await other.revoke(token, async () => 'notSent');
			return 'unknown';
		});
		await other.bring();
		expect(questions()).toBe(1);
	});

	test.each(['notSent', 'rejected'] as const)(
		'of two workers that revoke it, the one that ends first (%s) does not release the token',
		async (outcome) => {
			const token = await shareToken();
			await one.revoke(token, async () => {
				await other.revoke(token, async () => outcome);
				expect(await other.bring()).toBe('beingRevoked');
				kis.live.delete(token);
				return 'revoked';
			});
			expect(await other.bring()).not.toBe(token);
			expect(questions()).toBe(0);
		},
	);

	test('a check that began before another revoke does not resolve the doubt that the revoke leaves', async () => {
		const token = await shareToken();
		await one.revoke(token, async () => 'unknown');
		const answer = http(200, '{"rt_cd":"0","msg_cd":"MCA00000"}');
		let answered = () => {};
		kis.orders.quote = [(socket) => (answered = () => void socket.write(answer))];
		const asking = other.bring();
		await until(() => questions() === 1);
		await one.revoke(token, async () => {
			kis.live.delete(token);
			return 'unknown';
		});
		// While the first question is under way, another request of the same worker looks.
		const { learnFromOthers } = other.modules.sharedMarks;
		await learnFromOthers(read(token), credential());
		answered();
		expect(await asking).not.toBe(token);
	});

	test('an emptied Redis does not resolve what a revoke has left open', async () => {
		const token = await shareToken();
		await one.revoke(token, async () => 'unknown');
		server.say('FLUSHALL');
		kis.orders.quote = [reset, reset];
		expect(await one.bring()).toBe('unsettled');
		expect(await one.bring()).toBe('unsettled');
		expect(await one.bring()).toBe(token);
		expect(questions()).toBe(3);
	});

	test('marks that Redis has lost are restored while the revoke is under way', async () => {
		const token = await shareToken();
		await one.revoke(token, async () => {
			server.say('FLUSHALL');
			expect(await sharedTokensOf(credential())?.lookUp([read(token)])).toEqual(['unmarked']);
			await until(() => server.say('KEYS', '*:token:*') !== '', { looks: 2000 });
			expect(await other.bring()).toBe('beingRevoked');
			return 'notSent';
		});
		expect(server.say('KEYS', '*run:*')).toBe('');
		sharedStoreOf(redisUrl(server.url)).close();
	});

	test('a revoke whose effect could not be recorded is recorded when Redis is back', async () => {
		const token = await shareToken();
		server.freeze();
		await one.revoke(token, async () => {
			kis.live.delete(token);
			return 'revoked';
		});
		server.thaw();
		// What was sent before it froze may be executed only now.
		await until(() => server.say('HGETALL', server.say('KEYS', '*:token:*')) === 'dead\n1', {
			looks: 2000,
		});
		expect(await other.bring()).not.toBe(token);
		expect(questions()).toBe(0);
	});

	test('a worker records again what it knows to be dead, if Redis has lost it', async () => {
		const token = await shareToken();
		one.modules.deadTokens.deadTokens.add(read(token), credential());
		await one.modules.sharedMarks.learnFromOthers(read(token), credential());
		kis.live.delete(token);
		expect(await other.bring()).not.toBe(token);
		expect(questions()).toBe(0);
	});

	test('a token that claims to live for centuries is remembered for a hundred days', async () => {
		const token = read(makeToken(kis.keys.appkey, { exp: Date.UTC(9000, 0) / 1000 }));
		await sharedTokensOf(credential())?.tellDead(token);
		const [name] = server.say('KEYS', '*:token:*').split('\n');
		expect(Number(server.say('PTTL', name))).toBeLessThanOrEqual(100 * 24 * 60 * 60 * 1000);
		sharedStoreOf(redisUrl(server.url)).close();
	});

	test('a full Redis still takes marks', async () => {
		const token = await shareToken();
		server.say('CONFIG', 'SET', 'maxmemory', '1');
		await one.revoke(token, async () => {
			expect(await other.bring()).toBe('beingRevoked');
			return 'notSent';
		});
		server.say('CONFIG', 'SET', 'maxmemory', '0');
	});

	test('a worker that is killed while it revokes leaves the token open', async () => {
		const token = await shareToken();
		let end: (outcome: RevokeOutcome) => void = () => {};
		const ended = new Promise<RevokeOutcome>((resolve) => (end = resolve));
		let revoking: Promise<void> | undefined;
		const begun = new Promise<void>((resolve) => {
			revoking = one.revoke(token, async () => {
				resolve();
				return await ended;
			});
		});
		await begun;
		expect(await other.bring()).toBe('beingRevoked');
		// As if its lease had run out.
		const [run] = server.say('KEYS', '*run:*').split('\n');
		server.say('DEL', run);
		expect(await other.bring()).toBe(token);
		expect(questions()).toBe(1);
		expect(await other.bring()).toBe(token);
		expect(questions()).toBe(1);
		// It lives after all: its watchdog must not outlive the test.
		end('notSent');
		await revoking;
	});

	test('a dead token that KIS gives again is known to be dead everywhere', async () => {
		const token = await one.bring();
		await one.revoke(token, async () => 'revoked');
		// It is the same that it gives within six hours.
		kis.gives = token;
		expect(await other.bring()).toBe('notIssued');
		expect(other.isDead(token)).toBe(true);
		// One each: it was known before it was taken for good.
		expect(issues()).toBe(2);
	});

	test('if Redis goes away during a revoke, KIS is asked', async () => {
		const token = await shareToken();
		await one.revoke(token, async () => {
			expect(await other.bring()).toBe('beingRevoked');
			await server.stop();
			expect(await other.bring()).toBe(token);
			expect(questions()).toBe(1);
			return 'unknown';
		});
		await server.run();
		// The worker records it now, and must not try after the test.
		const isRecorded = () => server.say('KEYS', '*:token:*') !== '';
		expect(await until(isRecorded, { looks: 500, everyMs: 20 })).toBe(true);
	});

	test('thousands are marked, and found dead', async () => {
		const tokens = Array.from({ length: 2500 }, () => read(makeToken(kis.keys.appkey)));
		const shared = sharedTokensOf(credential());
		const run = await shared?.begin(tokens);
		expect(await shared?.lookUp(tokens)).toEqual(Array(2500).fill('revoking'));
		await run?.close(tokens.map((_token, i) => (['dead', 'open', 'asBefore'] as const)[i % 3]));
		const standings = (await shared?.lookUp(tokens)) ?? [];
		expect(standings.slice(0, 3)).toEqual([
			'dead',
			{ leftOpenBy: expect.stringMatching(/^n8n-kis:run:/) },
			'unmarked',
		]);
		expect(standings.filter((it) => it === 'dead')).toHaveLength(834);
		sharedStoreOf(redisUrl(server.url)).close();
	});

	/** Lets Redis fail once: at the second call with this word. */
	const failSecond = (word: string) => {
		const { SharedStore } = one.modules.sharedStore;
		const run = SharedStore.prototype.run;
		let calls = 0;
		jest.spyOn(SharedStore.prototype, 'run').mockImplementation(async function (
			this: InstanceType<typeof SharedStore>,
			script,
			keys,
			argsFor = () => [],
		) {
			const isMeant = argsFor({ id: '', startedAt: 0 })[0] === word;
			if (isMeant && ++calls === 2) return { trouble: 'slow' };
			return await run.call(this, script, keys, argsFor);
		});
	};

	test('of many tokens, those that Redis failed to mark are marked when it is back', async () => {
		const token = await shareToken();
		const many = Array.from({ length: 500 }, () => read(makeToken(kis.keys.appkey)));
		failSecond('begin');
		const { whileRevoking } = one.modules.sharedMarks;
		await whileRevoking([...many, read(token)], credential(), async () => {
			kis.live.delete(token);
			const isMarked = async () => (await other.bring()) === 'beingRevoked';
			let looks = 0;
			while (!(await isMarked()) && ++looks < 100) await sleep(100);
			expect(await isMarked()).toBe(true);
			return new Map();
		});
	});

	test('of many tokens, those that Redis has called dead are known to be, if it then fails', async () => {
		const token = await shareToken();
		const many = Array.from({ length: 500 }, () => read(makeToken(kis.keys.appkey)));
		await other.revoke(token, async () => 'revoked');
		failSecond('look');
		const shared = one.modules.sharedTokens.sharedTokensOf(credential());
		expect(await shared?.lookUp([read(token), ...many])).toBeNull();
		expect(one.isDead(token)).toBe(true);
	});

	test('neither token nor key nor fingerprint lies in Redis, and all of it expires', async () => {
		const token = await shareToken();
		await one.revoke(token, async () => 'unknown');
		const names = server.say('KEYS', '*').split('\n');
		expect(names.some((name) => name.startsWith('n8n-kis:token:'))).toBe(true);
		const stored = names.map((name) => `${name} ${server.say('DUMP', name)}`).join('\n');
		const { appkey, appsecret } = kis.keys;
		const secrets = [token, read(token).fingerprint, appkey, appsecret];
		expect(found(stored, secrets)).toBeUndefined();
		for (const name of names) expect(Number(server.say('PTTL', name))).toBeGreaterThan(0);
	});
});

/** The modules anew. */
async function load() {
	let modules: Awaited<ReturnType<typeof importAll>> | undefined;
	await jest.isolateModulesAsync(async () => {
		modules = await importAll();
	});
	if (!modules) throw new Error('not loaded');
	return modules;
}

async function importAll() {
	return {
		bringToken: await import('../../kis/keptToken/bringToken'),
		keptToken: await import('../../kis/keptToken/keptToken'),
		sharedMarks: await import('../../kis/memory/sharedMarks'),
		sharedTokens: await import('../../kis/memory/sharedTokens'),
		deadTokens: await import('../../kis/memory/deadTokens'),
		sharedStore: await import('../../kis/redis/sharedStore'),
	};
}
