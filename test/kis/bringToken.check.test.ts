// When KIS is asked whether the kept token is alive, how often, and what its answer decides.
import { KIS_CODES } from '../../kis/reply/errorCodes';
import { tokenAtHand } from '../../kis/keptToken/bringToken';
import { checkToken } from '../../kis/keptToken/checkToken';
import { keptTokenOf } from '../../kis/keptToken/keptToken';
import { limiterOfAppKey } from '../../kis/rateLimit/limiterFor';
import { never } from '../../kis/waiting';
import { uapiRefusal } from '../support/kisDouble';
import { http, refusal, reset, silence } from '../support/scriptedServer';
import { makeOpaqueToken, read } from '../support/tokens';
import {
	MINUTE,
	HOUR,
	clock,
	kis,
	credential,
	bring,
	brought,
	check,
	giveNext,
	issuedAs,
	issues,
	questions,
} from '../support/bringing';

describe('a token that was not seen alive for ten minutes', () => {
	test('is asked about once, for all who want it, and then trusted for ten more', async () => {
		const token = await brought();
		clock.now += 9.9 * MINUTE;
		await brought();
		expect(questions()).toBe(0);
		clock.now += 0.2 * MINUTE;
		expect(new Set(await Promise.all([brought(), brought(), brought()]))).toEqual(new Set([token]));
		expect(questions()).toBe(1);
		clock.now += 9.9 * MINUTE;
		await brought();
		expect(questions()).toBe(1);
		clock.now += 0.2 * MINUTE;
		await brought();
		expect([issues(), questions()]).toEqual([1, 2]);
	});

	test('is asked about once after this computer’s clock was set back', async () => {
		const token = await brought();
		clock.now -= 9 * HOUR;
		expect(await brought({ mayWait: true })).toBe(token);
		expect(await tokenAtHand(credential())).not.toBeNull();
		expect(await brought()).toBe(token);
		expect(questions()).toBe(1);
	});

	test('is asked about with one quote that says whose it is', async () => {
		const token = await brought();
		clock.now += 11 * MINUTE;
		await brought();
		const [{ line, headers, body }] = kis.seen('quote');
		expect(line).toBe(
			'GET /uapi/domestic-stock/v1/quotations/inquire-price?FID_COND_MRKT_DIV_CODE=J&FID_INPUT_ISCD=005930 HTTP/1.1',
		);
		expect(headers).toMatchObject({
			...kis.keys,
			authorization: `Bearer ${token}`,
			tr_id: 'FHKST01010100',
		});
		expect(body).toBe('');
	});

	test('is replaced where KIS calls it dead', async () => {
		const token = await brought();
		kis.live.clear();
		clock.now += 11 * MINUTE;
		const next = await brought();
		expect(next).not.toBe(token);
		expect(kis.live).toContain(next);
		expect([issues(), questions()]).toEqual([2, 1]);
	});

	test.each(
		Object.keys(KIS_CODES).flatMap((code) => [200, 500].map((status) => [code, status] as const)),
	)('%s on HTTP %d decides as it should', async (code, status) => {
		const token = await brought();
		clock.now += 11 * MINUTE;
		kis.orders.quote = [uapiRefusal(code, status)];
		const isDead = ['EGW00121', 'EGW00122', 'EGW00123'].includes(code);
		expect((await brought()) !== token).toBe(isDead);
		expect(issues()).toBe(isDead ? 2 : 1);
	});

	test.each([
		['HTML', http(200, '<html></html>')],
		['a refusal of the quote itself', http(200, '{"rt_cd":"1","msg_cd":"OPSQ2000","msg1":"x"}')],
		['401', http(401, '{}')],
		['403', http(403, '')],
		['a fault', http(500, '{"rt_cd":"1","msg_cd":"","msg1":""}')],
		['a reset', reset],
		['an empty object', http(200, '{}')],
		['a code of the OAuth endpoints that says nothing of the token', refusal('EGW00103', 403)],
	])(
		'%s decides nothing: it is used, and not asked about again for a minute',
		async (_name, answer) => {
			const token = await brought();
			clock.now += 11 * MINUTE;
			kis.orders.quote = [answer];
			expect(await brought()).toBe(token);
			expect(await brought()).toBe(token);
			expect([issues(), questions()]).toEqual([1, 1]);
			clock.now += 61_000;
			await brought();
			expect(questions()).toBe(2);
		},
	);

	test('is not asked about sooner, because something else was asked in vain', async () => {
		const token = read(await brought());
		kis.orders.quote = [reset];
		expect(await check(token)).toMatchObject({ alive: null });
		clock.now += 5 * MINUTE;
		await brought();
		expect(questions()).toBe(1);
	});

	test.each(['cancel', 'stopWaiting'] as const)(
		'is asked about, though a question before was not sent (%s)',
		async (name) => {
			const token = await brought();
			clock.now += 11 * MINUTE;
			await checkToken(credential(), read(token), {
				requestsPerSecond: 1000,
				timeoutMs: 1000,
				cancel: never(),
				[name]: AbortSignal.abort(),
			});
			expect(questions()).toBe(0);
			expect(await brought()).toBe(token);
			expect(questions()).toBe(1);
		},
	);

	test('is asked about, though a question before was broken off', async () => {
		const token = await brought();
		clock.now += 11 * MINUTE;
		const stop = new AbortController();
		kis.orders.quote = [() => stop.abort()];
		await checkToken(credential(), read(token), {
			requestsPerSecond: 1000,
			timeoutMs: 1000,
			cancel: stop.signal,
		});
		expect(questions()).toBe(1);
		expect(await brought()).toBe(token);
		expect(questions()).toBe(2);
	});

	test('is dead if KIS calls it expired, even if another replaces it meanwhile', async () => {
		const token = read(await brought());
		kis.orders.quote = [
			(socket) => {
				keptTokenOf(credential()).note(issuedAs(kis.mint()), clock.now);
				socket.write(refusal('EGW00123', 500));
			},
		];
		expect(await check(token)).toMatchObject({ alive: false });
	});

	test('is not asked about sooner, because KIS has given it again', async () => {
		kis.gives = kis.mint();
		clock.now += HOUR;
		await brought();
		keptTokenOf(credential()).note(issuedAs(kis.gives), clock.now);
		clock.now += 5 * MINUTE;
		await brought();
		expect([issues(), questions()]).toEqual([1, 1]);
	});

	test('waits for its turn in the limit of the app key', async () => {
		await brought();
		clock.now += 11 * MINUTE;
		const started = performance.now();
		limiterOfAppKey(kis.keys.appkey).pause(400);
		await brought();
		expect(performance.now() - started).toBeGreaterThan(390);
		expect(limiterOfAppKey(kis.keys.appkey).isIdle(performance.now() + 100_000)).toBe(true);
	});

	test('and gives its turn back, one after the other', async () => {
		const token = read(kis.mint());
		const started = performance.now();
		await check(token, 1);
		await check(token, 1);
		expect(performance.now() - started).toBeGreaterThan(990);
	});

	test('and holds everyone on the app key where KIS says that its count is full', async () => {
		const token = read(kis.mint());
		kis.orders.quote = [uapiRefusal('EGW00201')];
		const started = performance.now();
		await check(token);
		await check(token);
		expect(performance.now() - started).toBeGreaterThan(990);
	});

	test('waits for nobody who was stopped', async () => {
		await brought();
		clock.now += 11 * MINUTE;
		kis.orders.quote = [silence];
		const stop = new AbortController();
		const asking = bring({ cancel: stop.signal });
		await kis.received(2);
		stop.abort();
		expect(await asking).toEqual({ because: 'cancelled' });
	});

	test('may be one that KIS has just given: it was issued earlier, to another program', async () => {
		kis.gives = kis.mint();
		clock.now += HOUR;
		expect(await brought()).toBe(kis.gives);
		expect([issues(), questions()]).toEqual([1, 1]);
	});

	test.each([
		['right', 0],
		['behind', 2 * HOUR],
		['ahead', -2 * HOUR],
	])('as long ago by its clock, where the one of this computer is %s', async (_name, aheadMs) => {
		const token = giveNext(HOUR, aheadMs);
		expect(await brought()).toBe(token);
		expect([issues(), questions()]).toEqual([1, 1]);
	});

	test.each([
		['right', 0],
		['behind', 2 * HOUR],
		['ahead', -2 * HOUR],
	])('but is not asked about if it is new, where that clock is %s', async (_name, aheadMs) => {
		const token = giveNext(0, aheadMs);
		expect(await brought()).toBe(token);
		expect([issues(), questions()]).toEqual([1, 0]);
	});

	test('may say nothing of itself', async () => {
		kis.gives = makeOpaqueToken();
		kis.live.add(kis.gives);
		expect(await brought()).toBe(kis.gives);
		expect([issues(), questions()]).toEqual([1, 1]);
	});
});
