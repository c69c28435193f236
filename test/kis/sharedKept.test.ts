// The token that a credential brings, shared by workers through a real Redis. Each worker is a process of its own. What is
// tried: workers that want a token concurrently; a worker that is killed at each step; a token that is revoked meanwhile; a
// Redis that goes away, is emptied, full or read-only; what was tampered with in it; and what is stored in it.
import { setTimeout as sleep } from 'node:timers/promises';

import type { KisCredential } from '../../kis/input/credential';
import { KeptShare } from '../../kis/keptToken/keptShare';
import { KeptToken } from '../../kis/keptToken/keptToken';
import { SharedKept } from '../../kis/keptToken/sharedKept';
import { sharedTokensOf } from '../../kis/memory/sharedTokens';
import { sharedStoreOf } from '../../kis/redis/sharedStore';
import { leaks } from '../support/encodings';
import { KisDouble } from '../support/kisDouble';
import { describeWithRedis, RedisServer, redisUrl } from '../support/redis';
import {
	closeServers,
	hangUp,
	http,
	refusal,
	silence,
	type Answer,
} from '../support/scriptedServer';
import { found } from '../support/secrets';
import { credentialFor, makeToken, read } from '../support/tokens';
import { WorkerProcess } from '../support/workerProcess';

const MINUTE = 61_000;

describeWithRedis('the kept token of several workers', () => {
	let server: RedisServer;
	let kis: KisDouble;
	const workers: WorkerProcess[] = [];
	beforeAll(async () => {
		server = await RedisServer.start();
	});
	beforeEach(async () => {
		kis = await new KisDouble().start();
	});
	afterEach(async () => {
		await Promise.all(workers.splice(0).map(async (worker) => await worker.kill()));
		sharedStoreOf(redisUrl(server.url)).close();
		server.say('FLUSHALL');
		await closeServers();
	});
	afterAll(async () => await server.stop());

	const credential = (): KisCredential => ({
		...credentialFor(kis.keys, kis.url),
		redis: redisUrl(server.url),
	});
	const start = () => {
		const worker = new WorkerProcess(credential());
		workers.push(worker);
		return worker;
	};
	const issues = () => kis.seen('tokenP').length;
	const questions = () => kis.seen('quote').length;
	const names = () => server.say('KEYS', '*').split('\n').filter(Boolean);
	const nameOfKept = () => names().find((name) => name.startsWith('n8n-kis:kept:')) ?? '';
	const field = (name: string) => server.say('HGET', nameOfKept(), name);
	const until = async (isSo: () => boolean) => {
		while (!isSo()) await sleep(5);
	};
	/** The lease of a killed worker runs out. */
	const passLease = () => server.say('HINCRBY', nameOfKept(), 'heldUntil', '-6000');
	/** KIS's minute passes, but for half a second. */
	const passMinute = () => server.say('HINCRBY', nameOfKept(), 'heldUntil', String(500 - MINUTE));

	describe('one issue', () => {
		test('serves concurrent callers in both processes', async () => {
			kis.orders.tokenP = [
				(socket) => {
					const access_token = kis.mint();
					void sleep(200).then(() => socket.write(http(200, JSON.stringify({ access_token }))));
				},
			];
			const pair = [start(), start()];
			const brought = await Promise.all(
				Array.from({ length: 40 }, async (_, i) => await pair[i % 2].bring(i % 3 === 0)),
			);
			expect(new Set(brought)).toEqual(kis.live);
			expect([issues(), questions()]).toEqual([1, 0]);
		});

		test('serves a worker that starts later, and one that starts after all others have stopped', async () => {
			const first = start();
			const token = await first.bring();
			expect(await start().bring()).toBe(token);
			await first.kill();
			expect(await start().bring(true)).toBe(token);
			expect([issues(), questions()]).toEqual([1, 0]);
		});

		test('by Issue serves requests on other workers, and Issue returns a token that a request brought', async () => {
			const [one, other] = [start(), start()];
			const [issued, brought] = await Promise.all([one.tell('issue'), other.bring(true)]);
			expect((issued as string[])[1]).toBe(brought);
			expect(await other.tell('issue')).toEqual(['kept', brought]);
			expect(issues()).toBe(1);
		});

		test('does not keep a stopped caller waiting', async () => {
			kis.orders.tokenP = [silence];
			void start().bring();
			await kis.received(1);
			const other = start();
			const waiting = other.bring(true);
			await sleep(300);
			await other.tell('stop');
			expect(await waiting).toBe('cancelled');
			expect(issues()).toBe(1);
		});
	});

	describe('what one worker has learnt of issuing', () => {
		test.each<[string, Answer]>([
			["KIS's minute is not over", refusal('EGW00133')],
			['the key pair is refused', refusal('EGW00105')],
			['the answer was lost', hangUp],
		])('%s: no other worker requests one, either', async (_name, answer) => {
			kis.orders.tokenP = [answer];
			expect(await start().bring()).toBe('notIssued');
			expect(await start().bring()).toBe('notIssued');
			expect(issues()).toBe(1);
		});

		test('a refusal that says nothing about the next request does not hold the other back', async () => {
			kis.orders.tokenP = [refusal('EGW00101')];
			expect(await start().bring()).toBe('notIssued');
			expect(kis.live).toContain(await start().bring());
		});

		test('does not depend on the clocks of the workers', async () => {
			const [one, ahead] = [start(), start()];
			await ahead.tell('clock', 4 * MINUTE);
			kis.orders.tokenP = [refusal('EGW00133')];
			expect(await ahead.bring()).toBe('notIssued');
			expect(await one.bring()).toBe('notIssued');
			expect(issues()).toBe(1);
		});
	});

	describe('a worker that is killed, or loses its lease', () => {
		test('before its request: the next one requests a token, without waiting a minute', async () => {
			const first = start();
			await first.tell('pause', 60_000);
			void first.bring();
			await until(() => field('holder') !== '');
			expect(field('requestedAt')).toBe('');
			await first.kill();
			passLease();
			expect(kis.live).toContain(await start().bring());
			expect(issues()).toBe(1);
		});

		test('while KIS answers: an order is refused, a read waits the minute, and one issue follows', async () => {
			kis.orders.tokenP = [silence];
			const first = start();
			void first.bring();
			await kis.received(1);
			await first.kill();
			const reads = [start(), start()].map(async (worker) => await worker.bring(true));
			await sleep(300);
			expect(issues()).toBe(1);
			passLease();
			expect(await start().bring()).toBe('notIssued');
			await sleep(1200);
			expect(issues()).toBe(1);
			passMinute();
			// The reads that were waiting before the clock was moved wait a whole minute.
			expect(kis.live).toContain(await start().bring(true));
			expect(issues()).toBe(2);
			void Promise.all(reads);
		});

		test('after the answer, before it has written it: likewise', async () => {
			const first = start();
			kis.orders.tokenP = [
				(socket) => {
					server.freeze();
					socket.write(http(200, JSON.stringify({ access_token: kis.mint() })));
				},
			];
			void first.bring();
			await kis.received(1);
			await sleep(300);
			await first.kill();
			server.thaw();
			passLease();
			expect(await start().bring()).toBe('notIssued');
			passMinute();
			expect(kis.live).toContain(await start().bring(true));
			expect(issues()).toBe(2);
		});

		test('after it has written the answer: the token serves', async () => {
			const first = start();
			const token = await first.bring();
			await first.kill();
			expect(await start().bring()).toBe(token);
			expect(issues()).toBe(1);
		});

		test('before its request, by standing still for longer than its lease: it sends none', async () => {
			const [slow, other] = [start(), start()];
			// It has started, and found Redis.
			await slow.tell('atHand');
			await slow.tell('pause', 3000);
			const brought = slow.bring(true);
			await until(() => field('holder') !== '');
			passLease();
			const token = await other.bring();
			expect(await brought).toBe(token);
			expect(issues()).toBe(1);
		});

		test('a live worker keeps the lease for as long as KIS takes', async () => {
			kis.orders.tokenP = [silence];
			void start().bring();
			await kis.received(1);
			const before = Number(field('heldUntil'));
			await until(() => Number(field('heldUntil')) > before);
			expect(issues()).toBe(1);
		});
	});

	describe('a token that is revoked', () => {
		test('on one worker is used by none, and replaced once', async () => {
			const [one, other] = [start(), start()];
			const token = await one.bring();
			expect(await other.bring()).toBe(token);
			kis.live.clear();
			await one.tell('revoke', token, 'revoked');
			expect(await other.tell('atHand')).toBeNull();
			const next = await Promise.all([one.bring(), other.bring()]);
			expect(new Set(next)).toEqual(kis.live);
			expect([issues(), questions()]).toEqual([2, 0]);
		});

		test('while KIS gives it is used by nobody', async () => {
			const [one, other] = [start(), start()];
			const token = kis.mint();
			kis.orders.tokenP = [
				(socket) => {
					const answer = http(200, JSON.stringify({ access_token: token }));
					void other.tell('revoke', token, 'revoked').then(() => socket.write(answer));
				},
			];
			expect(await one.bring()).toBe('notIssued');
			expect(await other.bring()).toBe('notIssued');
			expect(await start().bring()).toBe('notIssued');
			expect(issues()).toBe(1);
		});

		test('between the answer and the writing is not written', async () => {
			const shared = new SharedKept(credential(), redisUrl(server.url), 'one');
			const token = read(kis.mint());
			expect(await shared.take(MINUTE)).toBe('done');
			expect(await shared.request(MINUTE)).toBe('done');
			await sharedTokensOf(credential())?.tellDead(token);
			const writing = { text: 'with the token', token, keptMs: MINUTE };
			expect(await shared.release(writing)).toBe('dead');
			const seen = await new SharedKept(credential(), redisUrl(server.url), 'other').look();
			const nothing = { news: null, isLost: false, isOtherServer: false };
			expect(seen).toEqual({ ...nothing, waitMs: 0, abandoned: null });
		});

		test('and checked by one worker is known to be alive by the other', async () => {
			const [one, other] = [start(), start()];
			const token = await one.bring();
			await other.bring();
			await one.tell('revoke', token, 'unknown');
			expect(await one.bring()).toBe(token);
			expect(await other.bring()).toBe(token);
			expect([issues(), questions()]).toEqual([1, 1]);
		});
	});

	describe('the lease', () => {
		const keptBy = (process: string) => new SharedKept(credential(), redisUrl(server.url), process);
		const text = (it: string) => ({ text: it, token: null, keptMs: MINUTE });

		test('is held by one at a time, and not taken by a process that has not seen the latest version', async () => {
			const [one, other] = [keptBy('one'), keptBy('other')];
			expect(await one.take(MINUTE)).toBe('done');
			expect(await other.take(MINUTE)).toBe('refused');
			expect((await other.look())?.waitMs).toBeGreaterThanOrEqual(50);
			expect(await one.release(text('first'))).toBe('done');
			expect(await other.take(MINUTE)).toBe('refused');
			expect((await other.look())?.news?.text).toBe('first');
			expect(await other.take(MINUTE)).toBe('done');
		});

		test('that was lost to another process permits no request', async () => {
			const [one, other] = [keptBy('one'), keptBy('other')];
			await one.take(MINUTE);
			passLease();
			expect(await other.take(MINUTE)).toBe('done');
			expect(await one.request(MINUTE)).toBe('refused');
			expect(await other.release(text('of the other'))).toBe('done');
			expect(await one.request(MINUTE)).toBe('refused');
			expect(await one.write(text('late'))).toBe('refused');
			expect(await one.release(text('late'))).toBe('refused');
			expect((await one.look())?.news?.text).toBe('of the other');
		});

		test('permits neither a request nor a write to a process that has not seen the latest version', async () => {
			const [one, other] = [keptBy('one'), keptBy('other')];
			expect(await one.take(MINUTE)).toBe('done');
			expect(await other.write(text('of one that has not waited'))).toBe('done');
			expect(await one.take(MINUTE)).toBe('done');
			expect(await one.request(MINUTE)).toBe('refused');
			expect(await one.release(text('late'))).toBe('refused');
			const seen = await one.look();
			expect(seen).toMatchObject({ news: { text: 'of one that has not waited' }, waitMs: 0 });
			expect(await other.take(MINUTE)).toBe('done');
		});

		test('of a dead process does not last longer if Redis’s clock is set back', async () => {
			const [one, other] = [keptBy('one'), keptBy('other')];
			await one.take(MINUTE);
			await one.request(MINUTE);
			server.say('HINCRBY', nameOfKept(), 'heldUntil', '3600000');
			server.say('HINCRBY', nameOfKept(), 'requestedAt', '3600000');
			expect(await other.look()).toMatchObject({ waitMs: 0, abandoned: null });
			expect(await other.take(MINUTE)).toBe('done');
		});

		test('of a process that died after its request is not taken for a minute', async () => {
			const [one, other] = [keptBy('one'), keptBy('other')];
			await one.take(MINUTE);
			await one.request(MINUTE);
			passLease();
			expect(await other.take(MINUTE)).toBe('refused');
			expect(await other.look()).toMatchObject({
				waitMs: 0,
				abandoned: { name: field('requestedAt') },
			});
			// The request may have gone out until the lease was over.
			server.say('HINCRBY', nameOfKept(), 'requestedAt', String(-MINUTE));
			expect(await other.take(MINUTE)).toBe('refused');
			server.say('HINCRBY', nameOfKept(), 'heldUntil', String(-MINUTE));
			expect(await other.take(MINUTE)).toBe('done');
			expect((await one.look())?.abandoned).toBeNull();
		});

		test('is taken in a full Redis', async () => {
			const one = keptBy('one');
			server.say('CONFIG', 'SET', 'maxmemory', '1');
			expect(await one.take(MINUTE)).toBe('done');
			expect(await one.request(MINUTE)).toBe('done');
			expect(await one.release(text('first'))).toBe('done');
			server.say('CONFIG', 'SET', 'maxmemory', '0');
		});
	});

	test('concurrent syncs do not overwrite what another worker has written', async () => {
		const kept = new KeptToken();
		const note = (keeper: KeptToken, iat: number) => {
			const grant = { token: read(kis.mint({ iat })), expiresAt: null, isOver: false } as const;
			const attempts = [{ verdict: 'confirmed' }] as never;
			const issued = { ...grant, clockAheadMs: 0, fields: {} };
			keeper.note({ outcome: 'issued', grant: issued, attempts }, Date.now());
			return grant.token.value;
		};
		const now = Math.floor(Date.now() / 1000);
		const shareOf = (keeper: KeptToken, process: string) =>
			new KeptShare(
				keeper,
				credential(),
				new SharedKept(credential(), redisUrl(server.url), process),
			);
		const theirs = new KeptToken();
		const younger = note(theirs, now);
		await shareOf(theirs, 'other').sync();
		note(kept, now - 3600);
		const share = shareOf(kept, 'one');
		await Promise.all([share.sync(), share.sync(), share.sync()]);
		expect(kept.token?.value).toBe(younger);
		const third = new KeptToken();
		await shareOf(third, 'third').sync();
		expect(third.token?.value).toBe(younger);
	});

	test('what another server kept is checked before it is used, once', async () => {
		const one = start();
		const token = await one.bring();
		const takeOver = () => server.say('HSET', nameOfKept(), 'server', 'another');
		takeOver();
		expect(await start().bring()).toBe(token);
		expect(await start().bring()).toBe(token);
		expect(await one.bring()).toBe(token);
		expect([issues(), questions()]).toEqual([1, 1]);
		takeOver();
		// It was revoked, and the server that has taken over does not know.
		kis.live.clear();
		expect(await start().bring(true)).not.toBe(token);
		expect(await one.bring(true)).not.toBe(token);
		expect(issues()).toBe(2);
	});

	describe('where Redis', () => {
		afterEach(async () => {
			await server.stop();
			await server.run();
		});

		test('goes away, each worker serves itself, and the younger token wins when it is back', async () => {
			const [one, other] = [start(), start()];
			await server.stop();
			await one.bring();
			await sleep(1100);
			const younger = await other.bring();
			expect(issues()).toBe(2);
			await server.run();
			const agreed = async () => {
				const both = await Promise.all([one.bring(), other.bring()]);
				return both.every((it) => it === younger);
			};
			while (!(await agreed())) await sleep(200);
			expect(await start().bring()).toBe(younger);
			expect(issues()).toBe(2);
		});

		test.each<[string, () => void, () => void]>([
			['does not answer', () => server.freeze(), () => server.thaw()],
			['goes', () => void server.stop(), () => {}],
			['is read-only', () => void server.say('REPLICAOF', '127.0.0.1', '1'), () => {}],
		])('%s while KIS answers, the token still serves', async (_name, disturb, mend) => {
			kis.orders.tokenP = [
				(socket) => {
					disturb();
					socket.write(http(200, JSON.stringify({ access_token: kis.mint() })));
				},
			];
			const one = start();
			const token = await one.bring();
			expect(kis.live).toContain(token);
			expect(await one.bring()).toBe(token);
			expect(issues()).toBe(1);
			mend();
		});

		test('is emptied, the token is checked once, and shared again', async () => {
			const [one, other] = [start(), start()];
			const token = await one.bring();
			await other.bring();
			server.say('FLUSHALL');
			expect(await one.bring()).toBe(token);
			expect(await other.bring()).toBe(token);
			expect(await start().bring()).toBe(token);
			expect([issues(), questions()]).toEqual([1, 1]);
		});
	});

	describe('what is stored in Redis', () => {
		test('holds neither token nor key nor secret, in any encoding, and expires', async () => {
			const one = start();
			const token = await one.bring();
			await one.tell('revoke', token, 'unknown');
			await one.bring();
			expect(nameOfKept()).toMatch(/^n8n-kis:kept:[0-9a-f]{64}$/);
			const fields = server.say('HGETALL', nameOfKept());
			const sealed = Buffer.from(field('sealed'), 'base64').toString('latin1');
			const dumps = names().map((name) => `${name} ${server.say('DUMP', name)}`);
			const stored = [fields, sealed, ...dumps].join('\n');
			const { appkey, appsecret } = kis.keys;
			const secrets = [token, read(token).fingerprint, appkey, appsecret];
			expect(found(stored, secrets)).toBeUndefined();
			expect(leaks(stored, secrets)).toEqual([]);
			for (const name of names()) expect(Number(server.say('PTTL', name))).toBeGreaterThan(0);
		});

		test('is another ciphertext each time, for the same token', async () => {
			const writing = { text: 'the same', token: null, keptMs: MINUTE };
			const shared = new SharedKept(credential(), redisUrl(server.url), 'one');
			await shared.write(writing);
			const before = field('sealed');
			await shared.write(writing);
			expect(field('sealed')).not.toBe(before);
		});

		test.each<[string, (sealed: string) => string]>([
			['nothing', () => ''],
			['something else', () => 'x'.repeat(300)],
			['less', (sealed) => sealed.slice(0, -8)],
			['one bit changed', (sealed) => (sealed.startsWith('A') ? 'B' : 'A') + sealed.slice(1)],
		])('and is %s is ignored', async (_name, change) => {
			await start().bring();
			const name = nameOfKept();
			server.say('HSET', name, 'sealed', change(field('sealed')), 'version', 'another');
			expect(kis.live).toContain(await start().bring());
			expect(issues()).toBe(2);
		});

		test('is ignored under another name', async () => {
			await start().bring();
			const sealed = field('sealed');
			server.say('FLUSHALL');
			const other = new SharedKept(
				{ ...credential(), baseUrl: new URL('/relay/', kis.url) },
				redisUrl(server.url),
				'one',
			);
			await other.take(MINUTE);
			server.say('HSET', nameOfKept(), 'sealed', sealed, 'version', 'another');
			expect((await other.look())?.news).toBeNull();
		});

		test('and is a token of another app key is not used', async () => {
			const shared = new SharedKept(credential(), redisUrl(server.url), 'one');
			const { NOTHING_KEPT } = await import('../../kis/keptToken/keptState');
			const { encodeState } = await import('../../kis/keptToken/keptStateCodec');
			const token = read(makeToken('PSanother'));
			const grant = { token, expiresAt: null, isOver: false, clockAheadMs: 0, fields: {} };
			const text = encodeState({ ...NOTHING_KEPT, grant }, Date.now());
			await shared.write({ text, token, keptMs: MINUTE });
			expect(kis.live).toContain(await start().bring());
			expect(issues()).toBe(1);
		});
	});
});
