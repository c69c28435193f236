// The token that a credential brings, against a KIS that is not the sandbox: when it is issued, renewed and asked about,
// when it is not, and how often KIS hears of that.
import type { AccessToken } from '../../kis/input/accessToken';
import type { Attempt } from '../../kis/reply/attempt';
import type { KisCredential } from '../../kis/input/credential';
import { KIS_CODES } from '../../kis/reply/errorCodes';
import type { Issuance } from '../../kis/issue/issuance';
import { checkToken } from '../../kis/keptToken/checkToken';
import { deadTokens } from '../../kis/memory/deadTokens';
import { bringToken, type BringOptions } from '../../kis/keptToken/bringToken';
import { KeptToken, keptTokenOf } from '../../kis/keptToken/keptToken';
import { nextStep, type Progress } from '../../kis/keptToken/nextStep';
import { whileRevoking } from '../../kis/memory/sharedMarks';
import { limiterOf } from '../../kis/rateLimit/limiterFor';
import type { RevokeOutcome } from '../../kis/reply/revokeOutcome';
import { KisDouble, uapiRefusal } from '../support/kisDouble';
import { redisUrl } from '../support/redis';
import { leftSince, resources } from '../support/resources';
import { closeServers, hangUp, http, refusal, reset, silence } from '../support/scriptedServer';
import { credentialFor, makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const ANSWERED: Attempt = {
	verdict: 'confirmed',
	httpStatus: 200,
	rule: null,
	refusalCode: null,
	code: '200',
	text: null,
	transportCode: null,
	pause: null,
};

/** The clock of the computer; what is waited for passes at once. */
let now = Date.now();
const waits: number[] = [];
jest.mock('../../kis/reply/retry', () => {
	const actual =
		jest.requireActual<typeof import('../../kis/reply/retry')>('../../kis/reply/retry');
	return {
		...actual,
		async wait(milliseconds: number, stop: AbortSignal) {
			waits.push(milliseconds);
			// A timer may fire a little early.
			const over = now + milliseconds - 1;
			const isOver = await actual.wait(5, stop);
			now = Math.max(now, over);
			return isOver;
		},
	};
});

let kis: KisDouble;
beforeEach(async () => {
	now = Date.now();
	waits.length = 0;
	jest.spyOn(Date, 'now').mockImplementation(() => now);
	kis = await new KisDouble().start();
});
afterEach(async () => {
	jest.restoreAllMocks();
	await closeServers();
});

const credential = (changes: Partial<KisCredential> = {}) => ({
	...credentialFor(kis.keys, kis.url),
	...changes,
});
const bring = async (options: Partial<BringOptions> = {}, from = credential()) =>
	await bringToken(from, { mayWait: false, cancel: new AbortController().signal, ...options });
/** The token that a request gets, or why it gets none. */
const brought = async (options: Partial<BringOptions> = {}, from = credential()) => {
	const token = await bring(options, from);
	return 'because' in token ? token.because : token.value;
};
/** The same for a read, which may wait. */
const broughtToRead = async () => await brought({ mayWait: true });
const ask = async (token: AccessToken, requestsPerSecond = 1000) =>
	await checkToken(credential(), token, {
		requestsPerSecond,
		timeoutMs: 1000,
		cancel: new AbortController().signal,
	});
/** As if Issue had been given it. */
const issuedAs = (token: string): Issuance => ({
	outcome: 'issued',
	grant: { token: read(token), expiresAt: null, fields: {}, isOver: false, clockAheadMs: 0 },
	attempts: [ANSWERED],
});
const issues = () => kis.seen('tokenP').length;
const questions = () => kis.seen('quote').length;
/** The results of a revoke, as `revokeTokens` gives them. */
const endedAs = (outcome: RevokeOutcome, ...tokens: string[]) =>
	new Map(tokens.map((token) => [read(token).fingerprint, { outcome }]));
const revokeAs = async (outcome: RevokeOutcome, ...tokens: string[]) =>
	await whileRevoking(tokens.map(read), credential(), async () => endedAs(outcome, ...tokens));

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
		const theirs = now - 25 * HOUR;
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
	now += 23.5 * HOUR;
	const { token: checked } = keptTokenOf(credential());
	const step = (issuance: Issuance | null) =>
		nextStep(
			credential(),
			keptTokenOf(credential()),
			{ mayWait: true, waitedOut: null, patientUntil: Infinity, checked, issuance },
			now,
		).kind;
	expect(step(null)).toBe('issue');
	expect(step(issuedAs(token.value))).toBe('use');
});

describe('while another worker asks KIS', () => {
	const stepOf = (kept: KeptToken, progress: Partial<Progress> = {}) =>
		nextStep(
			credential({ redis: redisUrl('redis://127.0.0.1') }),
			kept,
			{
				mayWait: true,
				waitedOut: null,
				patientUntil: now + 10,
				checked: null,
				issuance: null,
				...progress,
			},
			now,
		);
	const requestedElsewhere = (token?: string) => {
		const kept = new KeptToken();
		if (token !== undefined) kept.note(issuedAs(token), now);
		kept.noteOtherWorkers({ requestedMs: 70, hold: null });
		return kept;
	};

	test('whoever has no token looks again, and leaves when that takes too long', () => {
		const kept = requestedElsewhere();
		expect(stepOf(kept)).toEqual({ kind: 'lookAgain', waitMs: 70 });
		expect(stepOf(kept, { patientUntil: now })).toEqual({
			kind: 'refuse',
			noToken: { because: 'requestedElsewhere' },
		});
		// Redis has gone: nobody else is known to ask.
		kept.noteOtherWorkers(null);
		expect(stepOf(kept)).toEqual({ kind: 'issue' });
	});

	test('a token that is due serves on', () => {
		const kept = requestedElsewhere(kis.mint());
		now += 23.5 * HOUR;
		const { token: checked } = kept;
		expect(stepOf(kept, { checked })).toEqual({ kind: 'use', token: checked });
		kept.noteOtherWorkers({ requestedMs: 0, hold: null });
		expect(stepOf(kept, { checked })).toEqual({ kind: 'issue' });
	});

	test('and has ended without an answer, a read waits for the minute, an order does not', () => {
		const kept = new KeptToken();
		const issuance = { outcome: 'unknown', attempts: [], decisive: null } as const;
		const hold = { since: now, until: now + MINUTE, issuance };
		kept.noteOtherWorkers({ requestedMs: 0, hold });
		expect(stepOf(kept)).toEqual({ kind: 'wait', hold });
		expect(stepOf(kept, { mayWait: false })).toMatchObject({ noToken: { because: 'notIssued' } });
		expect(stepOf(kept, { waitedOut: hold })).toEqual({ kind: 'issue' });
		now += MINUTE;
		expect(stepOf(kept)).toEqual({ kind: 'issue' });
	});
});

describe('an order', () => {
	test('goes with the token that is good, while another one is issued', async () => {
		const first = await brought();
		now += 23.5 * HOUR;
		kis.orders.tokenP = [silence];
		expect(await brought()).toBe(first);
		await kis.received(3);
		expect(issues()).toBe(2);
	});

	test('does not stand behind the question whether the token is alive', async () => {
		const first = await brought();
		now += 11 * MINUTE;
		limiterOf(kis.keys.appkey).pause(6000);
		expect(await brought()).toBe(first);
		expect(questions()).toBe(0);
	});
});

describe('a token is renewed', () => {
	test.each([
		['a day: an hour before', 24 * HOUR, HOUR],
		['90 days: an hour before', 90 * 24 * HOUR, HOUR],
		['an hour: six minutes before', HOUR, 6 * MINUTE],
		['ten minutes: one before', 10 * MINUTE, MINUTE],
	])('that lives %s', async (_name, life, before) => {
		kis.life = life / 1000;
		const first = await broughtToRead();
		now += life - before - 2000;
		expect(await broughtToRead()).toBe(first);
		expect(issues()).toBe(1);
		now += 3000;
		expect(await broughtToRead()).not.toBe(first);
		expect(issues()).toBe(2);
	});

	test('once; one that KIS has just given again serves until its end', async () => {
		kis.gives = kis.mint();
		await broughtToRead();
		now += 23.5 * HOUR;
		expect(await broughtToRead()).toBe(kis.gives);
		expect(issues()).toBe(2);
		now += 0.4 * HOUR;
		expect(await broughtToRead()).toBe(kis.gives);
		expect(issues()).toBe(2);
		kis.gives = null;
		now += 0.2 * HOUR;
		expect(kis.live).toContain(await broughtToRead());
		expect(issues()).toBe(3);
	});

	test('and one that KIS gives late in its life serves until its end, too', async () => {
		kis.gives = kis.mint();
		now += 23.5 * HOUR;
		await broughtToRead();
		now += 0.4 * HOUR;
		await broughtToRead();
		expect(issues()).toBe(1);
	});

	test.each([
		['refused', refusal('EGW00105', 403)],
		['limited', refusal('EGW00133', 403)],
		['lost', hangUp],
	])(
		'where that was %s, what is kept serves on, and a minute passes before the next try',
		async (_end, answer) => {
			const first = await broughtToRead();
			now += 23.5 * HOUR;
			kis.orders.tokenP = [answer];
			expect(await broughtToRead()).toBe(first);
			expect(await broughtToRead()).toBe(first);
			expect(issues()).toBe(2);
			now += 62_000;
			expect(await broughtToRead()).not.toBe(first);
			expect(issues()).toBe(3);
		},
	);

	test('where KIS gives one of no use instead, what is kept serves until its end', async () => {
		const first = await broughtToRead();
		now += 23.5 * HOUR;
		kis.gives = makeToken('PSanother');
		expect(await broughtToRead()).toBe(first);
		now += 0.1 * HOUR;
		expect(await broughtToRead()).toBe(first);
		expect(issues()).toBe(2);
	});
});

describe('a token that was not seen alive for ten minutes', () => {
	test('is asked about once, for all who want it, and then trusted for ten more', async () => {
		const token = await brought();
		now += 9.9 * MINUTE;
		await brought();
		expect(questions()).toBe(0);
		now += 0.2 * MINUTE;
		expect(new Set(await Promise.all([brought(), brought(), brought()]))).toEqual(new Set([token]));
		expect(questions()).toBe(1);
		now += 9.9 * MINUTE;
		await brought();
		expect(questions()).toBe(1);
		now += 0.2 * MINUTE;
		await brought();
		expect([issues(), questions()]).toEqual([1, 2]);
	});

	test('is asked about with one quote that says whose it is', async () => {
		const token = await brought();
		now += 11 * MINUTE;
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
		now += 11 * MINUTE;
		const next = await brought();
		expect(next).not.toBe(token);
		expect(kis.live).toContain(next);
		expect([issues(), questions()]).toEqual([2, 1]);
	});

	test.each(
		Object.keys(KIS_CODES).flatMap((code) => [200, 500].map((status) => [code, status] as const)),
	)('%s on HTTP %d decides as it should', async (code, status) => {
		const token = await brought();
		now += 11 * MINUTE;
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
			now += 11 * MINUTE;
			kis.orders.quote = [answer];
			expect(await brought()).toBe(token);
			expect(await brought()).toBe(token);
			expect([issues(), questions()]).toEqual([1, 1]);
			now += 61_000;
			await brought();
			expect(questions()).toBe(2);
		},
	);

	test('is not asked about sooner, because something else was asked in vain', async () => {
		const token = read(await brought());
		kis.orders.quote = [reset];
		expect(await ask(token)).toMatchObject({ alive: null });
		now += 5 * MINUTE;
		await brought();
		expect(questions()).toBe(1);
	});

	test('is not asked about sooner, because KIS has given it again', async () => {
		kis.gives = kis.mint();
		now += HOUR;
		await brought();
		keptTokenOf(credential()).note(issuedAs(kis.gives), now);
		now += 5 * MINUTE;
		await brought();
		expect([issues(), questions()]).toEqual([1, 1]);
	});

	test('waits for its turn in the limit of the app key', async () => {
		await brought();
		now += 11 * MINUTE;
		const started = performance.now();
		limiterOf(kis.keys.appkey).pause(400);
		await brought();
		expect(performance.now() - started).toBeGreaterThan(390);
		expect(limiterOf(kis.keys.appkey).isIdle(performance.now() + 100_000)).toBe(true);
	});

	test('and gives its turn back, one after the other', async () => {
		const token = read(kis.mint());
		const started = performance.now();
		await ask(token, 1);
		await ask(token, 1);
		expect(performance.now() - started).toBeGreaterThan(990);
	});

	test('and holds everyone on the app key where KIS says that its count is full', async () => {
		const token = read(kis.mint());
		kis.orders.quote = [uapiRefusal('EGW00201')];
		const started = performance.now();
		await ask(token);
		await ask(token);
		expect(performance.now() - started).toBeGreaterThan(990);
	});

	test('waits for nobody who was stopped', async () => {
		await brought();
		now += 11 * MINUTE;
		kis.orders.quote = [silence];
		const stop = new AbortController();
		const asking = bring({ cancel: stop.signal });
		await kis.received(2);
		stop.abort();
		expect(await asking).toEqual({ because: 'cancelled' });
	});

	test('may be one that KIS has just given: it was issued earlier, to another program', async () => {
		kis.gives = kis.mint();
		now += HOUR;
		expect(await brought()).toBe(kis.gives);
		expect([issues(), questions()]).toEqual([1, 1]);
	});

	test('may say nothing of itself', async () => {
		kis.gives = makeOpaqueToken();
		kis.live.add(kis.gives);
		expect(await brought()).toBe(kis.gives);
		expect([issues(), questions()]).toEqual([1, 1]);
	});
});

describe('no loop of issues', () => {
	const dieElsewhere = () => {
		kis.live.clear();
		now += 11 * MINUTE;
	};

	test('a dead token that KIS gives again ends issuing until six hours after its issue', async () => {
		kis.gives = kis.mint();
		const issuedAt = read(kis.gives).claims?.issuedAt ?? 0;
		await brought();
		dieElsewhere();
		for (let i = 0; i < 5; i++) {
			expect(await bring({ mayWait: true })).toMatchObject({
				because: 'notIssued',
				issuance: { outcome: 'unusable', flaw: 'dead', grant: { token: { value: kis.gives } } },
				until: issuedAt + 6 * HOUR,
			});
		}
		expect([issues(), questions()]).toEqual([2, 1]);
		now = issuedAt + 6 * HOUR - 1000;
		expect(await brought()).toBe('notIssued');
		expect(issues()).toBe(2);
		now += 2000;
		kis.gives = null;
		expect(kis.live).toContain(await brought());
		expect(issues()).toBe(3);
	});

	test('so does one that was dead when KIS gave it first, without a second try', async () => {
		kis.gives = kis.mint();
		dieElsewhere();
		expect(await bring()).toMatchObject({ issuance: { flaw: 'dead' } });
		expect(await brought()).toBe('notIssued');
		expect([issues(), questions()]).toEqual([1, 1]);
	});

	test('one that dies soon after its issue may be replaced once', async () => {
		kis.gives = await brought();
		await revokeAs('unknown', kis.gives);
		kis.live.clear();
		expect(await brought()).toBe('notIssued');
		expect(await brought()).toBe('notIssued');
		expect([issues(), questions()]).toEqual([2, 1]);
	});

	test.each([
		['expired', () => ({ iat: now / 1000 - 86_000, exp: now / 1000 - 10 })],
		['of another app key', () => ({ jti: 'PSanother' })],
	])('one that is %s ends it for ten minutes', async (_name, claims) => {
		kis.gives = makeToken(kis.keys.appkey, claims());
		for (let i = 0; i < 3; i++) expect(await brought()).toBe('notIssued');
		now += 10 * MINUTE - 1000;
		expect(await brought()).toBe('notIssued');
		expect(issues()).toBe(1);
		now += 2000;
		await brought();
		expect(issues()).toBe(2);
	});

	test('one that is cut off ends it for a minute', async () => {
		kis.gives = kis.mint().slice(0, -10);
		expect(await brought()).toBe('notIssued');
		expect(await brought()).toBe('notIssued');
		kis.gives = null;
		now += MINUTE + 1000;
		expect(kis.live).toContain(await brought());
		expect(issues()).toBe(2);
	});

	test('what was refused to the key pair is not asked for again within a minute', async () => {
		kis.orders.tokenP = [refusal('EGW00105', 403)];
		for (let i = 0; i < 3; i++) expect(await brought()).toBe('notIssued');
		expect(issues()).toBe(1);
		now += MINUTE + 1000;
		expect(kis.live).toContain(await brought());
	});

	test('an old one that died while KIS gave it once more does not end it for long', async () => {
		const old = kis.mint({ iat: now / 1000 - 23 * 3600 });
		kis.gives = old;
		deadTokens.add(read(old), credential());
		expect(await brought()).toBe('notIssued');
		kis.gives = null;
		now += MINUTE + 1000;
		expect(kis.live).toContain(await brought());
	});

	test('it does not outlive a clock that is put right', async () => {
		kis.orders.tokenP = [refusal('EGW00133', 403)];
		expect(await brought()).toBe('notIssued');
		now -= 24 * HOUR;
		expect(kis.live).toContain(await brought());
	});

	test('what somebody else has issued meanwhile ends the waiting', async () => {
		kis.gives = kis.mint();
		dieElsewhere();
		expect(await brought()).toBe('notIssued');
		const token = read(kis.mint());
		keptTokenOf(credential()).note(issuedAs(token.value), now);
		expect(await brought()).toBe(token.value);
		expect(issues()).toBe(1);
		// It is another token: if it dies, one issue may be tried.
		kis.gives = null;
		dieElsewhere();
		expect(kis.live).toContain(await brought());
		expect(issues()).toBe(2);
	});

	test('one that was given long after its issue, lived, and died much later is replaced', async () => {
		kis.gives = kis.mint();
		now += HOUR;
		await brought();
		kis.gives = null;
		dieElsewhere();
		expect(kis.live).toContain(await brought());
	});

	test('what an execution is given again, without asking KIS, is no news', async () => {
		const token = await brought();
		const kept = keptTokenOf(credential());
		kept.note({ ...issuedAs(kis.mint()), attempts: [] }, now);
		expect(await brought()).toBe(token);
	});
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
		now += 61_000;
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
		now += 40_000;
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
		now += 61_000;
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

describe('a token that is revoked', () => {
	test('goes to nobody from the moment before it is sent', async () => {
		const token = await brought();
		let done: (results: ReturnType<typeof endedAs>) => void = () => {};
		const revoking = whileRevoking(
			[read(token)],
			credential(),
			async () => await new Promise<ReturnType<typeof endedAs>>((resolve) => (done = resolve)),
		);
		expect(await brought()).toBe('beingRevoked');
		// Of two who revoke it, one is done.
		await revokeAs('notSent', token);
		expect(await brought()).toBe('beingRevoked');
		done(endedAs('notSent', token));
		await revoking;
		expect(await brought()).toBe(token);
		expect([issues(), questions()]).toEqual([1, 0]);
	});

	test('goes to nobody who was asking about it, either', async () => {
		const token = await brought();
		now += 11 * MINUTE;
		kis.orders.quote = [
			(socket) => {
				const never = async () => await new Promise<never>(() => {});
				void whileRevoking([read(token)], credential(), never);
				socket.write(http(200, '{"rt_cd":"0"}'));
			},
		];
		expect(await brought()).toBe('beingRevoked');
	});

	test.each(['unknown', 'rejected'] as const)(
		'%s: is asked about, and used if it lives',
		async (outcome) => {
			const token = await brought();
			await revokeAs(outcome, token);
			expect(await brought()).toBe(token);
			expect(await brought()).toBe(token);
			expect([issues(), questions()]).toEqual([1, 1]);
		},
	);

	test('unknown: is replaced if it is dead', async () => {
		const token = await brought();
		await revokeAs('unknown', token);
		kis.live.clear();
		expect(await brought()).not.toBe(token);
		expect([issues(), questions()]).toEqual([2, 1]);
	});

	test('unknown: is not used as long as KIS does not tell, and asked about by each request', async () => {
		const token = await brought();
		await revokeAs('unknown', token);
		kis.orders.quote = [reset, http(200, '<html></html>')];
		for (let i = 0; i < 2; i++) {
			expect(await bring()).toMatchObject({
				because: 'unsettled',
				token: { value: token },
				checked: true,
			});
		}
		expect(await brought()).toBe(token);
		expect([issues(), questions()]).toEqual([1, 3]);
	});

	test('unknown: what KIS was asked before does not settle it', async () => {
		const token = await brought();
		now += 11 * MINUTE;
		kis.orders.quote = [
			(socket) => {
				void revokeAs('unknown', token).then(() => {
					kis.live.clear();
					socket.write(http(200, '{"rt_cd":"0"}'));
				});
			},
		];
		expect(kis.live).toContain(await brought());
		expect([issues(), questions()]).toEqual([2, 2]);
	});

	test('unknown: who comes later does not share a question from before', async () => {
		const token = await brought();
		now += 11 * MINUTE;
		let answer = () => {};
		kis.orders.quote = [(socket) => (answer = () => socket.write(http(200, '{"rt_cd":"0"}')))];
		const first = brought();
		await kis.received(2);
		await revokeAs('unknown', token);
		const second = brought();
		await kis.received(3);
		answer();
		expect([await first, await second]).toEqual([token, token]);
	});

	test('unknown, and unknown again while KIS is asked about the first: is asked about anew', async () => {
		const token = await brought();
		await revokeAs('unknown', token);
		kis.orders.quote = [
			(socket) => {
				void revokeAs('unknown', token).then(() => {
					kis.live.clear();
					socket.write(http(200, '{"rt_cd":"0"}'));
				});
			},
		];
		expect(kis.live).toContain(await brought());
		expect([issues(), questions()]).toEqual([2, 2]);
	});

	test('by a call that broke off counts as unknown', async () => {
		const token = await brought();
		const broken = whileRevoking(
			[read(token)],
			credential(),
			async () => await Promise.reject(new Error()),
		);
		await expect(broken).rejects.toThrow();
		await brought();
		expect(questions()).toBe(1);
	});

	test('at another host is used on here', async () => {
		const token = await brought();
		const elsewhere = credential({ baseUrl: new URL('https://relay.example') });
		await whileRevoking([read(token)], elsewhere, async () => endedAs('unknown', token));
		expect(await brought()).toBe(token);
		expect(questions()).toBe(0);
	});

	test('and given again by KIS is asked about all the same', async () => {
		kis.gives = kis.mint();
		await revokeAs('unknown', kis.gives);
		expect(await brought()).toBe(kis.gives);
		expect([issues(), questions()]).toEqual([1, 1]);
	});
});

describe('Custom on another machine', () => {
	const remote = () => credential({ baseUrl: new URL('https://relay.example') });

	test('is not asked for a token', async () => {
		expect(await bring({ mayWait: true }, remote())).toEqual({ because: 'notUnasked' });
	});

	test('gets the one that was put there, until its end, and is not asked about it', async () => {
		const own = remote();
		const token = read(kis.mint());
		keptTokenOf(own).note(issuedAs(token.value), now);
		now += 23.5 * HOUR;
		expect(await brought({}, own)).toBe(token.value);
		await whileRevoking([token], own, async () => endedAs('unknown', token.value));
		expect(await bring({}, own)).toMatchObject({ because: 'unsettled', checked: false });
		now += HOUR;
		expect(await bring({}, own)).toEqual({ because: 'notUnasked' });
	});
});
