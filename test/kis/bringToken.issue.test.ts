// When a token is requested for the credential's requests, and when it is not.
import type { KisCredential } from '../../kis/input/credential';
import type { Issuance } from '../../kis/issue/issuance';
import { keptTokenOf } from '../../kis/keptToken/keptToken';
import { nextStep } from '../../kis/keptToken/nextStep';
import { whileRevoking } from '../../kis/memory/sharedMarks';
import { leftSince, resources } from '../support/resources';
import { hangUp, http, refusal, reset } from '../support/scriptedServer';
import { makeKeyPair, makeToken, read } from '../support/tokens';
import {
	HOUR,
	clock,
	waits,
	kis,
	credential,
	bring,
	brought,
	broughtToRead,
	issuedAs,
	issues,
	questions,
	endedAs,
} from '../support/bringing';

describe('one issue', () => {
	test('serves all who want a token at the same time, and all after them', async () => {
		const before = resources();
		const tokens = await Promise.all(Array.from({ length: 20 }, async () => await brought()));
		expect(new Set(tokens)).toEqual(kis.live);
		expect(await brought()).toBe(tokens[0]);
		expect([issues(), questions()]).toEqual([1, 0]);
		expect(await leftSince(before)).toEqual([]);
	});

	test('is brought to its end for the others, when one leaves', async () => {
		const leave = new AbortController();
		const [left, stays] = [bring({ cancel: leave.signal }), brought()];
		leave.abort();
		expect(await left).toEqual({ because: 'cancelled' });
		expect(kis.live).toContain(await stays);
		expect(issues()).toBe(1);
	});

	test('is brought to its end, though all leave', async () => {
		const leave = new AbortController();
		const left = bring({ cancel: leave.signal });
		leave.abort();
		expect(await left).toEqual({ because: 'cancelled' });
		expect(kis.live).toContain(await brought());
		expect(issues()).toBe(1);
	});

	test('is none for who was cancelled before', async () => {
		expect(await bring({ cancel: AbortSignal.abort() })).toEqual({ because: 'cancelled' });
		expect(kis.requests).toEqual([]);
	});

	test.each<[string, (own: KisCredential) => Partial<KisCredential>]>([
		['app key', () => ({ appkey: makeKeyPair().appkey })],
		['app secret', () => ({ appsecret: 'another' })],
		['host', ({ baseUrl }) => ({ baseUrl: new URL('/relay/', baseUrl) })],
	])('is made anew for another %s', async (_name, change) => {
		await brought();
		const other = credential(change(credential()));
		kis.gives = makeToken(other.appkey);
		await brought({}, other);
		expect(kis.requests.filter(({ line }) => line.includes('tokenP'))).toHaveLength(2);
	});
});

describe("where this computer's clock is a day ahead of KIS's", () => {
	test.each([24 * 3600, 600])('a token of %d s is issued once, and used', async (life) => {
		const theirs = clock.now - 25 * HOUR;
		const date = new Date(theirs).toUTCString();
		const iat = Math.floor(theirs / 1000);
		const access_token = makeToken(kis.keys.appkey, { iat, exp: iat + life });
		const grant = http(200, JSON.stringify({ access_token, expires_in: life }), { date });
		kis.live.add(access_token);
		kis.orders.tokenP = Array<typeof grant>(10).fill(grant);
		for (let i = 0; i < 3; i++) {
			expect(await brought()).toBe(access_token);
			expect(await broughtToRead()).toBe(access_token);
		}
		expect(issues()).toBe(1);
	});
});

test('a request issues once: a token that is due again serves it', async () => {
	const token = read(await brought());
	clock.now += 23.5 * HOUR;
	const { token: checked } = keptTokenOf(credential());
	const step = (issuance: Issuance | null) =>
		nextStep(
			credential(),
			keptTokenOf(credential()),
			{ mayWait: true, waitedOut: null, patientUntil: Infinity, checked, issuance },
			clock.now,
		).kind;
	expect(step(null)).toBe('issue');
	expect(step(issuedAs(token.value))).toBe('use');
});

describe('KIS issues once a minute (EGW00133)', () => {
	const limited = refusal('EGW00133', 403);

	test('what is no read fails at once, and nothing is asked for in that minute', async () => {
		kis.orders.tokenP = [limited];
		for (let i = 0; i < 3; i++) {
			expect(await bring()).toMatchObject({
				because: 'notIssued',
				issuance: { outcome: 'rejected', decisive: { refusalCode: 'EGW00133' } },
			});
		}
		expect([issues(), waits]).toEqual([1, []]);
		clock.now += 61_000;
		expect(kis.live).toContain(await brought());
		expect(issues()).toBe(2);
	});

	test('a read waits the minute out, and those who wait share the next issue', async () => {
		kis.orders.tokenP = [limited];
		const reads = [1, 2, 3].map(async () => await brought({ mayWait: true }));
		expect(new Set(await Promise.all(reads))).toEqual(kis.live);
		expect(issues()).toBe(2);
		expect(Math.max(...waits)).toBe(61_000);
	});

	test('a read that comes later waits for what is left of it', async () => {
		kis.orders.tokenP = [limited];
		await brought();
		clock.now += 40_000;
		expect(kis.live).toContain(await brought({ mayWait: true }));
		expect(waits).toEqual([21_000]);
	});

	test('a read waits once', async () => {
		kis.orders.tokenP = [limited, limited];
		expect(await brought({ mayWait: true })).toBe('notIssued');
		expect([issues(), waits]).toEqual([2, [61_000]]);
	});

	test('Stop ends the waiting', async () => {
		kis.orders.tokenP = [limited];
		await brought();
		const stop = new AbortController();
		const waiting = bring({ mayWait: true, cancel: stop.signal });
		stop.abort();
		expect(await waiting).toEqual({ because: 'cancelled' });
		expect(issues()).toBe(1);
	});
});

describe('an issue whose answer is lost', () => {
	test.each([
		['reset', reset],
		['closed', hangUp],
		['HTML', http(200, '<html></html>')],
		['a fault', http(500, '{"error_code":"EGW00002"}')],
	])('(%s) is not answered by another at once, whatever is to be sent', async (_name, answer) => {
		kis.orders.tokenP = [answer];
		for (const mayWait of [true, false, true]) {
			expect(await bring({ mayWait })).toMatchObject({
				because: 'notIssued',
				issuance: { outcome: 'unknown' },
			});
		}
		expect([issues(), waits]).toEqual([1, []]);
		clock.now += 61_000;
		expect(kis.live).toContain(await brought());
		expect(issues()).toBe(2);
	});
});

describe('an issue that KIS refuses, or that was never sent', () => {
	test('is tried again by the next request, and not before', async () => {
		kis.orders.tokenP = [refusal('EGW00101', 403)];
		expect(await bring({ mayWait: true })).toMatchObject({
			because: 'notIssued',
			issuance: { outcome: 'rejected' },
			until: null,
		});
		expect(issues()).toBe(1);
		expect(kis.live).toContain(await brought());
		await kis.close();
		const elsewhere = credential({ appsecret: 'another' });
		expect(await bring({}, elsewhere)).toMatchObject({ issuance: { outcome: 'notSent' } });
	});

	test('is repeated where KIS did not process it', async () => {
		kis.orders.tokenP = [refusal('EGW00201', 500), refusal('EGW00300', 500)];
		expect(kis.live).toContain(await brought());
		expect(issues()).toBe(3);
	});
});

describe('Custom on another machine', () => {
	const remote = () =>
		credential({ baseUrl: new URL('https://relay.example'), mayCallUnasked: false });

	test('is not asked for a token', async () => {
		expect(await bring({ mayWait: true }, remote())).toEqual({ because: 'mayNotCall' });
	});

	test('gets the one that was put there, until its end, and is not asked about it', async () => {
		const own = remote();
		const token = read(kis.mint());
		keptTokenOf(own).note(issuedAs(token.value), clock.now);
		clock.now += 23.5 * HOUR;
		expect(await brought({}, own)).toBe(token.value);
		await whileRevoking([token], own, async () => endedAs('unknown', token.value));
		expect(await bring({}, own)).toMatchObject({ because: 'unsettled', checked: false });
		clock.now += HOUR;
		expect(await bring({}, own)).toEqual({ because: 'mayNotCall' });
	});
});
