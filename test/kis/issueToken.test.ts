// The client's side of an issue: what goes over the wire, and how it ends if a connection breaks or the caller leaves.
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { obstacleTo, reuse, type Issued } from '../../kis/issue/issuance';
import { givenBefore } from '../../kis/issue/issueHistory';
import { issueToken, requestToken, type IssueOptions } from '../../kis/issue/issueToken';
import { deadTokens } from '../../kis/memory/deadTokens';
import { markAsRevoking, resolveDoubt } from '../../kis/memory/revokeMarks';
import { limiterOfAppKey } from '../../kis/rateLimit/limiterFor';
import { until } from '../../tools/common/until';
import { closeAll } from '../support/connections';
import { leftSince, resources } from '../support/resources';
import {
	hangUp,
	http,
	refusal,
	reset,
	silence,
	startServer,
	timeoutFor,
	unusedPort,
	type Answer,
} from '../support/scriptedServer';
import { credentialFor, makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';

afterEach(closeAll);

const keys = makeKeyPair();
const token = makeToken(keys.appkey);
const GRANT = http(200, JSON.stringify({ access_token: token, token_type: 'Bearer' }));

const optionsWith = (changes: Partial<IssueOptions> = {}): IssueOptions => ({
	maxRetries: 0,
	requestsPerSecond: 1_000_000,
	timeoutMs: 5000,
	waitWhenLimited: false,
	cancel: new AbortController().signal,
	execution: {},
	...changes,
});

async function issue(url: string, changes: Partial<IssueOptions> = {}, pair = keys) {
	return await issueToken(credentialFor(pair, url), optionsWith(changes));
}

test('one POST with the grant type and the keys, and nothing else', async () => {
	const server = await startServer({ answer: () => GRANT });
	expect(await issue(`${server.url}/behind/a/relay`)).toMatchObject({
		outcome: 'issued',
		grant: { token: { value: token }, fields: { access_token: token, token_type: 'Bearer' } },
	});
	expect(server.requests).toHaveLength(1);
	const [{ line, headers, body }] = server.requests;
	expect(line).toBe('POST /behind/a/relay/oauth2/tokenP HTTP/1.1');
	expect(JSON.parse(body)).toEqual({ grant_type: 'client_credentials', ...keys });
	expect(headers['content-type']).toBe('application/json; charset=UTF-8');
	expect(headers).not.toHaveProperty('authorization');
	await server.abandoned();
});

test.each<[string, Answer]>([
	['reset', reset],
	['closed', hangUp],
	['silence', silence],
	['HTML', http(200, '<html></html>')],
	['HTML, and a refusal by its status', http(403, '<html></html>')],
	['a token that is no text', http(200, '{"access_token":{"value":"x"}}')],
	['an empty token', http(200, '{"access_token":" "}')],
	['a token in two', http(200, '{"access_token":"one two"}')],
	['a refusal beside a token', http(200, `{"access_token":"${token}","error_code":"EGW00103"}`)],
	['a list', http(200, `[{"access_token":"${token}"}]`)],
	['a fault of the server', http(500, '{}')],
])('%s: unknown, and not repeated', async (_name, answer) => {
	const server = await startServer({ answer: () => answer });
	const before = resources();
	expect(await issue(server.url, { timeoutMs: timeoutFor(answer), maxRetries: 3 })).toMatchObject({
		outcome: 'unknown',
		attempts: [{ verdict: 'noVerdict' }],
	});
	expect(server.requests).toHaveLength(1);
	await server.abandoned();
	expect(await leftSince(before)).toEqual([]);
});

test('a token that contains the letters of a KIS code is accepted', async () => {
	const [header, payload, signature] = token.split('.');
	const spelled = `${header}.${payload}.EGW00121${signature.slice(8)}`;
	const grant = http(200, JSON.stringify({ access_token: spelled }));
	const server = await startServer({ answer: () => grant });
	expect(await issue(server.url)).toMatchObject({ outcome: 'issued' });
});

describe('what is passed on', () => {
	const opaque = makeOpaqueToken();
	test.each<[string, unknown, string]>([
		['a whole JWT', token, token],
		['with "Bearer" in front', `Bearer ${token}`, token],
		['with a line break behind', `${token}\n`, token],
		['other token text', opaque, opaque],
		['of 20 characters', 'a~b.c_d-e/f+gh012345', 'a~b.c_d-e/f+gh012345'],
		['padded', `${opaque}==`, `${opaque}==`],
	])('%s: the bare token', async (_name, access_token, bare) => {
		const body = JSON.stringify({ access_token });
		const server = await startServer({ answer: () => http(200, body) });
		expect(await issue(server.url)).toMatchObject({
			outcome: 'issued',
			grant: { token: { value: bare }, fields: { access_token: bare } },
		});
	});

	test.each<[string, string]>([
		['its signature', token.slice(0, -1)],
		['its payload', token.slice(0, 100)],
	])('a token that is cut off in %s is unusable', async (_name, access_token) => {
		const body = JSON.stringify({ access_token });
		const server = await startServer({ answer: () => http(200, body) });
		expect(await issue(server.url)).toMatchObject({ outcome: 'unusable', flaw: 'cutOff' });
	});

	test.each<[string, object, number]>([
		['a word', { access_token: 'error' }, 200],
		['19 characters', { access_token: 'x'.repeat(19) }, 200],
		['what no token is made of', { access_token: '거부되었습니다'.repeat(9) }, 200],
		['HTML', { access_token: '<html><body>no</body></html>' }, 200],
		['a token behind another character', { access_token: `%${opaque}` }, 200],
		['a token before another character', { access_token: `${opaque}%` }, 200],
		['a token padded within', { access_token: `${opaque}=${opaque}` }, 200],
		['a token beside code 500', { access_token: token, code: 500 }, 200],
		['a token beside success: false', { access_token: token, success: false }, 200],
		['a token beside an errorCode', { access_token: token, errorCode: 'x' }, 200],
		['a token on HTTP 201', { access_token: token }, 201],
		['a token on HTTP 400', { access_token: token }, 400],
		['a token on HTTP 500', { access_token: token }, 500],
		['a token in a list on HTTP 400', { access_token: [token] }, 400],
		['a token under another name on HTTP 403', { Access_Token: 'opaque-token' }, 403],
		['a token in lists and objects on HTTP 403', { data: { token: [[{ a: 1 }]] } }, 403],
		['the start of a JWT in a text on HTTP 403', { error_code: 'EGW00133', msg1: 'eyJhbGci' }, 403],
		['a token within something on HTTP 403', { data: { given: token } }, 403],
	])('not %s: it is unknown whether a token was issued', async (_name, body, status) => {
		const server = await startServer({ answer: () => http(status, JSON.stringify(body)) });
		expect(await issue(server.url, { maxRetries: 3 })).toMatchObject({
			outcome: 'unknown',
			attempts: [{ verdict: 'noVerdict' }],
		});
		expect(server.requests).toHaveLength(1);
	});
});

test.each([
	{ token: '' },
	{ token: null },
	{ token: [] },
	{ msg1: 'eyJ' },
	{ msg1: 'eyJ....i' },
	{ msg1: 'eyJab i' },
])('a refusal that only looks as if it held a token stays one: %j', async (more) => {
	const body = JSON.stringify({ error_code: 'EGW00133', ...more });
	const server = await startServer({ answer: () => http(403, body) });
	expect(await issue(server.url)).toMatchObject({ outcome: 'rejected' });
});

test.each([0, '0', -1])(
	'a token without an expiry that ends in %j seconds has expired',
	async (expires_in) => {
		const body = JSON.stringify({ access_token: makeOpaqueToken(), expires_in });
		const server = await startServer({ answer: () => http(200, body) });
		expect(await issue(server.url)).toMatchObject({ outcome: 'unusable', flaw: 'expired' });
	},
);

test.each(['', ' ', null, 'soon'])('one that ends in %j seconds has not', async (expires_in) => {
	const body = JSON.stringify({ access_token: makeOpaqueToken(), expires_in });
	const server = await startServer({ answer: () => http(200, body) });
	expect(await issue(server.url)).toMatchObject({ outcome: 'issued' });
});

test('what an execution was given is known by the token', async () => {
	const execution = {};
	const server = await startServer({ answer: () => GRANT });
	const other = read(makeToken(keys.appkey));
	expect(givenBefore(execution, read(token))).toBeNull();
	await issue(server.url, { execution });
	expect(givenBefore(execution, read(token))).toMatchObject({ token: { value: token } });
	expect(givenBefore(execution, other)).toBeNull();
	expect(givenBefore({}, read(token))).toBeNull();
});

describe("where this computer's clock is wrong", () => {
	const HOUR_MS = 60 * 60 * 1000;
	const answerAt = (theirs: number, claims: object) => {
		const body = JSON.stringify({ access_token: makeToken(keys.appkey, claims) });
		return http(200, body, { date: new Date(theirs).toUTCString() });
	};
	const hourAgo = Math.floor((Date.now() - HOUR_MS) / 1000);

	test("by the server's clock, a token that looks expired is not", async () => {
		const answer = answerAt(Date.now() - 2 * HOUR_MS, { exp: hourAgo });
		const server = await startServer({ answer: () => answer });
		expect(await issue(server.url)).toMatchObject({
			outcome: 'issued',
			grant: { clockAheadMs: expect.closeTo(-2 * HOUR_MS, -5) },
		});
	});

	test('and one that looks good has expired', async () => {
		const exp = Math.floor((Date.now() + HOUR_MS) / 1000);
		const server = await startServer({ answer: () => answerAt(Date.now() + 2 * HOUR_MS, { exp }) });
		expect(await issue(server.url)).toMatchObject({ outcome: 'unusable', flaw: 'expired' });
	});

	test('a difference of less than five minutes is ignored', async () => {
		const exp = Math.floor(Date.now() / 1000) + 60;
		const server = await startServer({ answer: () => answerAt(Date.now() + 240_000, { exp }) });
		expect(await issue(server.url)).toMatchObject({
			outcome: 'issued',
			grant: { clockAheadMs: 0 },
		});
	});
});

describe('Retry-After', () => {
	test('does not make an answer without a verdict retryable', async () => {
		const answer = http(503, '{}', { 'retry-after': '0' });
		const server = await startServer({ answer: () => answer });
		expect(await issue(server.url, { maxRetries: 3 })).toMatchObject({ outcome: 'unknown' });
		expect(server.requests).toHaveLength(1);
	});

	test('of more than a minute ends it, though Wait When Limited would wait', async () => {
		const answer = http(503, '{}', { 'retry-after': '3600' });
		const server = await startServer({ answer: () => answer });
		const changes = { maxRetries: 3, waitWhenLimited: true };
		expect(await issue(server.url, changes)).toMatchObject({ outcome: 'unknown' });
		expect(server.requests).toHaveLength(1);
	});

	test('of a refusal for the rate is waited for', async () => {
		const answers = [http(429, '<html>', { 'retry-after': '1' }), GRANT];
		const server = await startServer({ answer: (_request, index) => answers[index] });
		expect(await issue(server.url, { maxRetries: 1 })).toMatchObject({ outcome: 'issued' });
		const [first, second] = server.requests;
		expect(second.at - first.at).toBeGreaterThanOrEqual(1000);
	});
});

test.each<[string, Answer]>([
	['a refusal on HTTP 200', refusal('EGW00105', 200)],
	['a refusal without a code', http(400, '{}')],
	['a code that is about tokens', refusal('EGW00121', 403)],
])('%s: none was issued', async (_name, answer) => {
	const server = await startServer({ answer: () => answer });
	expect(await issue(server.url)).toMatchObject({ outcome: 'rejected' });
});

test.each(['+275760-09-13 09:00:00', '9999-12-31 23:59:59', 'never'])(
	'an expiry of %s breaks nothing, and its permit is released',
	async (access_token_token_expired) => {
		const grant = http(200, JSON.stringify({ access_token: token, access_token_token_expired }));
		const server = await startServer({ answer: () => grant });
		const options = { requestsPerSecond: 1 };
		expect(await issue(server.url, options)).toMatchObject({ outcome: 'issued' });
		expect(await issue(server.url, options)).toMatchObject({ outcome: 'issued' });
	},
);

test('nothing listens: retried, and never sent', async () => {
	const url = `http://127.0.0.1:${await unusedPort()}`;
	expect(await issue(url, { maxRetries: 1 })).toMatchObject({
		outcome: 'notSent',
		attempts: [{ verdict: 'unwritten' }, { verdict: 'unwritten' }],
	});
});

test('cancelled before the call: nothing is sent', async () => {
	const server = await startServer({ answer: () => GRANT });
	expect(await issue(server.url, { cancel: AbortSignal.abort() })).toMatchObject({
		outcome: 'notSent',
	});
	expect(server.connections).toBe(0);
});

test('after everybody left a call, the next caller gets a new one', async () => {
	let answers = 0;
	const server = await startServer({ answer: () => (answers++ === 0 ? silence : GRANT) });
	const leave = new AbortController();
	const left = issue(server.url, { cancel: leave.signal });
	await server.received(1);
	leave.abort();
	const joined = issue(server.url);
	expect(await left).toMatchObject({ outcome: 'unknown' });
	expect(await joined).toMatchObject({ outcome: 'issued' });
	expect(server.requests).toHaveLength(2);
});

test('hosts, app keys and app secrets do not share a call', async () => {
	const slow = (socket: Socket) => void delay(100).then(() => socket.write(GRANT));
	const [here, there] = await Promise.all(
		[1, 2].map(async () => await startServer({ answer: () => slow })),
	);
	const otherSecret = { ...keys, appsecret: 'another' };
	const otherPath = `${here.url}/x`;
	await Promise.all([
		issue(here.url),
		issue(here.url),
		issue(otherPath),
		issue(there.url),
		issue(here.url, {}, makeKeyPair()),
		issue(here.url, {}, otherSecret),
	]);
	expect(here.requests).toHaveLength(4);
	expect(there.requests).toHaveLength(1);
});

test('it shares the limit with everything else on the app key', async () => {
	const server = await startServer({ answer: () => GRANT });
	const started = performance.now();
	// The second is sent a second after the answer to the first.
	await issue(server.url, { requestsPerSecond: 1 });
	await issue(server.url, { requestsPerSecond: 1 });
	expect(performance.now() - started).toBeGreaterThanOrEqual(1000);
});

describe('a token to reuse', () => {
	const now = Math.floor(Date.now() / 1000);
	const credential = credentialFor(keys, 'https://kis.example');

	test.each([
		['long enough', { exp: now + 90 }, true],
		['not long enough', { exp: now + 50 }, false],
		['over', { exp: now - 1 }, false],
		['no expiry', { exp: undefined }, false],
		['another owner', { exp: now + 90, jti: 'PSother' }, false],
		['no owner', { exp: now + 90, jti: undefined }, false],
	])('for at least a minute: %s', (_name, claims, isGood) => {
		expect(reuse(read(makeToken(keys.appkey, claims)), credential, 60_000) !== null).toBe(isGood);
	});

	test('an expired one is not reused, even if no time has to be left', () => {
		expect(reuse(read(makeToken(keys.appkey, { exp: now - 1 })), credential, 0)).toBeNull();
	});
});

test('a rejected issue stays rejected though the next try reaches nobody', async () => {
	const execution = {};
	const server = await startServer({ answer: () => refusal('EGW00105', 403) });
	await issue(server.url, { execution });
	await server.close();
	expect(await issue(server.url, { execution })).toMatchObject({
		outcome: 'rejected',
		attempts: [{ verdict: 'unwritten' }],
		decisive: { refusalCode: 'EGW00105' },
	});
});

test('an unusable token does not tell what became of a lost answer', async () => {
	const execution = {};
	const foreign = http(200, JSON.stringify({ access_token: makeToken(makeKeyPair().appkey) }));
	const answers = [hangUp, foreign, refusal('EGW00133', 403)];
	const server = await startServer({ answer: (_request, index) => answers[index] });
	const outcomes = [];
	while (outcomes.length < answers.length)
		outcomes.push((await issue(server.url, { execution })).outcome);
	expect(outcomes).toEqual(['unknown', 'unusable', 'unknown']);
});

test('a good token replaces what became of a lost answer', async () => {
	const execution = {};
	const server = await startServer({
		answer: (_request, index) => (index === 0 ? hangUp : GRANT),
	});
	const outcomes = [];
	while (outcomes.length < 3) outcomes.push((await issue(server.url, { execution })).outcome);
	expect(outcomes).toEqual(['unknown', 'issued', 'issued']);
	expect(server.requests).toHaveLength(2);
});

describe('a request that is withdrawn just before it would be sent', () => {
	const NOTHING = { outcome: 'notSent', attempts: [], decisive: null };
	const request = async (url: string, beforeSending?: () => Promise<boolean>) =>
		await requestToken(credentialFor(keys, url), optionsWith(), beforeSending);
	const withdraw = async () => false;

	test('is not sent, and the caller knows that nobody has stopped it', async () => {
		const server = await startServer({ answer: () => GRANT });
		expect(await request(server.url, withdraw)).toEqual({ issuance: NOTHING, isWithdrawn: true });
		expect(server.requests).toHaveLength(0);
	});

	test('is withdrawn for those who joined it and could have withdrawn it themselves', async () => {
		const server = await startServer({ answer: () => GRANT });
		const joined = [withdraw, async () => true].map(async (it) => await request(server.url, it));
		const [, other] = await Promise.all(joined);
		expect(other).toEqual({ issuance: NOTHING, isWithdrawn: true });
		expect(server.requests).toHaveLength(0);
	});

	test('is made by those who joined it and could not, once for all of them', async () => {
		const server = await startServer({ answer: () => GRANT });
		const joined = [withdraw, undefined, undefined].map(
			async (it) => await request(server.url, it),
		);
		expect(await Promise.all(joined)).toMatchObject([
			{ isWithdrawn: true },
			{ issuance: { outcome: 'issued' }, isWithdrawn: false },
			{ issuance: { outcome: 'issued' }, isWithdrawn: false },
		]);
		expect(server.requests).toHaveLength(1);
	});

	test('is not told to a caller who was stopped before', async () => {
		const server = await startServer({ answer: () => GRANT });
		const credential = credentialFor(keys, server.url);
		const stopped = optionsWith({ cancel: AbortSignal.abort() });
		const joined = await Promise.all([
			request(server.url, withdraw),
			requestToken(credential, stopped, withdraw),
		]);
		expect(joined[1]).toEqual({ issuance: NOTHING, isWithdrawn: false });
	});

	test('is not replaced, for a caller who was stopped meanwhile, by the request of another', async () => {
		const server = await startServer({ answer: () => GRANT });
		const credential = credentialFor(keys, server.url);
		const stop = new AbortController();
		let open: (mayGo: boolean) => void = () => {};
		const gate = jest.fn(async () => await new Promise<boolean>((resolve) => (open = resolve)));
		const stopped = [gate, undefined].map(
			async (it) => await requestToken(credential, optionsWith({ cancel: stop.signal }), it),
		);
		expect(await until(() => gate.mock.calls.length > 0)).toBe(true);
		stop.abort();
		const other = request(server.url);
		open(false);
		const [, joined] = await Promise.all(stopped);
		expect(joined.issuance).toEqual(NOTHING);
		expect(await other).toMatchObject({ issuance: { outcome: 'issued' } });
		expect(server.requests).toHaveLength(1);
	});

	test('after a refusal leaves the refusal', async () => {
		const server = await startServer({ answer: () => refusal('EGW00300', 500) });
		let count = 0;
		const onlyOnce = async () => count++ === 0;
		const options = optionsWith({ maxRetries: 1 });
		expect(await requestToken(credentialFor(keys, server.url), options, onlyOnce)).toMatchObject({
			issuance: { outcome: 'rejected', attempts: [{ refusalCode: 'EGW00300' }] },
			isWithdrawn: true,
		});
		expect(server.requests).toHaveLength(1);
	});
});

describe('the token that the execution was given before is not given again unasked', () => {
	const twice = async (meanwhile: (url: string) => Promise<unknown>) => {
		const execution = {};
		const server = await startServer({ answer: () => GRANT });
		await issue(server.url, { execution });
		await meanwhile(server.url);
		await issue(server.url, { execution });
		return server.requests.length;
	};
	const revoking = async (url: string) =>
		await markAsRevoking([read(token)], credentialFor(keys, url));

	test('while it is being revoked', async () => {
		let end = async () => {};
		const requests = await twice(async (url) => {
			const unmark = await revoking(url);
			end = async () => void (await unmark(['notSent']));
		});
		expect(requests).toBe(2);
		await end();
	});

	test.each(['unknown', 'rejected'] as const)(
		'after a revoke that ended as %s',
		async (outcome) => {
			const left: Parameters<typeof resolveDoubt>[0][] = [];
			const requests = await twice(async (url) => {
				const unmark = await revoking(url);
				left.push(...(await unmark([outcome])));
			});
			expect(requests).toBe(2);
			left.forEach(resolveDoubt);
		},
	);

	test('nor counts as good if it was being revoked when KIS gave it, even when that has ended', async () => {
		const execution = {};
		const server = await startServer({ answer: () => GRANT });
		const unmark = await revoking(server.url);
		const given = await issue(server.url, { execution });
		expect(given.outcome).toBe('issued');
		const credential = credentialFor(keys, server.url);
		expect(obstacleTo(given as Issued, credential)).toBe('beingRevoked');
		await unmark(['notSent']);
		expect(obstacleTo(given as Issued, credential)).toBe('beingRevoked');
		const again = await issue(server.url, { execution });
		expect(obstacleTo(again as Issued, credential)).toBeNull();
		expect(server.requests).toHaveLength(1);
	});

	test('nor counts as good if it has died since', async () => {
		const pair = makeKeyPair();
		const access_token = makeToken(pair.appkey);
		const grant = http(200, JSON.stringify({ access_token }));
		const server = await startServer({ answer: () => grant });
		const given = (await issue(server.url, {}, pair)) as Issued;
		const credential = credentialFor(pair, server.url);
		expect(obstacleTo(given, credential)).toBeNull();
		deadTokens.add(read(access_token), credential);
		expect(obstacleTo(given, credential)).toBe('dead');
	});

	test('but it is after a revoke that was not sent', async () => {
		expect(await twice(async (url) => await (await revoking(url))(['notSent']))).toBe(1);
	});
});

test('cancelled while it waits for a permit: nothing was sent', async () => {
	const pair = makeKeyPair();
	const server = await startServer({ answer: () => GRANT });
	const oneASecond = { requestsPerSecond: 1 };
	await issue(server.url, oneASecond, pair);
	expect(
		await issue(server.url, { ...oneASecond, cancel: AbortSignal.timeout(100) }, pair),
	).toEqual({ outcome: 'notSent', attempts: [], decisive: null });
	expect(server.requests).toHaveLength(1);
});

test('an unusable token that the execution was given before is not quoted', async () => {
	const execution = {};
	const foreign = makeToken(makeKeyPair().appkey);
	const answers = [
		http(200, JSON.stringify({ access_token: foreign })),
		http(403, `{"error_code":"EGW00133","error_description":"no ${foreign.slice(-30)}"}`),
	];
	const server = await startServer({ answer: (_request, index) => answers[index] });
	await issue(server.url, { execution });
	expect(await issue(server.url, { execution })).toMatchObject({
		attempts: [{ text: expect.stringContaining('Withheld') }],
	});
});

test('after a jittered wait each caller asks for itself', async () => {
	// A new app: after a refusal for the rate, the limiter draws random numbers too.
	const pair = makeKeyPair();
	const grant = http(200, JSON.stringify({ access_token: makeToken(pair.appkey) }));
	const answers = [refusal('EGW00300', 500), refusal('EGW00300', 500), grant];
	const server = await startServer({ answer: (_request, index) => answers[index] });
	const random = jest.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(1);
	try {
		const asking = [1, 2].map(async () => await issue(server.url, { maxRetries: 1 }, pair));
		const outcomes = (await Promise.all(asking)).map(({ outcome }) => outcome);
		expect(outcomes).toEqual(['rejected', 'issued']);
		expect(server.requests).toHaveLength(3);
	} finally {
		random.mockRestore();
	}
});

test('a token that the execution was given before is not quoted', async () => {
	const execution = {};
	const over = makeToken(keys.appkey, { exp: Math.floor(Date.now() / 1000) + 1 });
	const answers = [
		http(200, JSON.stringify({ access_token: over })),
		refusal('EGW00133', 403),
		http(403, `{"error_code":"EGW00133","error_description":"no ${over.slice(-30)}"}`),
	];
	const server = await startServer({ answer: (_request, index) => answers[index] });
	await issue(server.url, { execution });
	await delay(1100);
	await issue(server.url, { execution });
	expect(await issue(server.url, { execution })).toMatchObject({
		outcome: 'rejected',
		attempts: [{ text: expect.stringContaining('Withheld') }],
	});
});

test('it releases its permit', async () => {
	const server = await startServer({ answer: () => GRANT });
	const pair = makeKeyPair();
	await issue(server.url, { requestsPerSecond: 1 }, pair);
	expect(limiterOfAppKey(pair.appkey).isIdle(performance.now() + 10_000)).toBe(true);
});

test('a refusal for the rate pauses everything on the app key for a second', async () => {
	const pair = makeKeyPair();
	const server = await startServer({ answer: () => refusal('EGW00201', 500) });
	await issue(server.url, {}, pair);
	const started = performance.now();
	await issue(server.url, {}, pair);
	expect(performance.now() - started).toBeGreaterThan(900);
});

test('the end of an abandoned call does not remove the next one', async () => {
	let answers = 0;
	const late = (socket: Socket) => void delay(300).then(() => socket.write(GRANT));
	const server = await startServer({ answer: () => (answers++ === 0 ? silence : late) });
	const leave = new AbortController();
	const left = issue(server.url, { cancel: leave.signal });
	await server.received(1);
	leave.abort();
	const second = issue(server.url);
	await left;
	await server.received(2);
	const third = issue(server.url);
	expect(await Promise.all([second, third])).toMatchObject([
		{ outcome: 'issued' },
		{ outcome: 'issued' },
	]);
	expect(server.requests).toHaveLength(2);
});

test('an execution is given its token again, and no other execution is', async () => {
	const server = await startServer({ answer: () => GRANT });
	const execution = {};
	await issue(server.url, { execution });
	expect(await issue(server.url, { execution })).toMatchObject({ outcome: 'issued', attempts: [] });
	expect(server.requests).toHaveLength(1);
	await issue(server.url);
	expect(server.requests).toHaveLength(2);
});

test('cancelled while others ask: nothing was sent for it', async () => {
	const server = await startServer({
		answer: () => (socket: Socket) => void delay(100).then(() => socket.write(GRANT)),
	});
	const asking = issue(server.url);
	await server.received(1);
	expect(await issue(server.url, { cancel: AbortSignal.abort() })).toMatchObject({
		outcome: 'notSent',
	});
	expect(await asking).toMatchObject({ outcome: 'issued' });
});

test('a new caller joins those who ask again after their wait', async () => {
	let answers = 0;
	const late = (socket: Socket) => void delay(300).then(() => socket.write(GRANT));
	const server = await startServer({
		answer: () => (answers++ === 0 ? refusal('EGW00202', 500) : late),
	});
	const waiting = issue(server.url, { maxRetries: 1 });
	await server.received(2);
	const fresh = issue(server.url);
	expect(await Promise.all([waiting, fresh])).toMatchObject([
		{ outcome: 'issued' },
		{ outcome: 'issued' },
	]);
	expect(server.requests).toHaveLength(2);
});
