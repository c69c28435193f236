// The limit of an app key for requests with the KIS API credential. On n8n's engine, through the helpers that n8n's nodes use,
// against a fake KIS that counts over a sliding second and is not the sandbox.
import type { IDataObject } from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import { testCredential } from '../support/credentialTest';
import { removeEngineFolder } from '../../tools/engine/run';
import type { Attempt } from '../../kis/reply/attempt';
import { keptTokenOf } from '../../kis/keptToken/keptToken';
import { limiterOfAppKey } from '../../kis/rateLimit/limiterFor';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { HELPERS, send, type Helper, type Sending, type Setup } from '../support/httpRequest';
import { KisDouble } from '../support/kisDouble';
import { leftSince, resources } from '../support/resources';
import { closeServers, http } from '../support/scriptedServer';
import { credentialFor, read } from '../support/tokens';
import { outcomes, runNode, tokenItems, type Setup as NodeSetup } from '../support/workflow';

const helpers = Object.keys(HELPERS) as Helper[];
/** Requests per second of a real account. */
const LIMIT = 18;

let kis: KisDouble;
beforeEach(async () => {
	kis = await new KisDouble().start();
});
afterEach(closeServers);
afterAll(removeEngineFolder);

const quote = async (setup: Setup = {}, sending: Partial<Sending> = {}) =>
	await send(kis, { url: kis.urlOf('quote'), headers: { tr_id: 'X' }, ...sending }, setup);
const order = async (setup: Setup = {}, sending: Partial<Sending> = {}) =>
	await quote(setup, { url: kis.urlOf('order'), method: 'POST', body: { QTY: '1' }, ...sending });
/** Runs KIS Token at the credential's limit. */
const kisToken = async (setup: NodeSetup) =>
	await runNode(
		{ apps: [kis.keys], url: kis.url },
		{ ...setup, options: { requestsPerSecond: 0, ...setup.options } },
	);
const limiter = () => limiterOfAppKey(kis.keys.appkey);
const kept = () => keptTokenOf(credentialFor(kis.keys, kis.url));
const stoppable = { helper: 'httpRequestWithAuthentication' } as const;
const seen = () => ({ quotes: kis.seen('quote').length, orders: kis.seen('order').length });

/** Longer than anything else in a test takes. */
const HOLD_MS = 1500;
/** Sends a first request, so that there is a token and the next ones wait for their turn. */
async function holdReads(milliseconds = HOLD_MS): Promise<void> {
	await quote();
	limiter().pause(milliseconds);
}

/** Sends reads, and resolves when all of them wait. */
async function waitingReads(items: number, setup: Setup = {}, sending: Partial<Sending> = {}) {
	await holdReads(setup.stop ? 100_000 : HOLD_MS);
	const passed = jest.spyOn(limiter(), 'pass');
	const sent = quote({ items, ...setup }, sending);
	while (passed.mock.calls.length < items) await new Promise(setImmediate);
	passed.mockRestore();
	return { sent };
}

/** Replaces the kept token, as if Issue had got another. */
function keepAnother(): string {
	const token = kis.mint();
	const grant = {
		token: read(token),
		expiresAt: null,
		fields: {},
		isOver: false,
		clockAheadMs: 0,
	};
	kept().note({ outcome: 'issued', grant, attempts: [{} as Attempt] }, Date.now());
	return token;
}

describe('many concurrent quotes', () => {
	/** Four windows of a second. */
	const MANY = 4 * LIMIT;
	beforeEach(() => {
		kis.limit = LIMIT;
	});

	test('through the HTTP Request node as it comes: all answered, none refused', async () => {
		const { answers, errors } = await quote({ items: MANY });
		expect(errors).toEqual([]);
		expect(answers).toEqual(Array(MANY).fill(expect.objectContaining({ rt_cd: '0' })));
		expect([kis.refused, kis.seen('tokenP').length]).toEqual([0, 1]);
	});

	test('beside tokens that KIS Token revokes: all answered, all revoked, none refused', async () => {
		const tokens = Array.from({ length: 2 * LIMIT }, () => kis.mint());
		const [{ answers, errors }, { items }] = await Promise.all([
			quote({ items: 2 * LIMIT }),
			kisToken({ operation: 'revoke', input: tokenItems(...tokens) }),
		]);
		expect([errors, answers.length]).toEqual([[], 2 * LIMIT]);
		expect(items.map(({ json }) => json.code)).toEqual(Array(2 * LIMIT).fill('200'));
		expect(tokens.filter((token) => kis.live.has(token))).toEqual([]);
		expect(kis.refused).toBe(0);
	});

	test('with the switch off, KIS refuses', async () => {
		await quote({ items: 200, credential: { paceRequests: false } });
		expect(kis.refused).toBeGreaterThan(0);
	});
});

describe.each(helpers)('%s', (helper) => {
	test('a read waits for its turn', async () => {
		await holdReads();
		const heldAt = performance.now();
		const { errors } = await quote({ helper });
		expect(errors).toEqual([]);
		expect(kis.seen('quote')[1].at - heldAt).toBeGreaterThan(HOLD_MS - 100);
	});

	test('an order is sent exactly once and immediately, even while many reads wait', async () => {
		const stop = new AbortController();
		const { sent: reads } = await waitingReads(100, { ...stoppable, stop: stop.signal });
		const { answers } = await order({ helper, items: 3 });
		const sent = answers.flat().length;
		expect(seen()).toEqual({ quotes: 1, orders: sent });
		expect(sent).toBe(helper === 'requestWithAuthenticationPaginated' ? 9 : 3);
		stop.abort();
		await reads;
		expect(seen()).toEqual({ quotes: 1, orders: sent });
	});

	test('a read whose turn would come too late is not sent, and the error says why', async () => {
		await holdReads(300_000);
		const { errors } = await quote({ helper });
		expect(errors).toEqual([
			{
				message: expect.stringMatching(
					/^The request was not sent: its turn would have come in (299|300) s, and no request waits longer than 240 s$/,
				),
				description:
					'Too many requests came together for a limit of 18 a second. Spread them: in the HTTP Request node, add the option Batching, with Items per Batch 1 and Batch Interval (ms) 62.',
			},
		]);
		expect(seen().quotes).toBe(1);
	});

	test('nothing waits if the switch is off', async () => {
		await holdReads(300_000);
		const { errors } = await quote({ helper, credential: { paceRequests: false } });
		expect(errors).toEqual([]);
	});
});

describe('a request that is not a read', () => {
	test.each<[string, Partial<Sending>]>([
		['POST', {}],
		['PUT', { method: 'PUT' }],
		['DELETE', { method: 'DELETE' }],
		['HEAD', { method: 'HEAD' }],
		['a hashkey', { url: '/uapi/hashkey' }],
		['a WebSocket key', { url: '/oauth2/Approval' }],
		['with a token of its own', { headers: { authorization: 'Bearer of-the-user' } }],
	])('%s: is counted, and does not wait', async (_name, { url, ...sending }) => {
		kis.unknown = http(200, '{}');
		await holdReads(300_000);
		const counted = jest.spyOn(limiter(), 'count');
		for (let times = 0; times < LIMIT; times++) {
			await order({}, { ...sending, ...(url && { url: kis.url + url }) });
		}
		expect(kis.requests).toHaveLength(2 + LIMIT);
		expect(counted).toHaveBeenCalledTimes(LIMIT);
	});

	test('delays the reads after it, so that none is refused', async () => {
		kis.limit = LIMIT;
		await quote();
		await order({ items: LIMIT - 1 });
		const { errors } = await quote({ items: 10 });
		expect([errors, kis.refused]).toEqual([[], 0]);
	});

	test('is neither sent nor counted if n8n tries to repeat it', async () => {
		await quote();
		const counted = jest.spyOn(limiter(), 'count');
		kis.orders.order = [http(401, '{}'), http(401, '{}')];
		await order({ helper: 'httpRequestWithAuthentication' });
		expect([seen().orders, counted.mock.calls.length]).toEqual([1, 1]);
	});
});

describe('before reads that wait', () => {
	/** Counts the reads that are sent between each asking of KIS Token for a place and its turn. */
	function watchOvertaking(): number[] {
		const acquire = limiter().acquire.bind(limiter());
		const overtaken: number[] = [];
		jest.spyOn(limiter(), 'acquire').mockImplementation(async (stop) => {
			const before = seen().quotes;
			const place = await acquire(stop);
			overtaken.push(seen().quotes - before);
			return place;
		});
		return overtaken;
	}

	test('goes a revoke', async () => {
		const token = kis.mint();
		const { sent } = await waitingReads(20);
		const overtaken = watchOvertaking();
		const { items } = await kisToken({ operation: 'revoke', input: tokenItems(token) });
		expect(items[0].json.code).toBe('200');
		await sent;
		expect(seen().quotes).toBe(21);
		expect(overtaken).toEqual([expect.any(Number)]);
		expect(overtaken[0]).toBeLessThan(5);
	});

	test('goes the question whether a token is dead', async () => {
		const { sent } = await waitingReads(20);
		const overtaken = watchOvertaking();
		// The kept token, after a question to KIS, which is one more quote.
		const { items } = await kisToken({ operation: 'issue', input: [{}] });
		expect(items[0].json.access_token).toBe(kept().token?.value);
		await sent;
		expect(seen().quotes).toBe(22);
		expect(overtaken).toEqual([expect.any(Number)]);
		expect(overtaken[0]).toBeLessThan(5);
	});
});

describe('a token that changes while a read waits', () => {
	test('revoked meanwhile: is not sent any more', async () => {
		const { sent } = await waitingReads(5);
		const dead = kept().token?.value;
		const { items } = await kisToken({
			operation: 'revoke',
			input: [{}],
			node: { parameters: { operation: 'revoke', tokenSource: 'credential' } },
		});
		expect(items[0].json.code).toBe('200');
		const { answers, errors } = await sent;
		expect(kis.tokensOf('quote').filter((token) => token === dead)).toHaveLength(1);
		for (const { message } of errors) expect(message).toContain('is being revoked');
		expect(answers.length + errors.length).toBe(5);
	});

	test('replaced meanwhile: the read uses the new one, without waiting again', async () => {
		const { sent } = await waitingReads(3);
		const token = keepAnother();
		const passed = jest.spyOn(limiter(), 'pass');
		await sent;
		expect(kis.tokensOf('quote').slice(1)).toEqual([token, token, token]);
		expect(passed).not.toHaveBeenCalled();
	});
});

test('a token that was not seen alive for ten minutes when the read may go is asked about first', async () => {
	const { sent } = await waitingReads(1);
	const { now } = Date;
	const later = jest.spyOn(Date, 'now').mockImplementation(() => now() + 11 * 60_000);
	const { errors } = await sent;
	later.mockRestore();
	expect([errors, seen().quotes]).toEqual([[], 3]);
});

describe('a read that n8n repeats on HTTP 401', () => {
	const repeated = async (change: () => void) => {
		await quote();
		kis.orders.quote = [
			(socket) => {
				change();
				socket.write(http(401, '{}'));
			},
		];
		const { errors } = await quote({ helper: 'httpRequestWithAuthentication' });
		expect([errors, seen().quotes]).toEqual([[], 3]);
		return kis.seen('quote').slice(1);
	};

	test('waits for its turn again', async () => {
		const [first, second] = await repeated(() => limiter().pause(HOLD_MS));
		expect(second.at - first.at).toBeGreaterThan(HOLD_MS - 100);
	});

	test('uses the token of that moment', async () => {
		let token = '';
		const [, second] = await repeated(() => {
			token = keepAnother();
		});
		expect(second.headers.authorization).toBe(`Bearer ${token}`);
	});
});

describe('Stop', () => {
	test('ends the wait if n8n passes it on', async () => {
		const before = resources();
		const stop = new AbortController();
		const { sent } = await waitingReads(20, { ...stoppable, stop: stop.signal });
		stop.abort();
		await sent;
		expect(seen().quotes).toBe(1);
		expect(await leftSince(before)).toEqual([]);
	});

	test('otherwise does not reach a waiting request, which is sent', async () => {
		await holdReads();
		const stop = new AbortController();
		const passed = jest.spyOn(limiter(), 'pass');
		const sent = quote({ items: 3, stop: stop.signal });
		while (passed.mock.calls.length < 3) await new Promise(setImmediate);
		stop.abort();
		await sent;
		await kis.received(2 + 3);
		expect(seen().quotes).toBe(4);
	});
});

test('the credential test is not paced', async () => {
	const fields: IDataObject = { ...kis.keys, environment: 'custom', baseUrl: kis.url };
	await testCredential(new KisToken(), new KisApi(), fields as never);
	expect(kis.requests).toHaveLength(1);
	expect(limiter().isIdle()).toBe(true);
});

test('requests of the node itself are not paced twice', async () => {
	await quote();
	const passed = jest.spyOn(limiter(), 'pass');
	const { items } = await kisToken({
		operation: 'revoke',
		input: tokenItems(kis.mint(), kis.mint()),
	});
	expect(outcomes(items)).toEqual([undefined, undefined]);
	expect(passed).not.toHaveBeenCalled();
});

test.each([false, undefined])('%p is a valid value of the switch', async (paceRequests) => {
	expect((await quote({ credential: { paceRequests } })).errors).toEqual([]);
});

test('a switch that is neither on nor off is an error', async () => {
	const { errors } = await quote({ credential: { paceRequests: 'no' } });
	expect(errors[0].message).toBe(
		'KIS API credential: Pace Requests is neither true nor false. Switch it on or off.',
	);
	expect(kis.requests).toEqual([]);
});
