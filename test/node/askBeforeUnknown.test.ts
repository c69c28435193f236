// The option Ask KIS Before Saying Unknown, on n8n's engine, against a fake KIS that is not the sandbox: what items and errors
// say, and how the answer affects the token that the credential keeps.
import type { Socket } from 'node:net';
import type { IDataObject } from 'n8n-workflow';

import { send } from '../support/httpRequest';
import { KisDouble, uapiRefusal } from '../support/kisDouble';
import { closeServers, hangUp, http, reset } from '../support/scriptedServer';
import { found, withoutInput } from '../support/secrets';
import { makeKeyPair, makeToken } from '../support/tokens';
import { errorOf, failing, revoke as run, tokenItems, type Setup } from '../support/workflow';

const HTML = http(502, '<html>');
const MOMENT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+09:00/;

let kis: KisDouble;
beforeEach(async () => {
	kis = await new KisDouble().start();
});
afterEach(closeServers);

/** Processes the revoke and loses the answer. */
const processed = (socket: Socket) => {
	kis.live.clear();
	hangUp(socket);
};
const revoke = async (setup: Setup) =>
	await run(
		{ apps: [kis.keys], url: kis.url },
		{ ...setup, options: { maxRetries: 0, ...setup.options } },
	);
const asked = () => kis.tokensOf('quote');

test('a dead token whose answer was lost is a success, with the words of KIS', async () => {
	const token = kis.mint();
	kis.orders.revokeP = [processed];
	kis.orders.quote = [uapiRefusal('EGW00121')];
	const { items, error } = await revoke({
		input: tokenItems(token),
		options: { includeDetails: true },
	});
	expect(error).toBeUndefined();
	expect(items[0].json).toMatchObject({
		code: 'EGW00121',
		message: '거부',
		outcome: 'revoked',
		details: { outcome: 'revoked', attempts: 1, httpStatus: 500 },
	});
	expect(items[0].json.details).not.toHaveProperty('stillAcceptedAt');
	expect(asked()).toEqual([token]);
});

test.each<[string, () => string]>([
	['app key', () => kis.keys.appkey.slice(5, 15)],
	['app secret', () => kis.keys.appsecret.slice(20, 30)],
])('the words of KIS are withheld if they quote a part of the %s', async (_name, quotedPart) => {
	const quoted = quotedPart();
	kis.orders.revokeP = [processed];
	const body = { rt_cd: '1', msg_cd: 'EGW00121', msg1: `no: ${quoted}` };
	kis.orders.quote = [http(500, JSON.stringify(body))];
	const result = await revoke({
		input: tokenItems(kis.mint()),
		options: { includeDetails: true },
	});
	expect(result.items[0].json).toMatchObject({
		outcome: 'revoked',
		message: expect.stringContaining('Withheld') as unknown,
	});
	expect(withoutInput(result)).not.toContain(quoted);
});

test('for a token that KIS still accepts, the error says when, and what that does not prove', async () => {
	const token = kis.mint();
	kis.orders.revokeP = [HTML];
	const before = Math.floor(Date.now() / 1000) * 1000;
	const result = await revoke({
		...failing,
		input: tokenItems(token),
		options: { includeDetails: true },
	});
	const error = errorOf(result);
	const [moment] = MOMENT.exec(error.description) ?? [''];
	expect(error).toMatchObject({
		outcome: 'unknown',
		message: expect.stringMatching(/^The token may be dead or still live: /),
		details: { outcome: 'unknown', attempts: 1, stillAcceptedAt: moment },
	});
	expect(error.description).toContain(
		`After the last attempt KIS was asked for a quote with the token, and still accepted it at ${moment}. A revoke that KIS is still working on can end it later. Treat the token as live until a revoke is confirmed. Revoke the token again; that is safe.`,
	);
	expect(Date.parse(moment)).toBeGreaterThanOrEqual(before);
	expect(Date.parse(moment)).toBeLessThanOrEqual(Date.now());
	const { appkey, appsecret } = kis.keys;
	expect(found(withoutInput(result), [token, appkey, appsecret])).toBeUndefined();
});

test('an answer that decides nothing is quoted in the error', async () => {
	kis.orders.revokeP = [reset];
	kis.orders.quote = [http(503, '{}')];
	const result = await revoke({
		...failing,
		input: tokenItems(kis.mint()),
		options: { includeDetails: true },
	});
	const error = errorOf(result);
	expect(error.description).toContain(
		'After the last attempt KIS was asked for a quote with the token, and did not say whether it is alive: the server answered with a status that does not tell whether the request was processed (HTTP 503).',
	);
	expect(error.details).not.toHaveProperty('stillAcceptedAt');
});

test('Fail: for a token found dead by the question, the error says how that is known', async () => {
	const token = kis.mint({ exp: Math.floor(Date.now() / 1000) - 60 });
	kis.orders.revokeP = [reset];
	kis.orders.quote = [uapiRefusal('EGW00123')];
	const result = await revoke({
		...failing,
		input: tokenItems(token),
		options: { alreadyInvalid: 'fail' },
	});
	expect(errorOf(result)).toMatchObject({
		outcome: 'alreadyInvalid',
		code: 'EGW00123',
		httpStatus: 500,
		message:
			'The token was invalid already: asked for a quote, KIS says that the token has expired (EGW00123)',
		description: expect.stringMatching(/^The token is dead\. Nothing is left to do\. /),
	});
});

test('a token that KIS calls expired before its time may be one of another environment', async () => {
	const token = kis.mint();
	kis.orders.revokeP = [HTML];
	kis.orders.quote = [uapiRefusal('EGW00123')];
	const result = await revoke({ ...failing, input: tokenItems(token) });
	expect(errorOf(result)).toMatchObject({
		outcome: 'unknown',
		description: expect.stringMatching(
			/^After the last attempt KIS was asked for a quote with the token, and called it expired \(EGW00123\), as it does with tokens of another environment too\. By this computer's clock, or by that of the server, the token has not expired yet\. Check the clock, and the Environment of the KIS API credential\. Treat the token as live /,
		) as unknown,
	});
	expect(kis.live.has(token)).toBe(true);
});

test.each<[string, Setup['options'], () => string]>([
	['turned off', { askBeforeUnknown: false }, () => kis.mint()],
	['on for a token of another app key', {}, () => makeToken(makeKeyPair().appkey)],
])('no question is asked or mentioned: %s', async (_name, options, make) => {
	kis.orders.revokeP = [HTML];
	const error = errorOf(await revoke({ ...failing, input: tokenItems(make()), options }));
	expect(error.outcome).toBe('unknown');
	expect(error.description).not.toContain('quote');
	expect(asked()).toEqual([]);
});

test('an option that is neither true nor false is an error, and nothing is sent', async () => {
	const options = { askBeforeUnknown: 'perhaps' };
	const error = errorOf(await revoke({ ...failing, input: tokenItems(kis.mint()), options }));
	expect(error.message).toMatch(/Ask KIS Before Saying Unknown has to be true or false$/);
	expect(kis.requests).toEqual([]);
});

test('Stop during the question ends the run immediately, and the outcome stays unknown', async () => {
	const stop = new AbortController();
	kis.orders.revokeP = [HTML];
	kis.orders.quote = [() => stop.abort()];
	const token = kis.mint();
	await revoke({ ...failing, input: tokenItems(token), executionId: 'stopped', stop: stop.signal });
	expect(asked()).toEqual([token]);
	// n8n keeps no output of a stopped node. The next node of the execution shows what was known.
	const credential = { baseUrl: 'http://relay.example' };
	const next = { ...failing, input: tokenItems(token), executionId: 'stopped', credential };
	expect(errorOf(await revoke(next)).outcome).toBe('unknown');
});

test('Retry On Fail sends a token again that KIS still accepted', async () => {
	const token = kis.mint();
	kis.orders.revokeP = [HTML];
	const { items } = await revoke({
		input: tokenItems(token),
		node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
	});
	expect(items[0].json.outcome).toBe('revoked');
	expect([kis.seen('revokeP').length, asked().length]).toEqual([2, 1]);
});

describe('the token that the credential keeps', () => {
	const quote = async () => await send(kis, { url: kis.urlOf('quote') });
	const fromCredential = async () => {
		const parameters = { operation: 'revoke', tokenSource: 'credential' };
		const options = { maxRetries: 0, requestsPerSecond: 1_000_000 };
		const node = { parameters: { ...parameters, options } };
		const { items } = await revoke({ ...failing, input: [{}], node });
		const { outcome, error } = items[0].json;
		return outcome ?? (error as IDataObject).outcome;
	};

	test.each([[false], [true]])(
		'was found dead: the next request gets another without asking (given again by KIS: %s)',
		async (isGivenAgain) => {
			const iat = Math.floor(Date.now() / 1000) - (isGivenAgain ? 300 : 0);
			kis.gives = kis.mint({ iat });
			await quote();
			const [token] = asked();
			kis.gives = null;
			kis.orders.revokeP = [processed];
			expect(await fromCredential()).toBe('revoked');
			expect((await quote()).errors).toEqual([]);
			expect(kis.seen('tokenP')).toHaveLength(2);
			expect(asked().slice(0, 2)).toEqual([token, token]);
			expect(asked()).toHaveLength(3);
			expect(asked()[2]).not.toBe(token);
		},
	);

	test('was still accepted: KIS is asked about it once more before it is used', async () => {
		await quote();
		const [token] = asked();
		kis.orders.revokeP = [HTML];
		expect(await fromCredential()).toBe('unknown');
		expect((await quote()).errors).toEqual([]);
		expect(asked()).toEqual([token, token, token, token]);
		expect(kis.seen('tokenP')).toHaveLength(1);
	});
});
