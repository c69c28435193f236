// Issue, on n8n's engine, against the sandbox: what it passes on, what it does not, and how often it asks KIS.
import { setTimeout as delay } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';

import { SharedCall } from '../../kis/issue/sharedCall';
import { until } from '../../tools/common/until';
import { outputOf } from '../../tools/engine/run';
import { makeApp } from '../../tools/sandbox/apps';
import type { Fault } from '../../tools/sandbox/faults';
import { Sandbox } from '../../tools/sandbox/server';
import { closeServers, http, startServer } from '../support/scriptedServer';
import { found, withoutInput } from '../support/secrets';
import { makeOpaqueToken, makeKeyPair, makeToken } from '../support/tokens';
import {
	abandoned,
	errorOf,
	failing,
	issue,
	kisTokenStep,
	outcomes,
	revoke,
	runChain,
	tokenItems,
	useSandbox,
} from '../support/workflow';

const MINUTE = 60_000;

/** Waits of a minute are over immediately, for the sandbox too. */
const waits: number[] = [];
let now = Date.now();
jest.mock('../../kis/waiting', () => {
	const actual = jest.requireActual<typeof import('../../kis/waiting')>('../../kis/waiting');
	return {
		...actual,
		async wait(milliseconds: number, stop: AbortSignal) {
			waits.push(milliseconds);
			const isLong = milliseconds >= MINUTE;
			if (isLong) now += milliseconds;
			return await actual.wait(isLong ? 20 : milliseconds, stop);
		},
	};
});
const join = jest.spyOn(SharedCall.prototype, 'join');
beforeEach(() => {
	join.mockClear();
	waits.length = 0;
	now = Date.now();
});

afterEach(closeServers);
const sandbox = useSandbox(() => ({ now: () => now, apps: [makeApp(), makeApp()] }));
const keys = () => sandbox().apps[0];
const calls = ({ calls: seen }: Sandbox = sandbox()) =>
	seen.filter(({ path }) => path === '/oauth2/tokenP').length;

/** Resolves when so many executions wait for one call, and its request has arrived. */
async function joined(count: number): Promise<void> {
	await until(() => join.mock.calls.length === count && calls() === 1);
}
const reply = (json: object) =>
	sandbox().faults.push({ kind: 'raw', body: JSON.stringify(json), status: 200 });

describe('an output item', () => {
	test("has KIS's four fields unchanged, and the expiry with its UTC offset", async () => {
		now = Date.parse('2030-01-01T23:30:00Z');
		const { items } = await issue(sandbox());
		const token = items[0].json.access_token as string;
		expect(items.map(({ json }) => json)).toEqual([
			{
				access_token: token,
				access_token_token_expired: '2030-01-03 08:30:00',
				token_type: 'Bearer',
				expires_in: 86400,
				outcome: 'issued',
				expires_at: '2030-01-03T08:30:00+09:00',
			},
		]);
		expect(sandbox().kis.isLive(token)).toBe(true);
		await abandoned(sandbox());
	});

	test('KIS is asked once for any number of items, and each item is paired with its input', async () => {
		const { items } = await issue(sandbox(), { input: [{ a: 1 }, { a: 2 }, { a: 3 }] });
		expect(calls()).toBe(1);
		expect(new Set(items.map(({ json }) => json.access_token)).size).toBe(1);
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual([
			{ item: 0 },
			{ item: 1 },
			{ item: 2 },
		]);
	});

	test('details, if asked for, name the token by its fingerprint', async () => {
		const { items } = await issue(sandbox(), { options: { includeDetails: true } });
		expect(items[0].json.details).toEqual({
			outcome: 'issued',
			attempts: 1,
			httpStatus: 200,
			environment: 'custom',
			issuedToThisAppKey: true,
			expiresAt: items[0].json.expires_at,
			tokenFingerprint: expect.stringMatching(/^[0-9a-f]{12}$/),
		});
	});

	test('an opaque token has the expiry that the answer states', async () => {
		const access_token = makeOpaqueToken();
		reply({ access_token, access_token_token_expired: '2030-02-28 09:00:00' });
		const { items } = await issue(sandbox());
		expect(items[0].json).toEqual({
			access_token,
			access_token_token_expired: '2030-02-28 09:00:00',
			expires_at: '2030-02-28T09:00:00+09:00',
			outcome: 'issued',
		});
	});

	test.each([
		['absent', undefined],
		['no time', 'tomorrow'],
		['a day that does not exist', '2030-02-30 09:00:00'],
		['a number', 1893456000],
	])('if the expiry in the answer is %s, that of the token counts', async (_name, expired) => {
		const exp = Math.floor(Date.parse('2030-06-01T00:00:00Z') / 1000);
		reply({ access_token: makeToken(keys().appkey, { exp }), access_token_token_expired: expired });
		const { items } = await issue(sandbox());
		expect(items[0].json.expires_at).toBe('2030-06-01T09:00:00+09:00');
	});

	test('secrets that a server hides in other fields are not passed on', async () => {
		const { appkey, appsecret } = keys();
		reply({
			access_token: makeToken(appkey),
			token_type: `Bearer ${appsecret}`,
			access_token_token_expired: Buffer.from(appkey).toString('hex'),
			expires_in: { appsecret },
			more: appsecret,
		});
		const run = await issue(sandbox());
		expect(Object.keys(run.items[0].json).sort()).toEqual([
			'access_token',
			'access_token_token_expired',
			'expires_at',
			'outcome',
			'token_type',
		]);
		const { access_token, ...rest } = run.items[0].json;
		expect(access_token).toBeDefined();
		expect(found(JSON.stringify(rest), [appkey, appsecret])).toBeUndefined();
	});

	test.each<[string, (secret: string) => string]>([
		['whole', (secret) => secret],
		['in part', (secret) => secret.slice(3, 60)],
		['in hex', (secret) => Buffer.from(secret).toString('hex')],
	])('an app secret in place of the token does not count as a token: %s', async (_name, shape) => {
		reply({ access_token: shape(keys().appsecret), token_type: 'Bearer' });
		const run = await issue(sandbox(), failing);
		expect(outcomes(run.items)).toEqual(['unknown']);
		expect(found(JSON.stringify(run.stored), [keys().appsecret])).toBeUndefined();
	});
});

describe('how often KIS is asked', () => {
	test('two Issue nodes in one execution make one call', async () => {
		const nodes = [kisTokenStep('First', 'issue'), kisTokenStep('Second', 'issue')];
		const run = await runChain(sandbox(), nodes);
		expect(calls()).toBe(1);
		const [first, second] = ['First', 'Second'].map((name) => outputOf(run, name)[0].json);
		expect(second).toEqual(first);
	});

	test('again in an execution that has revoked its token', async () => {
		const token = "={{ $('First').item.json.access_token }}";
		const nodes = [
			kisTokenStep('First', 'issue'),
			kisTokenStep('Revoke', 'revoke', { token }),
			kisTokenStep('Second', 'issue', { options: { waitWhenLimited: true } }),
		];
		const run = await runChain(sandbox(), nodes);
		expect(waits).toEqual([61_000]);
		const [first, second] = ['First', 'Second'].map((name) => outputOf(run, name)[0].json);
		expect(second.access_token).not.toBe(first.access_token);
		expect(sandbox().kis.isLive(second.access_token as string)).toBe(true);
	});

	test('once by executions that ask at the same time', async () => {
		sandbox().faults.push({ kind: 'delay', delayMs: 1000, processed: true });
		const runs = await Promise.all(Array.from({ length: 5 }, async () => await issue(sandbox())));
		expect(calls()).toBe(1);
		expect(new Set(runs.map(({ items }) => items[0].json.access_token)).size).toBe(1);
		await abandoned(sandbox());
	});

	test('separately for another app secret, which must not get the token of the right one', async () => {
		sandbox().faults.push({ kind: 'delay', delayMs: 300, processed: true });
		const [right, wrong] = await Promise.all([
			issue(sandbox()),
			delay(100).then(
				async () => await issue(sandbox(), { ...failing, credential: { appsecret: 'wrong' } }),
			),
		]);
		expect(calls()).toBe(2);
		expect(right.items[0].json.access_token).toBeDefined();
		expect(errorOf(wrong)).toMatchObject({ outcome: 'rejected', code: 'EGW00105' });
		expect(JSON.stringify(wrong.stored)).not.toContain(right.items[0].json.access_token);
	});

	test('further for the others, if one of them is stopped', async () => {
		sandbox().faults.push({ kind: 'delay', delayMs: 1000, processed: true });
		const stop = new AbortController();
		const runs = [issue(sandbox(), { stop: stop.signal, ...failing }), issue(sandbox())];
		await joined(2);
		stop.abort();
		const [stopped, other] = await Promise.all(runs);
		expect(calls()).toBe(1);
		expect(stopped.stored.status).toBe('canceled');
		expect(errorOf(stopped)).toMatchObject({ outcome: 'unknown' });
		expect(other.items[0].json.access_token).toBeDefined();
	});

	test('no longer, if all are stopped', async () => {
		sandbox().faults.push({ kind: 'delay', delayMs: 1_000_000 });
		const stop = new AbortController();
		const runs = [1, 2].map(async () => await issue(sandbox(), { stop: stop.signal }));
		await joined(2);
		stop.abort();
		expect((await Promise.all(runs)).flatMap(({ items }) => outcomes(items))).toEqual([
			'unknown',
			'unknown',
		]);
		await abandoned(sandbox());
		// A later execution does not join an abandoned request.
		expect((await issue(sandbox())).items[0].json.access_token).toBeDefined();
	});
});

/** A token of another app key. */
const FOREIGN: Fault = {
	kind: 'raw',
	body: JSON.stringify({ access_token: makeToken(makeKeyPair().appkey) }),
};

describe('if KIS issues no token', () => {
	const spend = async () => {
		const run = await issue(sandbox());
		await revoke(sandbox(), { input: tokenItems(run.items[0].json.access_token as string) });
	};

	test('too soon: says how long to wait, and which option does it', async () => {
		await spend();
		const run = await issue(sandbox(), failing);
		expect(waits).toEqual([]);
		expect(errorOf(run)).toEqual({
			message: 'No token was issued: KIS issues a token only once a minute (1분당 1회) (EGW00133)',
			description:
				'Wait a minute, then try again. The option Wait When Limited waits and asks again for you. The server says: “접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)”',
			code: 'EGW00133',
			httpStatus: 403,
			outcome: 'rejected',
		});
	});

	test('too soon: waits 61 seconds and asks once more, if allowed to', async () => {
		await spend();
		const run = await issue(sandbox(), { options: { waitWhenLimited: true } });
		expect(waits).toEqual([61_000]);
		expect(calls()).toBe(3);
		expect(sandbox().kis.isLive(run.items[0].json.access_token as string)).toBe(true);
	});

	test('too soon again after the wait: says so, and does not wait again', async () => {
		sandbox().faults.push(
			{ kind: 'refuse', code: 'EGW00133', status: 403 },
			{ kind: 'refuse', code: 'egw00133', status: 403 },
		);
		const run = await issue(sandbox(), { ...failing, options: { waitWhenLimited: true } });
		expect(waits).toEqual([61_000]);
		expect(errorOf(run)).toMatchObject({ outcome: 'rejected', code: 'egw00133' });
		expect(errorOf(run).description).not.toContain('Wait When Limited');
	});

	test('callers that waited together share the next request', async () => {
		await spend();
		const waiting = { options: { waitWhenLimited: true } };
		sandbox().faults.push({ kind: 'delay', delayMs: 200, processed: true });
		const runs = await Promise.all([1, 2, 3].map(async () => await issue(sandbox(), waiting)));
		expect(calls()).toBe(3);
		expect(new Set(runs.map(({ items }) => items[0].json.access_token)).size).toBe(1);
	});

	test.each([
		['reset', { kind: 'reset', processed: true }],
		['HTML', { kind: 'html' }],
		['a cut-off answer', { kind: 'cutJson', processed: true }],
		['no token in it', { kind: 'raw', body: '{"token_type":"Bearer"}' }],
		['a temporary fault', { kind: 'refuse', code: 'EGW00001' }],
	] as const)('a lost answer (%s) may have issued one', async (_name, fault) => {
		sandbox().faults.push(fault);
		const run = await issue(sandbox(), failing);
		expect(calls()).toBe(1);
		expect(errorOf(run)).toMatchObject({
			outcome: 'unknown',
			message: expect.stringMatching(/^A token may have been issued, and did not arrive: /),
			description: expect.stringMatching(
				/the same one again for 6 hours.*issue again\. The option Wait When Limited waits/,
			),
		});
	});

	test('after a lost answer and the wait, KIS is asked again and gives the same token', async () => {
		sandbox().faults.push({ kind: 'reset', processed: true });
		const run = await issue(sandbox(), {
			options: { waitWhenLimited: true, includeDetails: true },
		});
		expect(waits).toEqual([61_000]);
		expect(run.items[0].json.details).toMatchObject({ outcome: 'issued', attempts: 2 });
	});

	test('a refusal after a lost answer does not mean that no token was issued', async () => {
		sandbox().faults.push({ kind: 'reset', processed: true }, { kind: 'refuse', code: 'EGW00133' });
		const waited = await issue(sandbox(), { ...failing, options: { waitWhenLimited: true } });
		expect(errorOf(waited)).toMatchObject({ outcome: 'unknown', code: 'EGW00133' });

		sandbox().faults.push({ kind: 'reset', processed: true }, { kind: 'refuse', code: 'EGW00133' });
		const retried = await issue(sandbox(), {
			...failing,
			node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
		});
		expect(errorOf(retried)).toMatchObject({
			outcome: 'unknown',
			message: expect.stringContaining('in an earlier try of this execution'),
		});
	});

	test('the error names the last code: of a refusal before a lost answer, of a host gone after it', async () => {
		sandbox().faults.push({ kind: 'refuse', code: 'EGW00201' }, { kind: 'reset', processed: true });
		const refused = await issue(sandbox(), failing);
		expect(errorOf(refused)).toMatchObject({ outcome: 'unknown', code: 'EGW00201' });

		const server = await startServer({
			answer: () => (socket) => {
				socket.resetAndDestroy();
				void server.close();
			},
		});
		const gone = await issue(
			{ apps: [keys()], url: server.url },
			{ ...failing, options: { waitWhenLimited: true, maxRetries: 0 } },
		);
		expect(errorOf(gone)).toMatchObject({ outcome: 'unknown', code: 'ECONNREFUSED' });
	});

	test('an unusable token does not settle an answer that was lost before it', async () => {
		sandbox().faults.push({ kind: 'reset', processed: true }, FOREIGN, {
			kind: 'refuse',
			code: 'EGW00133',
		});
		const nodes = [
			{ ...kisTokenStep('First', 'issue', { options: { waitWhenLimited: true } }), ...failing },
			{ ...kisTokenStep('Second', 'issue'), ...failing },
		];
		const run = await runChain(sandbox(), nodes);
		expect(['First', 'Second'].flatMap((name) => outcomes(outputOf(run, name)))).toEqual([
			'unusable',
			'unknown',
		]);
	});

	test('a refusal after an unusable token does not mean that no token was issued', async () => {
		sandbox().faults.push(FOREIGN, { kind: 'refuse', code: 'EGW00133', status: 403 });
		const nodes = ['First', 'Second'].map((name) => ({
			...kisTokenStep(name, 'issue', { options: { includeDetails: true } }),
			...failing,
		}));
		const run = await runChain(sandbox(), nodes);
		const error = outputOf(run, 'Second')[0].json.error as IDataObject;
		expect(error).toMatchObject({
			outcome: 'unusable',
			message: expect.stringContaining('it says that it was issued to another app key'),
			details: { attempts: 1, httpStatus: 403 },
		});
	});

	test('an expression that fails after a lost answer in the same execution', async () => {
		sandbox().faults.push({ kind: 'reset', processed: true });
		const reuseToken = "={{ $('Nowhere').item.json.x }}";
		const nodes = [
			{ ...kisTokenStep('First', 'issue'), ...failing },
			{ ...kisTokenStep('Second', 'issue', { options: { reuseToken } }), ...failing },
		];
		const run = await runChain(sandbox(), nodes);
		expect(outcomes(outputOf(run, 'Second'))).toEqual(['unknown']);
	});

	test('a request that KIS did not process is soon repeated', async () => {
		sandbox().faults.push(
			{ kind: 'refuse', code: 'EGW00201' },
			{ kind: 'refuse', code: 'EGW00300' },
		);
		const run = await issue(sandbox(), { options: { includeDetails: true } });
		expect(run.items[0].json.details).toMatchObject({ outcome: 'issued', attempts: 3 });
		expect(waits.every((milliseconds) => milliseconds < 10_000)).toBe(true);
	});

	test('if nothing listens, no token was requested', async () => {
		await sandbox().stop();
		const run = await issue(sandbox(), { ...failing, options: { maxRetries: 0 } });
		expect(errorOf(run)).toMatchObject({
			outcome: 'notSent',
			message: 'No token was requested: nothing listens at the address (connection refused)',
			code: 'ECONNREFUSED',
		});
	});

	test('the error of a run that stops says how many items got no token', async () => {
		sandbox().faults.push({ kind: 'refuse', code: 'EGW00105', status: 403 });
		const run = await issue(sandbox(), { input: [{}, {}] });
		expect(run.error).toMatchObject({
			name: 'NodeApiError',
			message: expect.stringMatching(
				/^2 of 2 items got no token, the first of them item 0\. No token was issued: .*\(EGW00105\)$/,
			),
		});
	});

	test('the details of a refusal', async () => {
		sandbox().faults.push({ kind: 'refuse', code: 'EGW00105', status: 403 });
		const run = await issue(sandbox(), { ...failing, options: { includeDetails: true } });
		expect(errorOf(run)).toMatchObject({
			description: expect.not.stringContaining('Wait When Limited'),
			details: {
				outcome: 'rejected',
				attempts: 1,
				httpStatus: 403,
				environment: 'custom',
				tokenFingerprint: null,
			},
		});
	});

	test('an invalid credential causes no attempt', async () => {
		const run = await issue(sandbox(), { ...failing, credential: { appsecret: '' } });
		expect(errorOf(run)).toMatchObject({
			outcome: 'notSent',
			message: 'No token was requested: the App Secret is empty',
		});
		expect(calls()).toBe(0);
	});

	test.each<[string, Fault[], string]>([
		['lost', [{ kind: 'reset', processed: true }], 'unknown'],
		['issued', [], 'notSent'],
		['refused', [{ kind: 'refuse', code: 'EGW00105' }], 'notSent'],
		['issued for another app key', [FOREIGN], 'unknown'],
	])(
		'an invalid option, after a token was %s in the same execution',
		async (_end, faults, outcome) => {
			sandbox().faults.push(...faults);
			const nodes = [
				{ ...kisTokenStep('First', 'issue'), ...failing },
				{ ...kisTokenStep('Second', 'issue', { options: { maxRetries: 99 } }), ...failing },
			];
			const run = await runChain(sandbox(), nodes);
			const error = outputOf(run, 'Second')[0].json.error as IDataObject;
			expect(error.outcome).toBe(outcome);
			if (outcome !== 'unknown') return;
			expect(error.description).toBe(
				'Correct it in the Options of the node. This execution has asked for a token that it did not pass on. If a token was issued, KIS gives the same one again for 6 hours: wait a minute, then issue again.',
			);
		},
	);

	test.each([
		['on HTTP 200', 200],
		['on HTTP 403', 403],
	])('a refusal that contains a token settles nothing: %s', async (_name, status) => {
		const body = { error_code: 'EGW00133', error_description: 'you have opaque-token' };
		sandbox().faults.push({
			kind: 'raw',
			body: JSON.stringify({ access_token: 'opaque-token', ...body }),
			status,
		});
		const run = await issue(sandbox(), failing);
		expect(errorOf(run)).toMatchObject({ outcome: 'unknown', code: 'EGW00133' });
		expect(found(withoutInput(run), ['opaque-token'])).toBeUndefined();
	});
});

describe('an unusable token is not passed on, and the error explains why', () => {
	test.each(['revoked', 'alreadyInvalid'])('dead, since it was %s here', async (end) => {
		sandbox().kis.switches.issueAfterRevoke = 'sameToken';
		now = Date.parse('2030-05-05T01:02:03Z');
		const token = (await issue(sandbox())).items[0].json.access_token as string;
		if (end === 'alreadyInvalid') sandbox().faults.push({ kind: 'refuse', code: 'EGW00121' });
		await revoke(sandbox(), { input: tokenItems(token) });
		const run = await issue(sandbox(), failing);
		expect(errorOf(run)).toEqual({
			message:
				'KIS gave a token that cannot be used: it is dead, since this n8n has revoked it or seen KIS call it invalid. KIS may give the same token for six hours after its issue: this one until 2030-05-05T16:02:03+09:00',
			description:
				'Before that, programs on this app key may get no other one. Issue again after it. The token was not passed on.',
			code: null,
			httpStatus: 200,
			outcome: 'unusable',
		});
		expect(JSON.stringify(run.stored)).not.toContain(token.slice(0, 30));
	});

	test('an answer of another host does not make a token dead here', async () => {
		const token = (await issue(sandbox())).items[0].json.access_token as string;
		const elsewhere = await new Sandbox({ apps: sandbox().apps }).start();
		try {
			const run = await revoke(elsewhere, {
				input: tokenItems(token),
				options: { includeDetails: true },
			});
			expect(outcomes(run.items)).toEqual(['alreadyInvalid']);
		} finally {
			await elsewhere.stop();
		}
		const again = await issue(sandbox());
		expect(again.items[0].json.access_token).toBe(token);
		expect(again.stored.data.resultData.runData['KIS Token'][0].hints).toContainEqual({
			location: 'outputPane',
			message: expect.stringContaining('revoked the token at another'),
		});
	});

	test.each([
		['expired by its claim', () => ({ access_token: makeToken(keys().appkey, { exp: 1000 }) })],
		[
			'expired by the answer',
			() => ({
				access_token: makeOpaqueToken(),
				access_token_token_expired: '2020-01-01 00:00:00',
			}),
		],
		[
			'expired by the seconds left',
			() => ({ access_token: makeToken(keys().appkey), expires_in: 0 }),
		],
		[
			'expired by its claim, not by the answer',
			() => ({
				access_token: makeToken(keys().appkey, { exp: 1000 }),
				access_token_token_expired: '2090-01-01 00:00:00',
			}),
		],
	])('%s', async (_name, answer) => {
		reply(answer());
		expect(errorOf(await issue(sandbox(), failing))).toMatchObject({
			outcome: 'unusable',
			message: expect.stringContaining(
				'it has expired. KIS may give the same token for six hours after its issue',
			),
			description: expect.stringMatching(/^Check this computer's clock/),
		});
	});

	test.each([
		['behind', 2, -1],
		['ahead of', -2, -3],
	])("expired, and this computer's clock is %s the server's", async (which, ahead, left) => {
		const at = (hours: number) => Date.now() + hours * 60 * MINUTE;
		const exp = Math.floor(at(left) / 1000);
		const body = JSON.stringify({ access_token: makeToken(keys().appkey, { exp }) });
		const answer = http(200, body, { date: new Date(at(ahead)).toUTCString() });
		const { url } = await startServer({ answer: () => answer });
		const run = await issue({ apps: [keys()], url }, failing);
		expect(errorOf(run)).toMatchObject({ outcome: 'unusable' });
		expect(errorOf(run).description).toMatch(
			new RegExp(
				`^This computer's clock is 120 minutes ${which} the server's, .*: set it right\\.`,
			),
		);
	});

	test('the time until which KIS gives the same token may be over', async () => {
		reply({ access_token: makeToken(keys().appkey, { iat: 1000, exp: 2000 }) });
		expect(errorOf(await issue(sandbox(), failing)).message).toMatch(
			/this one until 1970-01-01T15:16:40\+09:00, which is over by this computer's clock$/,
		);
	});

	test("another app key's", async () => {
		reply({ access_token: makeToken(makeKeyPair().appkey) });
		const run = await issue(sandbox(), { ...failing, options: { includeDetails: true } });
		expect(errorOf(run)).toMatchObject({
			outcome: 'unusable',
			message: expect.stringMatching(
				/it says that it was issued to another app key\. KIS may give .* until 20/,
			),
			details: { issuedToThisAppKey: false },
		});
	});
});
