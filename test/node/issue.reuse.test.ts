// Issue with a token to reuse, and with invalid options, on n8n's engine, against the sandbox.
import { setTimeout as delay } from 'node:timers/promises';

import { until } from '../../tools/common/until';
import { makeJwt, makeKeyPair, makeToken } from '../support/tokens';
import {
	errorOf,
	failing,
	issue,
	outcomes,
	revoke,
	tokenItems,
	useSandbox,
} from '../support/workflow';

const MINUTE = 60_000;
let now = Date.now();
beforeEach(() => {
	now = Date.now();
});

const sandbox = useSandbox(() => ({ now: () => now }));
const keys = () => sandbox().apps[0];
const calls = () => sandbox().calls.filter(({ path }) => path === '/oauth2/tokenP').length;

describe('Reuse Token', () => {
	const reuse = (token: string, options = {}) => ({
		input: [{ have: token }],
		options: { reuseToken: '={{ $json.have }}', ...options },
	});

	test('a token that is valid for long enough is passed on as it is, and KIS is not asked', async () => {
		const exp = Math.floor(Date.now() / 1000) + 7200;
		const token = makeToken(keys().appkey, { exp });
		const run = await issue(sandbox(), reuse(`"Bearer ${token}"`, { includeDetails: true }));
		const { expires_in, expires_at, access_token_token_expired, ...rest } = run.items[0].json;
		expect(rest).toEqual({
			access_token: token,
			token_type: 'Bearer',
			outcome: 'reused',
			details: expect.objectContaining({ outcome: 'reused', attempts: 0, httpStatus: null }),
		});
		expect(expires_in).toBeGreaterThan(7100);
		expect(expires_in).toBeLessThanOrEqual(7200);
		expect(Date.parse(expires_at as string)).toBe(exp * 1000);
		expect(expires_at).toBe(`${String(access_token_token_expired).replace(' ', 'T')}+09:00`);
		expect(sandbox().calls).toEqual([]);
	});

	test.each<[string, (appkey: string) => string]>([
		['has too little time left', (appkey) => makeToken(appkey, { exp: Date.now() / 1000 + 3500 })],
		['has expired', (appkey) => makeToken(appkey, { exp: 1000 })],
		['does not say when it expires', (appkey) => makeToken(appkey, { exp: null })],
		['is of another app key', () => makeToken(makeKeyPair().appkey)],
		['is cut off', (appkey) => makeToken(appkey).slice(0, -2)],
		['is opaque', () => 'opaque'],
		['is empty', () => ''],
		['is not signed', (appkey) => makeJwt({ jti: appkey, exp: 9e9 }, { alg: 'none' })],
	])('a token that %s is not reused', async (_name, token) => {
		const run = await issue(sandbox(), reuse(token(keys().appkey)));
		expect(calls()).toBe(1);
		expect(sandbox().kis.isLive(run.items[0].json.access_token as string)).toBe(true);
	});

	test('the user decides what is long enough', async () => {
		const token = makeToken(keys().appkey, { exp: Math.floor(Date.now() / 1000) + 100 });
		const run = await issue(sandbox(), reuse(token, { minimumSecondsLeft: 60 }));
		expect(run.items[0].json.access_token).toBe(token);
		await issue(sandbox(), reuse(token, { minimumSecondsLeft: 200 }));
		expect(calls()).toBe(1);
	});

	test('a token that this process has revoked is not reused', async () => {
		const token = sandbox().kis.mint(keys().appkey).value;
		await revoke(sandbox(), { input: tokenItems(token) });
		now += 2 * MINUTE;
		const run = await issue(sandbox(), reuse(token));
		expect(calls()).toBe(1);
		expect(run.items[0].json.access_token).not.toBe(token);
	});

	test.each<[string, (token: string) => Promise<unknown>]>([
		[
			'is revoked by another execution',
			async (token) => await revoke(sandbox(), { input: tokenItems(token) }),
		],
		['expires', async () => await delay(1200)],
	])('a token that %s while another is requested is not passed on', async (_name, meanwhile) => {
		const exp = Math.floor(Date.now() / 1000) + 2;
		const token = makeToken(keys().appkey, { exp });
		sandbox().faults.push(
			{ kind: 'delay', delayMs: 2300, processed: true, path: '/oauth2/tokenP' },
			{ kind: 'raw', body: '{"code":200,"message":"done"}', path: '/oauth2/revokeP' },
		);
		const asking = issue(sandbox(), {
			input: [{ have: token }, {}],
			options: { reuseToken: '={{ $json.have }}', minimumSecondsLeft: 1 },
		});
		await until(() => sandbox().calls.length > 0);
		await meanwhile(token);
		const { items } = await asking;
		expect(items[0].json.access_token).not.toBe(token);
		expect(items[0].json).toEqual(items[1].json);
	});

	test('a reusable token stays one, even if the request for another takes long and fails', async () => {
		const token = makeToken(keys().appkey, { exp: Math.floor(Date.now() / 1000) + 3604 });
		sandbox().faults.push({ kind: 'delay', delayMs: 5000 });
		const { items } = await issue(sandbox(), {
			...failing,
			input: [{ have: token }, {}],
			options: { reuseToken: '={{ $json.have }}' },
		});
		expect(items[0].json.access_token).toBe(token);
		expect(outcomes(items)).toEqual([undefined, 'unknown']);
	});

	test.each(['0', '-', 'e'])('%j as a token hides no text', async (placeholder) => {
		const own = reuse(placeholder);
		expect((await issue(sandbox(), own)).items[0].json).toMatchObject({
			access_token_token_expired: expect.stringMatching(/^20/),
			token_type: 'Bearer',
		});
		sandbox().faults.push({ kind: 'refuse', code: 'EGW00133', status: 403 });
		// Without the token that was just issued.
		const credential = { bringAuthorization: false };
		const run = await issue(sandbox(), { ...failing, ...own, credential });
		expect(errorOf(run)).toMatchObject({
			code: 'EGW00133',
			description: expect.stringContaining('1분당 1회'),
		});
	});

	test('each item has its own token to reuse, and one request serves the items without one', async () => {
		const token = makeToken(keys().appkey);
		const have = [token, '', 'opaque', token];
		const run = await issue(sandbox(), {
			input: have.map((one) => ({ have: one })),
			options: { reuseToken: '={{ $json.have }}' },
		});
		const tokens = run.items.map(({ json }) => json.access_token);
		expect([tokens[0], tokens[3]]).toEqual([token, token]);
		expect(tokens[1]).toBe(tokens[2]);
		expect(sandbox().kis.isLive(tokens[1] as string)).toBe(true);
		expect(calls()).toBe(1);
	});
});

describe('options', () => {
	test('an expression in Reuse Token that fails affects only its own item', async () => {
		const run = await issue(sandbox(), {
			...failing,
			input: [{ fails: true }, {}],
			options: {
				reuseToken: "={{ $json.fails ? $('Nowhere').item.json.x : '' }}",
				includeDetails: true,
			},
		});
		expect(outcomes(run.items)).toEqual(['notSent', 'issued']);
		expect(run.items[0].json.error).toMatchObject({
			message:
				'No token was requested: the expression in Reuse Token cannot be evaluated for this item',
			details: { outcome: 'notSent', attempts: 0, environment: 'custom' },
		});
	});

	test.each([
		[{ minimumSecondsLeft: -1 }, 'Minimum Seconds Left has to be a number from 0 to 7776000'],
		[
			{ minimumSecondsLeft: 7_776_001 },
			'Minimum Seconds Left has to be a number from 0 to 7776000',
		],
		[{ minimumSecondsLeft: 'soon' }, 'Minimum Seconds Left has to be a number from 0 to 7776000'],
		[{ waitWhenLimited: 'yes' }, 'Wait When Limited has to be true or false'],
		[{ maxRetries: 99 }, 'Max Retries has to be a whole number from 0 to 10'],
	])('%j is invalid', async (options, why) => {
		const run = await issue(sandbox(), { ...failing, options });
		expect(errorOf(run).message).toBe(`No token was requested: ${why}`);
		expect(sandbox().calls).toEqual([]);
	});

	test.each([0, 7_776_000])('Minimum Seconds Left may be %d', async (minimumSecondsLeft) => {
		const run = await issue(sandbox(), { options: { minimumSecondsLeft } });
		expect(run.items[0].json.outcome).toBe('issued');
	});
});
