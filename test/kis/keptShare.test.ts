// How one process keeps its token in step with others through a real Redis: what it writes, for how long, what it adopts, and
// when it may request a token. The others are shares of their own in this process. Workers that are processes of their own:
// sharedKept.test.ts.
import { setTimeout as sleep } from 'node:timers/promises';

import type { KisCredential } from '../../kis/input/credential';
import type { Grant } from '../../kis/issue/grant';
import { KeptShare, keptShareOf, learnOfKept } from '../../kis/keptToken/keptShare';
import { KeptToken } from '../../kis/keptToken/keptToken';
import { SharedKept } from '../../kis/keptToken/sharedKept';
import { deadTokens } from '../../kis/memory/deadTokens';
import { SharedTokens } from '../../kis/memory/sharedTokens';
import { SharedStore, sharedStoreOf } from '../../kis/redis/sharedStore';
import { until } from '../../tools/common/until';
import { makeAttempt } from '../support/attempts';
import { describeWithRedis, RedisServer, redisUrl } from '../support/redis';
import { credentialFor, makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** KIS issues one token a minute, and the rule has a second to spare. */
const INTERVAL = 61_000;
const HOLD = INTERVAL;

const ATTEMPT = makeAttempt('confirmed', { httpStatus: 200 });
const LIMITED = makeAttempt('refused', { refusalCode: 'EGW00133' });

describeWithRedis('a share of the kept token', () => {
	let server: RedisServer;
	let credential: KisCredential & { readonly redis: NonNullable<KisCredential['redis']> };
	beforeAll(async () => {
		server = await RedisServer.start();
	});
	beforeEach(() => {
		const keys = makeKeyPair();
		const redis = redisUrl(server.url);
		credential = { ...credentialFor(keys, 'http://127.0.0.1:1'), redis };
	});
	afterEach(() => {
		jest.restoreAllMocks();
		sharedStoreOf(redisUrl(server.url)).close();
		server.say('FLUSHALL');
	});
	afterAll(async () => await server.stop());

	const worker = (name: string) => {
		const kept = new KeptToken();
		const shared = new SharedKept(credential, credential.redis, name);
		return { kept, shared, share: new KeptShare(kept, credential, shared) };
	};
	/** As far as their clocks agree: what is written arrives a little later. */
	const areClose = (one: number, other: number) => Math.abs(one - other) < MINUTE;
	type Worker = ReturnType<typeof worker>;
	const pair = () => [worker('one'), worker('other')] as const;

	/** A token that was issued so long ago. */
	const issued = (agoMs = 0, claims: object = {}): Grant => {
		const iat = Math.floor((Date.now() - agoMs) / 1000);
		const token = read(makeToken(credential.appkey, { iat, exp: iat + DAY / 1000, ...claims }));
		return { token, expiresAt: null, isOver: false, clockAheadMs: 0, fields: {} };
	};
	const opaque = (expiresAt: number | null = null): Grant => ({
		...issued(),
		token: read(makeOpaqueToken()),
		expiresAt,
	});
	const give = ({ kept }: Worker, grant: Grant, now = Date.now()) =>
		kept.note({ outcome: 'issued', grant, attempts: [ATTEMPT] }, now);
	const refuse = ({ kept }: Worker) =>
		kept.note({ outcome: 'rejected', attempts: [LIMITED], decisive: LIMITED }, Date.now());
	const valueOf = ({ kept }: Worker) => kept.token?.value;

	const name = () => server.say('KEYS', '*kept:*');
	const field = (of: string) => server.say('HGET', name(), of);
	const keptForMs = () => Number(server.say('PTTL', name()));
	/** The lease of a worker that does not extend it runs out. */
	const passLease = () => server.say('HINCRBY', name(), 'heldUntil', '-6000');

	describe('writes', () => {
		test('what only this process knows, and another adopts it', async () => {
			const [one, other] = pair();
			give(one, issued());
			await one.share.sync();
			await other.share.sync();
			expect(valueOf(other)).toBe(valueOf(one));
			expect(areClose(other.kept.state.renewAt, one.kept.state.renewAt)).toBe(true);
		});

		test('nothing while nothing is known', async () => {
			const [one] = pair();
			await one.share.sync();
			expect(name()).toBe('');
		});

		test('nothing again while nothing changes, in the process that wrote it and in one that read it', async () => {
			const [one, other] = pair();
			give(one, issued());
			await one.share.sync();
			const version = field('version');
			for (const { share } of [one, other, one, other]) await share.sync();
			expect(field('version')).toBe(version);
		});

		test('again what has changed', async () => {
			const [one, other] = pair();
			give(one, issued());
			await one.share.sync();
			await other.share.sync();
			one.kept.noteChecked(true, Date.now() + HOUR);
			await one.share.sync();
			await other.share.sync();
			expect(areClose(other.kept.state.checkAt, one.kept.state.checkAt)).toBe(true);
		});

		test('what was learnt of issuing, without a token', async () => {
			const [one, other] = pair();
			refuse(one);
			await one.share.sync();
			await other.share.sync();
			expect(other.kept.holdAt(Date.now())?.issuance.outcome).toBe('rejected');
			expect(valueOf(other)).toBeUndefined();
		});

		test('no token that is known to be dead', async () => {
			const [one, other] = pair();
			give(one, issued());
			deadTokens.add(issued().token, credential);
			deadTokens.add(read(valueOf(one)), credential);
			refuse(one);
			await one.share.sync();
			await other.share.sync();
			expect(valueOf(other)).toBeUndefined();
			expect(other.kept.holdAt(Date.now())).not.toBeNull();
		});

		test('no token that Redis knows to be dead, and learns of it', async () => {
			const [one, other] = pair();
			const grant = issued();
			give(one, grant);
			await new SharedTokens(credential, credential.redis).tellDead(grant.token);
			expect(deadTokens.has(grant.token, credential)).toBe(false);
			await one.share.sync();
			expect(deadTokens.has(grant.token, credential)).toBe(true);
			await other.share.sync();
			expect(valueOf(other)).toBeUndefined();
		});

		test.each<[string, () => Grant, number]>([
			['a token that says when it expires', () => issued(), DAY],
			['one that KIS says that of', () => opaque(Date.now() + 5 * HOUR), 5 * HOUR],
			['one that nobody says that of', () => opaque(), DAY],
			['one that says and KIS says otherwise', () => ({ ...issued(), expiresAt: 1 }), DAY],
			['one for a year', () => issued(0, { exp: Date.now() / 1000 + 365 * 86400 }), 100 * DAY],
			['one for a second', () => issued(0, { exp: Date.now() / 1000 + 1 }), 2 * INTERVAL],
		])('%s for as long as it may live', async (_name, make, lifeMs) => {
			const [one] = pair();
			give(one, make());
			await one.share.sync();
			expect(keptForMs()).toBeLessThanOrEqual(lifeMs);
			// As much as this computer may have stood still.
			expect(keptForMs()).toBeGreaterThan(lifeMs - 2000 - MINUTE * Number(lifeMs > HOUR));
		});

		test('why no token is to be requested for as long as that lasts', async () => {
			const [one] = pair();
			const grant = issued();
			const hold = { outcome: 'unusable', flaw: 'dead', grant, attempts: [ATTEMPT] } as const;
			one.kept.note(hold, Date.now());
			await one.share.sync();
			expect(keptForMs()).toBeGreaterThan(6 * HOUR - MINUTE);
			expect(keptForMs()).toBeLessThanOrEqual(6 * HOUR);
		});
	});

	describe('if both have changed', () => {
		const agreed = async (ours: (it: Worker) => void, theirs: (it: Worker) => void) => {
			const [one, other] = pair();
			theirs(other);
			await other.share.sync();
			const ofTheirs = valueOf(other);
			ours(one);
			const ofOurs = valueOf(one);
			await one.share.sync();
			await other.share.sync();
			expect(valueOf(one)).toBe(valueOf(other));
			if (ofOurs === ofTheirs) return 'the same';
			return valueOf(one) === ofOurs ? 'ours' : 'theirs';
		};
		const kill = (it: Worker) => deadTokens.add(read(valueOf(it)), credential);
		const has = (make: () => Grant, now?: () => number) => (it: Worker) =>
			give(it, make(), now?.());
		const hasDead = (make: () => Grant, now?: () => number) => (it: Worker) => {
			has(make, now)(it);
			kill(it);
		};
		const later = () => Date.now() + MINUTE;

		test.each<[string, (it: Worker) => void, (it: Worker) => void, string]>([
			['the younger token wins', has(() => issued(HOUR)), has(() => issued()), 'theirs'],
			['whoever has it', has(() => issued()), has(() => issued(HOUR)), 'ours'],
			['unless it is dead', hasDead(() => issued(), later), has(() => issued(HOUR)), 'theirs'],
			['whoever has that', has(() => issued(HOUR)), hasDead(() => issued(), later), 'ours'],
			['an opaque one wins over none', has(() => opaque()), refuse, 'ours'],
			['and none loses, later', (it) => refuse(it), has(() => opaque(Date.now() + HOUR)), 'theirs'],
			['of equals, the later one wins', has(() => opaque(), later), has(() => opaque()), 'ours'],
			['and the earlier one loses', has(() => opaque()), has(() => opaque(), later), 'theirs'],
		])('%s', async (_name, ours, theirs, winner) => {
			expect(await agreed(ours, theirs)).toBe(winner);
		});

		test.each([
			['later', MINUTE, 'unknown'],
			['earlier', -MINUTE, 'rejected'],
		])('without a token, what was learnt %s counts', async (_name, laterMs, outcome) => {
			const [one, other] = pair();
			refuse(other);
			await other.share.sync();
			const issuance = { outcome: 'unknown', attempts: [ATTEMPT], decisive: null } as const;
			one.kept.note(issuance, Date.now() + laterMs);
			await one.share.sync();
			expect(one.kept.state.hold?.issuance.outcome).toBe(outcome);
		});

		test('one that Redis knows to be dead loses', async () => {
			const [one, other] = pair();
			give(other, issued(HOUR));
			await other.share.sync();
			const younger = issued();
			give(one, younger);
			await new SharedTokens(credential, credential.redis).tellDead(younger.token);
			await one.share.sync();
			expect(valueOf(one)).toBe(valueOf(other));
		});
	});

	test('moments count from when they were written, by Redis’s clock', async () => {
		const [one, other] = pair();
		give(one, issued());
		await one.share.sync();
		server.say('HINCRBY', name(), 'writtenAt', String(-HOUR));
		await other.share.sync();
		const moved = other.kept.state.renewAt - one.kept.state.renewAt;
		expect(moved).toBeGreaterThanOrEqual(-HOUR - MINUTE);
		expect(moved).toBeLessThan(-HOUR + MINUTE);
	});

	describe('if the others’ knowledge is lost', () => {
		test('the token is checked before it is used, and written again', async () => {
			const [one] = pair();
			give(one, issued());
			await one.share.sync();
			server.say('FLUSHALL');
			expect(one.kept.isCheckDue(Date.now())).toBe(false);
			await one.share.sync();
			expect(one.kept.isCheckDue(Date.now())).toBe(true);
			expect(name()).not.toBe('');
		});

		test('with a server that took over: what it keeps is checked, once', async () => {
			const [one, other] = pair();
			give(one, issued());
			await one.share.sync();
			server.say('HSET', name(), 'server', 'another');
			await other.share.sync();
			expect(valueOf(other)).toBe(valueOf(one));
			expect(other.kept.isCheckDue(Date.now())).toBe(true);
			other.kept.noteChecked(true, Date.now());
			// Until this process has written, the mark of the old server stays.
			server.say('HSET', name(), 'server', 'another');
			await other.share.sync();
			expect(other.kept.isCheckDue(Date.now())).toBe(false);
		});

		test('with a server that had been replaced and is back: what it keeps is checked', async () => {
			const [one, other] = pair();
			give(one, issued());
			for (const { share } of [one, other]) await share.sync();
			const run = SharedStore.prototype.run;
			jest.spyOn(SharedStore.prototype, 'run').mockImplementation(async function (
				this: SharedStore,
				...args
			) {
				const answer = await run.apply(this, args);
				return 'reply' in answer ? { ...answer, server: { id: 'another', startedAt: 0 } } : answer;
			});
			await other.share.sync();
			expect(other.kept.isCheckDue(Date.now())).toBe(true);
			other.kept.noteChecked(true, Date.now());
			await other.share.sync();
			expect(other.kept.isCheckDue(Date.now())).toBe(false);
			// Who looks there later takes over what was learnt since, and need not check it again.
			await one.share.sync();
			expect(one.kept.isCheckDue(Date.now())).toBe(false);
		});

		test('with a server that is back: another token there may be an older one, and is checked', async () => {
			const [one, other] = pair();
			give(one, issued(MINUTE));
			await one.share.sync();
			const run = SharedStore.prototype.run;
			const elsewhere = jest.spyOn(SharedStore.prototype, 'run');
			elsewhere.mockImplementation(async function (this: SharedStore, ...args) {
				const answer = await run.apply(this, args);
				return 'reply' in answer ? { ...answer, server: { id: 'another', startedAt: 0 } } : answer;
			});
			await other.shared.look();
			elsewhere.mockRestore();
			give(other, issued());
			deadTokens.add(read(valueOf(other)), credential);
			server.say('HSET', name(), 'version', 'older');
			await other.share.sync();
			expect(valueOf(other)).toBe(valueOf(one));
			expect(other.kept.isCheckDue(Date.now())).toBe(true);
		});

		test('and nothing is lost where nothing was', async () => {
			const [one] = pair();
			expect(await one.shared.look()).toMatchObject({ isLost: false, news: null });
			give(one, issued());
			await one.share.sync();
			expect(one.kept.isCheckDue(Date.now())).toBe(false);
		});
	});

	describe('the lease', () => {
		test('is held by one at a time, and the next one may take it who has read what was brought', async () => {
			const [one, other] = pair();
			const lease = await one.share.takeLease(HOLD);
			expect(await other.share.takeLease(HOLD)).toBeNull();
			expect(await lease?.beforeRequest()).toBe(true);
			give(one, issued());
			await lease?.release();
			expect(await other.share.takeLease(HOLD)).toBeNull();
			await other.share.sync();
			expect(valueOf(other)).toBe(valueOf(one));
			const next = await other.share.takeLease(HOLD);
			expect(next).not.toBeNull();
			await next?.release();
		});

		test('is known to the others, who look again', async () => {
			const [one, other] = pair();
			const lease = await one.share.takeLease(HOLD);
			await other.share.sync();
			expect(other.kept.waitForOthersMs).toBeGreaterThanOrEqual(50);
			await lease?.release();
			await other.share.sync();
			expect(other.kept.waitForOthersMs).toBe(0);
		});

		test('that was lost permits no request, and what another brought is adopted', async () => {
			const [one, other] = pair();
			const lease = await one.share.takeLease(HOLD);
			passLease();
			const theirs = await other.share.takeLease(HOLD);
			expect(await lease?.beforeRequest()).toBe(false);
			give(other, issued());
			await theirs?.release();
			await lease?.release();
			expect(valueOf(one)).toBe(valueOf(other));
		});

		test('permits no request once this process has another token', async () => {
			const [one] = pair();
			give(one, issued(HOUR));
			await one.share.sync();
			const lease = await one.share.takeLease(HOLD);
			one.kept.noteChecked(true, Date.now());
			expect(await lease?.beforeRequest()).toBe(true);
			give(one, issued());
			expect(await lease?.beforeRequest()).toBe(false);
			await lease?.release();
		});

		test('is given up if this process learnt something while it was taken', async () => {
			const [one, other] = pair();
			const taking = one.share.takeLease(HOLD);
			give(one, issued());
			expect(await taking).toBeNull();
			await other.share.sync();
			expect(valueOf(other)).toBe(valueOf(one));
			const lease = await other.share.takeLease(HOLD);
			expect(lease).not.toBeNull();
			await lease?.release();
		});

		test('is given up when Redis is back, if it was away then', async () => {
			const [one, other] = pair();
			const lease = await one.share.takeLease(HOLD);
			expect(await lease?.beforeRequest()).toBe(true);
			give(one, issued());
			jest.spyOn(one.shared, 'release').mockResolvedValueOnce('apart');
			await lease?.release();
			passLease();
			await other.share.sync();
			expect(other.kept.holdAt(Date.now())).not.toBeNull();
			const hasHeard = async () => {
				await other.share.sync();
				return valueOf(other) === valueOf(one);
			};
			expect(await until(hasHeard, { looks: 400, everyMs: 20 })).toBe(true);
			expect(other.kept.holdAt(Date.now())).toBeNull();
			expect(server.say('HEXISTS', name(), 'holder')).toBe('0');
		});

		test('is not given up late, if this process has taken it again', async () => {
			const [one, other] = pair();
			const lease = await one.share.takeLease(HOLD);
			const release = jest.spyOn(one.shared, 'release').mockResolvedValueOnce('apart');
			await lease?.release();
			const next = await one.share.takeLease(HOLD);
			await sleep(2500);
			expect(release).toHaveBeenCalledTimes(1);
			expect(await other.share.takeLease(HOLD)).toBeNull();
			await next?.release();
		});

		test('is given up late, though it was refused to this process meanwhile', async () => {
			const [one, other] = pair();
			const lease = await one.share.takeLease(HOLD);
			expect(await lease?.beforeRequest()).toBe(true);
			jest.spyOn(one.shared, 'release').mockResolvedValueOnce('apart');
			await lease?.release();
			passLease();
			give(other, issued());
			await other.share.sync();
			expect(await one.share.takeLease(HOLD)).toBeNull();
			const isGivenUp = () => server.say('HEXISTS', name(), 'holder') === '0';
			expect(await until(isGivenUp, { looks: 400, everyMs: 20 })).toBe(true);
		});

		test('is held until the last of this process’s callers gives it up', async () => {
			const [one, other] = pair();
			const lease = await one.share.takeLease(HOLD);
			expect(await lease?.beforeRequest()).toBe(true);
			const second = await one.share.takeLease(HOLD);
			refuse(one);
			await second?.release();
			await other.share.sync();
			// What the one that left has learnt is told immediately.
			expect(other.kept.holdAt(Date.now())?.issuance.outcome).toBe('rejected');
			expect(other.kept.waitForOthersMs).toBeGreaterThan(0);
			expect(await other.share.takeLease(HOLD)).toBeNull();
			await lease?.release();
			await other.share.sync();
			expect(other.kept.waitForOthersMs).toBe(0);
			expect(server.say('HEXISTS', name(), 'holder')).toBe('0');
		});

		test('that ended while this process was refused another is given up late', async () => {
			const [one, other] = pair();
			const lease = await one.share.takeLease(HOLD);
			expect(await lease?.beforeRequest()).toBe(true);
			passLease();
			give(other, issued());
			await other.share.sync();
			const refused = one.share.takeLease(HOLD);
			await lease?.release();
			expect(await refused).toBeNull();
			const isGivenUp = () => server.say('HEXISTS', name(), 'holder') === '0';
			expect(await until(isGivenUp, { looks: 400, everyMs: 20 })).toBe(true);
		});

		test('that was given up late is not given up again', async () => {
			const intervals = jest.spyOn(globalThis, 'setInterval');
			const cleared = jest.spyOn(globalThis, 'clearInterval');
			const [one] = pair();
			const lease = await one.share.takeLease(HOLD);
			jest.spyOn(one.shared, 'release').mockResolvedValueOnce('apart');
			await lease?.release();
			const [, [tryAgain]] = intervals.mock.calls;
			tryAgain();
			await one.share.sync();
			expect(server.say('HEXISTS', name(), 'holder')).toBe('0');
			expect(cleared).toHaveBeenCalledWith(intervals.mock.results[1].value);
		});

		test('is not given up late for ever, and by one timer however many ends Redis has not heard of', async () => {
			const intervals = jest.spyOn(globalThis, 'setInterval');
			const cleared = jest.spyOn(globalThis, 'clearInterval');
			const [one] = pair();
			const release = jest.spyOn(one.shared, 'release').mockResolvedValue('apart');
			const first = await one.share.takeLease(HOLD);
			await first?.release();
			const second = await one.share.takeLease(HOLD);
			await second?.release();
			const [, early, , late] = intervals.mock.results.map(({ value }) => value as NodeJS.Timeout);
			expect(cleared).toHaveBeenCalledWith(early);
			expect(late.hasRef()).toBe(false);
			const [tryAgain, everyMs] = intervals.mock.calls[3];
			// Reads wait for a minute after a worker that they take for dead.
			const tries = Math.ceil((2 * MINUTE) / Number(everyMs));
			for (let i = 0; i < tries && !cleared.mock.calls.flat().includes(late); i++) tryAgain();
			expect(cleared).toHaveBeenCalledWith(late);
			await one.share.sync();
			const triedMs = release.mock.calls.length * Number(everyMs);
			expect(triedMs).toBeGreaterThan(INTERVAL + 6000);
			expect(triedMs).toBeLessThan(2 * MINUTE);
		});

		test('is extended until it is given up', async () => {
			const intervals = jest.spyOn(globalThis, 'setInterval');
			const [one, other] = pair();
			const lease = await one.share.takeLease(HOLD);
			const [[extend, everyMs]] = intervals.mock.calls;
			expect(everyMs).toBe(2000);
			passLease();
			extend();
			// Redis takes the commands of a connection in their order.
			await one.shared.look();
			expect(await other.share.takeLease(HOLD)).toBeNull();
			const cleared = jest.spyOn(globalThis, 'clearInterval');
			await lease?.release();
			expect(cleared).toHaveBeenCalledWith(intervals.mock.results[0].value);
		});

		test('of a worker that died after its request is not taken for as long as the next one says', async () => {
			const [one, other] = pair();
			const lease = await one.share.takeLease(HOLD);
			await lease?.beforeRequest();
			passLease();
			expect(await other.share.takeLease(HOLD)).toBeNull();
			const next = await other.share.takeLease(0);
			expect(await next?.beforeRequest()).toBe(true);
			await next?.release();
			await lease?.release();
		});

		test('of a worker that died after its request holds reads back, for a minute from then', async () => {
			const [one, other] = pair();
			const lease = await one.share.takeLease(HOLD);
			await lease?.beforeRequest();
			passLease();
			server.say('HINCRBY', name(), 'heldUntil', String(-10_000));
			await other.share.sync();
			const hold = other.kept.holdAt(Date.now());
			expect(hold?.issuance).toEqual({ outcome: 'unknown', attempts: [], decisive: null });
			expect(Number(hold?.until) - Number(hold?.since)).toBe(INTERVAL);
			expect(Date.now() - Number(hold?.since)).toBeGreaterThanOrEqual(10_000);
			// Callers remember which hold they have waited out.
			await other.share.sync();
			expect(other.kept.holdAt(Date.now())).toBe(hold);
			server.say('HSET', name(), 'requestedAt', '1');
			await other.share.sync();
			expect(other.kept.holdAt(Date.now())).not.toBe(hold);
			await lease?.release();
		});
	});

	describe('where Redis goes away', () => {
		let going: RedisServer;
		let intervals: jest.SpiedFunction<typeof setInterval>;
		beforeEach(async () => {
			intervals = jest.spyOn(globalThis, 'setInterval');
			going = await RedisServer.start();
			credential = { ...credential, redis: redisUrl(going.url) };
		});
		afterEach(async () => {
			// The end of a lease would be told for as long as Redis stays away.
			for (const { value } of intervals.mock.results) clearInterval(value as NodeJS.Timeout);
			sharedStoreOf(credential.redis).close();
			await going.stop();
		});

		test('no lease is needed, and nothing is written', async () => {
			const [one] = pair();
			await going.stop();
			const lease = await one.share.takeLease(HOLD);
			expect(await lease?.beforeRequest()).toBe(true);
			give(one, issued());
			await lease?.release();
			expect(await one.shared.look()).toBeNull();
			expect(await one.shared.take(HOLD)).toBe('apart');
			expect(await one.shared.request(HOLD)).toBe('apart');
			expect(await one.shared.write({ text: '', token: null, keptMs: 1 })).toBe('apart');
		});

		test('nobody waits for others any more', async () => {
			const [one, other] = pair();
			const lease = await one.share.takeLease(HOLD);
			await other.share.sync();
			expect(other.kept.waitForOthersMs).toBeGreaterThan(0);
			await going.stop();
			await other.share.sync();
			expect(other.kept.waitForOthersMs).toBe(0);
			await lease?.release();
		});
	});

	test('news are seen by a process whose write was refused', async () => {
		const [one, other] = pair();
		const text = (it: string) => ({ text: it, token: null, keptMs: MINUTE });
		expect(await one.shared.write(text('first'))).toBe('done');
		expect(await other.shared.write(text('late'))).toBe('refused');
		expect((await other.shared.look())?.news?.text).toBe('first');
		expect((await other.shared.look())?.news).toBeNull();
		expect(await other.shared.write(text('second'))).toBe('done');
		expect((await other.shared.look())?.news).toBeNull();
	});

	test('there is one for a kept token and a Redis', () => {
		const [kept, another] = [new KeptToken(), new KeptToken()];
		const share = keptShareOf(kept, credential);
		expect(share).toBeInstanceOf(KeptShare);
		expect(keptShareOf(kept, credential)).toBe(share);
		expect(keptShareOf(another, credential)).not.toBe(share);
		const elsewhere = { ...credential, redis: redisUrl(`${server.url}/1`) };
		expect(keptShareOf(kept, elsewhere)).not.toBe(share);
		expect(keptShareOf(kept, credential)).toBe(share);
		expect(keptShareOf(kept, { ...credential, redis: null })).toBeNull();
	});

	test('what others know of a token is learnt with the token', async () => {
		const [other] = pair();
		const grant = issued();
		give(other, grant);
		await other.share.sync();
		await new SharedTokens(credential, credential.redis).tellDead(grant.token);
		const kept = new KeptToken();
		await learnOfKept(kept, credential);
		expect(kept.token?.value).toBe(grant.token.value);
		expect(kept.usable(credential)).toBeNull();
	});
});
