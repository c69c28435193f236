// What a process makes of what another worker does with the token in a real Redis. The other worker is played here, step by
// step, so that each step falls where it matters. Workers that are processes of their own: sharedKept.test.ts.
// First: it replaces the waits of what is imported after it.
import {
	bring,
	brought,
	clock,
	credential,
	HOUR,
	issuedAs,
	issues,
	kis,
	meanwhile,
	MINUTE,
	questions,
	waits,
} from '../support/bringing';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { AccessToken } from '../../kis/input/accessToken';
import type { KisCredential } from '../../kis/input/credential';
import { checkKept, checkToken } from '../../kis/keptToken/checkToken';
import { issueToken } from '../../kis/issue/issueToken';
import { SharedCall } from '../../kis/issue/sharedCall';
import { tokenAtHand } from '../../kis/keptToken/bringToken';
import { KeptToken, keptTokenOf } from '../../kis/keptToken/keptToken';
import { keptOrIssued } from '../../kis/keptToken/keptOrIssued';
import type { KeptState } from '../../kis/keptToken/keptState';
import { decodeState, encodeState } from '../../kis/keptToken/keptStateCodec';
import { SharedKept } from '../../kis/keptToken/sharedKept';
import { whileRevoking } from '../../kis/memory/sharedMarks';
import { limiterOfAppKey } from '../../kis/rateLimit/limiterFor';
import { SharedTokens } from '../../kis/memory/sharedTokens';
import { sharedStoreOf } from '../../kis/redis/sharedStore';
import { until } from '../../tools/common/until';
import { describeWithRedis, RedisServer, redisUrl } from '../support/redis';
import { http } from '../support/scriptedServer';
import { makeOpaqueToken, read } from '../support/tokens';
import { uapiRefusal } from '../support/kisDouble';

const DEAD_WORKER_HOLD_MS = MINUTE;

describeWithRedis('another worker', () => {
	let server: RedisServer;
	beforeAll(async () => {
		server = await RedisServer.start();
	});
	afterEach(async () => {
		sharedStoreOf(redisUrl(server.url)).close();
		server.say('FLUSHALL');
	});
	afterAll(async () => await server.stop());

	const shared = (): KisCredential => credential({ redis: redisUrl(server.url) });
	const other = () => new SharedKept(shared(), redisUrl(server.url), 'other');
	const marks = () => new SharedTokens(shared(), redisUrl(server.url));
	const stateWith = (token: string): KeptState => {
		const kept = new KeptToken();
		kept.note(issuedAs(token), clock.now);
		return kept.state;
	};
	const writing = (token: string) => ({
		text: encodeState(stateWith(token), clock.now),
		token: read(token),
		keptMs: HOUR,
	});
	/** The other worker keeps this token, and this process knows. */
	const shareKept = async (token = kis.mint()): Promise<string> => {
		await other().write(writing(token));
		expect(await brought({}, shared())).toBe(token);
		return token;
	};
	const waited = () => waits.reduce((sum, ms) => sum + ms, 0);

	const options = (cancel = new AbortController()) => ({
		requestsPerSecond: 1000,
		timeoutMs: 5000,
		maxRetries: 0,
		waitWhenLimited: false,
		cancel: cancel.signal,
		execution: {},
		knownTokens: [],
	});
	const issue = async (cancel?: AbortController) =>
		await keptOrIssued(shared(), HOUR, options(cancel));
	const given = async () => {
		const result = await issue();
		return 'kept' in result ? `kept ${result.kept.token.value}` : result.outcome;
	};

	describe('requests a token', () => {
		let worker: SharedKept;
		beforeEach(async () => {
			worker = other();
			expect(await worker.take(DEAD_WORKER_HOLD_MS)).toBe('done');
		});
		const answered = (token: string) => {
			meanwhile.does = async () => {
				meanwhile.does = async () => {};
				expect(await worker.release(writing(token))).toBe('done');
			};
		};

		test('and gets one: requests use it', async () => {
			const token = kis.mint();
			answered(token);
			expect(await brought({ mayWait: true }, shared())).toBe(token);
			expect(waits).toHaveLength(1);
			expect(issues()).toBe(0);
		});

		test('and gets one: Issue returns it', async () => {
			const token = kis.mint();
			answered(token);
			expect(await given()).toBe(`kept ${token}`);
			expect(waits).not.toEqual([]);
			expect(issues()).toBe(0);
		});

		test.each([
			['an order', false, 10_000],
			['a read', true, 90_000],
		])('and gets none: %s leaves when that takes too long', async (_name, mayWait, patienceMs) => {
			expect(await brought({ mayWait }, shared())).toBe('requestedElsewhere');
			expect(waited()).toBeGreaterThanOrEqual(patienceMs);
			expect(waited()).toBeLessThan(2 * patienceMs);
			expect(issues()).toBe(0);
		});

		test('and gets none: Issue requests one itself when that takes too long', async () => {
			expect(await given()).toBe('issued');
			expect(waited()).toBeGreaterThanOrEqual(90_000);
			expect(waited()).toBeLessThan(180_000);
			expect(issues()).toBe(1);
		});

		test('and Issue is stopped meanwhile: it requests none', async () => {
			const stop = new AbortController();
			meanwhile.does = async () => stop.abort();
			expect(await issue(stop)).toMatchObject({ outcome: 'notSent' });
			expect(waits).toHaveLength(1);
			expect(issues()).toBe(0);
		});
	});

	describe('never lets this one request a token', () => {
		beforeEach(() => {
			jest.spyOn(SharedKept.prototype, 'take').mockResolvedValue('refused');
			meanwhile.does = async () => {
				clock.now += MINUTE / 2;
			};
		});

		test('a read leaves when that takes too long', async () => {
			expect(await brought({ mayWait: true }, shared())).toBe('notIssued');
			expect(issues()).toBe(0);
		});

		test('Issue requests one itself when that takes too long, and asks Redis at intervals until then', async () => {
			const look = jest.spyOn(SharedKept.prototype, 'look');
			// Here only waits pass on the clock: without any, it would never end.
			const end = setTimeout(() => (clock.now += HOUR), 4000);
			expect(await given()).toBe('issued');
			clearTimeout(end);
			expect(issues()).toBe(1);
			expect(look.mock.calls.length).toBeLessThan(20);
		});

		test('a read whose token is due uses it', async () => {
			kis.life = HOUR / 1000;
			const token = await shareKept();
			clock.now += HOUR - MINUTE * 4;
			expect(await brought({ mayWait: true }, shared())).toBe(token);
			expect(issues()).toBe(0);
		});
	});

	test('was faster, but has none yet and is gone: a read requests one itself', async () => {
		jest.spyOn(SharedKept.prototype, 'take').mockResolvedValueOnce('refused');
		expect(kis.live).toContain(await brought({ mayWait: true }, shared()));
		expect(issues()).toBe(1);
	});

	test('requests none while a read waits for an answer, though an Issue that shared its request was stopped', async () => {
		let answer = () => {};
		const token = kis.mint();
		kis.orders.tokenP = [
			(socket: Socket) => {
				const body = { access_token: token, token_type: 'Bearer', expires_in: 86_400 };
				answer = () => void socket.write(http(200, JSON.stringify(body)));
			},
		];
		const reading = brought({ mayWait: true }, shared());
		expect(await until(() => issues() === 1)).toBe(true);
		const stop = new AbortController();
		const join = jest.spyOn(SharedCall.prototype, 'join');
		const issuing = issue(stop);
		expect(await until(() => join.mock.calls.length === 1)).toBe(true);
		stop.abort();
		expect(await issuing).toMatchObject({ outcome: 'unknown' });
		expect((await other().look())?.waitMs).toBeGreaterThan(0);
		expect(await other().take(0)).toBe('refused');
		answer();
		expect(await reading).toBe(token);
		expect(await other().look()).toMatchObject({ waitMs: 0, abandoned: null });
	});

	test.each(['dead', 'open'] as const)(
		'has revoked what an execution was given (%s): the execution is not given it again unasked',
		async (effect) => {
			const ofExecution = options();
			const given = await issueToken(shared(), ofExecution);
			const token = 'grant' in given ? given.grant.token : read('');
			await (await marks().begin([token])).close([effect]);
			expect(await issueToken(shared(), ofExecution)).toMatchObject({ outcome: 'issued' });
			expect(issues()).toBe(2);
		},
	);

	describe('writes while the token request of a read, which Issue has joined, waits for its turn', () => {
		/** What a read and an Issue get whose request is withdrawn, since `write` was faster. */
		const joined = async (write: (worker: SharedKept) => Promise<unknown>) => {
			const token = await shareKept();
			const worker = other();
			clock.now += 23.5 * HOUR;
			const cancel = new AbortController().signal;
			await checkToken(shared(), read(token), { requestsPerSecond: 1000, timeoutMs: 5000, cancel });
			limiterOfAppKey(kis.keys.appkey).pause(500);
			const join = jest.spyOn(SharedCall.prototype, 'join');
			const joins = async (count: number) =>
				expect(await until(() => join.mock.calls.length === count)).toBe(true);
			const reading = brought({ mayWait: true }, shared());
			await joins(1);
			const issuing = given();
			await joins(2);
			await worker.look();
			expect(await write(worker)).toBe('done');
			const got = await Promise.all([reading, issuing]);
			return { token, got };
		};

		test('a check of the token: both look again, and share another request', async () => {
			const { token, got } = await joined(async (worker) => {
				const { state } = keptTokenOf(shared());
				const checked = { ...state, checkAt: clock.now + MINUTE };
				return await worker.write({
					text: encodeState(checked, clock.now),
					token: state.grant?.token ?? null,
					keptMs: HOUR,
				});
			});
			expect(kis.live).toContain(got[0]);
			expect(got).toEqual([expect.not.stringMatching(token), 'issued']);
			expect(issues()).toBe(1);
		});

		test('a token: both get it', async () => {
			let next = '';
			const { got } = await joined(async (worker) => {
				next = kis.mint();
				return await worker.write(writing(next));
			});
			expect(got).toEqual([next, `kept ${next}`]);
			expect(issues()).toBe(0);
		});
	});

	test('has left a lease that is no number: it does not count', async () => {
		await shareKept();
		const name = server.say('KEYS', '*kept:*');
		server.say('DEL', name);
		server.say('HSET', name, 'holder', 'x', 'heldUntil', 'nan', 'requestedAt', 'nan');
		const worker = other();
		expect(await worker.look()).toMatchObject({ waitMs: 0, abandoned: null });
		expect(await worker.take(DEAD_WORKER_HOLD_MS)).toBe('done');
	});

	test('begins to request a token while this one is checked: Issue returns what it gets', async () => {
		const old = await shareKept();
		const next = kis.mint();
		const worker = other();
		kis.orders.quote = [
			(socket) =>
				void worker
					.look()
					.then(async () => await worker.take(DEAD_WORKER_HOLD_MS))
					.then(() => socket.write(uapiRefusal('EGW00121') as Buffer)),
		];
		clock.now += HOUR;
		meanwhile.does = async () => {
			await worker.look();
			await worker.release(writing(next));
		};
		expect(await given()).toBe(`kept ${next}`);
		expect(next).not.toBe(old);
		expect(issues()).toBe(0);
	});

	test('keeps a token: it is at hand here', async () => {
		const token = kis.mint();
		expect(await tokenAtHand(shared())).toBeNull();
		await other().write(writing(token));
		expect((await tokenAtHand(shared()))?.value).toBe(token);
		// It is due, and serves while another is requested.
		clock.now += 23.5 * HOUR;
		expect((await tokenAtHand(shared(), keptTokenOf(shared()).token))?.value).toBe(token);
		expect([issues(), questions()]).toEqual([0, 0]);
	});

	test('keeps the same token: it stays the same object here', async () => {
		const token = await shareKept();
		const before = keptTokenOf(shared()).token;
		const worker = other();
		await worker.look();
		await worker.write(writing(token));
		expect(await bring({}, shared())).toBe(before);
		expect(keptTokenOf(shared()).token).toBe(before);
	});

	test('finds the server emptied: the token is checked here before it is used', async () => {
		const token = await shareKept();
		server.say('FLUSHALL');
		expect(questions()).toBe(0);
		expect(await brought({}, shared())).toBe(token);
		expect(await brought({}, shared())).toBe(token);
		expect(questions()).toBe(1);
	});

	test('learns what a check has shown here', async () => {
		await shareKept();
		const worker = other();
		await worker.look();
		clock.now += HOUR;
		await brought({}, shared());
		expect(questions()).toBe(1);
		const { news } = (await worker.look()) ?? {};
		const state = decodeState(news?.text ?? '', shared(), clock.now);
		expect(state?.checkAt).toBe(clock.now + 10 * MINUTE);
	});

	describe('revokes the token', () => {
		const revoking = async (token: string) => await marks().begin([read(token)]);
		const refused = async () => {
			expect(await brought({}, shared())).toBe('beingRevoked');
			expect(await tokenAtHand(shared())).toBeNull();
		};

		test('it is used by none meanwhile, and again if the revoke was not sent', async () => {
			const token = await shareKept();
			const lease = await revoking(token);
			await refused();
			await lease.close(['asBefore']);
			expect(await brought({}, shared())).toBe(token);
			expect([issues(), questions()]).toEqual([0, 0]);
		});

		test('it is checked if the revoke left it open', async () => {
			const token = await shareKept();
			const lease = await revoking(token);
			await refused();
			await lease.close(['open']);
			expect(await tokenAtHand(shared())).toBeNull();
			expect(await brought({}, shared())).toBe(token);
			expect([issues(), questions()]).toEqual([0, 1]);
		});

		test('it is replaced if it is dead', async () => {
			const token = await shareKept();
			const lease = await revoking(token);
			kis.live.delete(token);
			await lease.close(['dead']);
			const next = await brought({ mayWait: true }, shared());
			expect(kis.live).toContain(next);
			expect([issues(), questions()]).toEqual([1, 0]);
		});

		test('Issue does not ask about it, and requests another', async () => {
			const token = await shareKept();
			const lease = await revoking(token);
			expect(await given()).toBe('issued');
			expect([issues(), questions()]).toEqual([1, 0]);
			await lease.close(['asBefore']);
		});

		test('and Redis goes away: the token is checked before it is used', async () => {
			const token = await shareKept();
			const lease = await revoking(token);
			await refused();
			await server.stop();
			expect(await brought({}, shared())).toBe(token);
			expect(questions()).toBe(1);
			await server.run();
			// Otherwise the lease would be recorded later, when this test is over.
			while ((await marks().lookUp([read(token)])) === null) await sleep(20);
			await lease.close(['asBefore']);
		});
	});
});

test('a credential without a Redis is told nothing of other workers', async () => {
	const token = kis.mint();
	keptTokenOf(credential()).note(issuedAs(token), clock.now);
	expect((await tokenAtHand(credential()))?.value).toBe(token);
});

describe('a check', () => {
	const CHECKING = { requestsPerSecond: 1000, timeoutMs: 5000 };
	const kept = async (): Promise<AccessToken> => {
		const token = kis.mint();
		keptTokenOf(credential()).note(issuedAs(token), clock.now);
		return read(token);
	};

	test('that began before a revoke is not shared with one that began after it', async () => {
		const token = await kept();
		const cancel = new AbortController().signal;
		const check = async () => await checkKept(credential(), token, { ...CHECKING, cancel });
		const first = check();
		await whileRevoking([token], credential(), async () => new Map());
		const second = check();
		const third = check();
		expect(await Promise.all([first, second, third])).toMatchObject(
			Array.from({ length: 3 }, () => ({ alive: true })),
		);
		expect(questions()).toBe(2);
	});

	test('of another token leaves the kept one as it was', async () => {
		await kept();
		const before = keptTokenOf(credential()).state;
		const cancel = new AbortController().signal;
		await checkToken(credential(), read(kis.mint()), { ...CHECKING, cancel });
		expect(keptTokenOf(credential()).state).toBe(before);
	});

	test('that takes long is waited for by a read, and by an order whose token is in doubt', async () => {
		const slow = kis.mint();
		keptTokenOf(credential()).note(issuedAs(slow), clock.now);
		clock.now += HOUR;
		const later = (socket: Socket) =>
			void setTimeout(() => socket.write(uapiRefusal('EGW00121') as Buffer), 2500);
		kis.orders.quote = [later];
		const brought = await bring({ mayWait: true });
		expect(brought).not.toMatchObject({ value: slow });
		const doubted = brought as AccessToken;
		await whileRevoking([doubted], credential(), async () => new Map());
		kis.orders.quote = [later];
		expect(await bring()).not.toMatchObject({ because: 'unsettled' });
		expect(questions()).toBe(2);
	});
});

test('what KIS says when it refuses another token does not quote the one before', async () => {
	const value = makeOpaqueToken();
	keptTokenOf(credential()).note(issuedAs(value), clock.now);
	clock.now += HOUR;
	const error_description = `다시 시도하세요: ${value}`;
	kis.orders.tokenP = [http(403, JSON.stringify({ error_code: 'EGW00133', error_description }))];
	const refused = JSON.stringify(await bring());
	expect(refused).toContain('Withheld');
	expect(refused).not.toContain(value);
});
