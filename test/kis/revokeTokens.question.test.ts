// A token that is unknown after its attempts is asked about once: what that decides, what it does not, and which tokens are
// not asked about.
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { deadTokens } from '../../kis/memory/deadTokens';
import { Doubt, doubtAbout, isBeingRevoked } from '../../kis/memory/revokeMarks';
import { whileRevoking } from '../../kis/memory/sharedMarks';
import type { Revocation } from '../../kis/revoke/revocation';
import { KisDouble, uapiRefusal } from '../support/kisDouble';
import { leftSince, resources } from '../support/resources';
import { outcomes, revoke as send, type RunOptions } from '../support/revoke';
import {
	closeServers,
	CONFIRMATION,
	hangUp,
	http,
	refusal,
	reset,
	silence,
	timeoutFor,
	type Answer,
	type SeenRequest,
} from '../support/scriptedServer';
import { credentialFor, makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';

const HTML = http(502, '<html>');
/** Consecutive undecided tokens after which the batch stops. */
const UNDECIDED_TOKENS = 8;

let kis: KisDouble;
beforeEach(async () => {
	kis = await new KisDouble().start();
});
afterEach(closeServers);

const revoke = async (tokens: readonly string[], options: RunOptions = {}) =>
	await send(kis.url, tokens.map(read), { keys: kis.keys, askBeforeUnknown: true, ...options });
const revokeOne = async (token: string, options?: RunOptions): Promise<Revocation> =>
	(await revoke([token], options))[0];
/** Processes the revoke, and loses the answer. */
const processed = (socket: Socket) => {
	kis.live.clear();
	hangUp(socket);
};
const always = (endpoint: 'revokeP' | 'quote', answer: Answer) => {
	kis.orders[endpoint] = Array<Answer>(500).fill(answer);
};
const asked = () => kis.tokensOf('quote');

describe('a token that is dead', () => {
	test('was revoked by the attempt whose answer was lost', async () => {
		const token = kis.mint();
		kis.orders.revokeP = [processed];
		expect(await revokeOne(token)).toMatchObject({
			outcome: 'revoked',
			attempts: [{ verdict: 'noVerdict', transportCode: expect.stringMatching(/^E|^UND/) }],
			decisive: { verdict: 'invalidToken', code: 'EGW00121' },
			asked: { liveness: 'invalid' },
		});
		expect(asked()).toEqual([token]);
		expect(deadTokens.has(read(token), credentialFor(kis.keys, kis.url))).toBe(true);
	});

	test.each<[string, number, 'revoked' | 'alreadyInvalid' | 'unknown']>([
		['EGW00121', 3600, 'revoked'],
		['EGW00122', 3600, 'revoked'],
		// KIS says so of a token of the other environment, too.
		['EGW00123', 3600, 'unknown'],
		['EGW00121', -3600, 'alreadyInvalid'],
		['EGW00123', -3600, 'alreadyInvalid'],
	])('%s about one that expires in %i s: %s', async (code, seconds, outcome) => {
		const token = kis.mint({ exp: Math.floor(Date.now() / 1000) + seconds });
		kis.orders.revokeP = [reset];
		kis.orders.quote = [uapiRefusal(code)];
		expect((await revokeOne(token)).outcome).toBe(outcome);
	});

	test('EGW00123 about one that has expired by this clock, and not by that of the server: unknown', async () => {
		const now = Date.now();
		const token = kis.mint({ exp: Math.floor(now / 1000) - 3600 });
		kis.orders.revokeP = [reset];
		const date = new Date(now - 2 * 3_600_000).toUTCString();
		kis.orders.quote = [http(500, '{"rt_cd":"1","msg_cd":"EGW00123"}', { date })];
		expect((await revokeOne(token)).outcome).toBe('unknown');
	});

	test('was revoked by an earlier node of the execution whose attempt got no verdict', async () => {
		const token = kis.mint();
		const executionId = randomUUID();
		kis.orders.revokeP = [processed, refusal('EGW00101')];
		const first = await revokeOne(token, { executionId, askBeforeUnknown: false });
		const second = await revokeOne(token, { executionId });
		expect(outcomes([first, second])).toEqual(['unknown', 'revoked']);
		kis.orders.revokeP = [HTML];
		expect((await revokeOne(token, { executionId })).outcome).toBe('revoked');
		expect(asked()).toEqual([token]);
	});

	test('is asked about after its last attempt, over another connection', async () => {
		const token = kis.mint();
		const lateHtml = (socket: Socket) => {
			kis.live.clear();
			socket.write(HTML);
		};
		kis.orders.revokeP = [HTML, HTML, lateHtml];
		const { outcome, attempts } = await revokeOne(token, { maxRetries: 2 });
		expect([outcome, attempts.length]).toEqual(['revoked', 3]);
		const lines = kis.requests.map(({ line }) => line.split(' ')[0]);
		expect(lines).toEqual(['POST', 'POST', 'POST', 'GET']);
	});

	test('counts as decided: the batch goes on', async () => {
		const tokens = Array.from({ length: 3 * UNDECIDED_TOKENS }, () => kis.mint());
		always('revokeP', http(200, '{"message":"no code"}'));
		kis.live.clear();
		const found = await revoke(tokens);
		expect(new Set(outcomes(found))).toEqual(new Set(['revoked']));
		expect(asked().sort()).toEqual([...tokens].sort());
	});
});

describe('a token that KIS still accepts', () => {
	test('stays unknown, and was alive at the time stated', async () => {
		const token = kis.mint();
		kis.orders.revokeP = [HTML];
		let diesAt = 0;
		kis.orders.quote = [
			(socket) => {
				// The revoke is processed only now, while this answer is on its way.
				diesAt = Date.now();
				void delay(300).then(() => socket.write(http(200, '{"rt_cd":"0","msg1":"정상"}')));
			},
		];
		const before = Date.now();
		const found = await revokeOne(token);
		expect(found).toMatchObject({
			outcome: 'unknown',
			decisive: { verdict: 'noVerdict', httpStatus: 502 },
			asked: { liveness: 'alive', attempt: { verdict: 'confirmed' } },
		});
		expect(found.asked?.askedAt).toBeGreaterThanOrEqual(before);
		expect(found.asked?.askedAt).toBeLessThanOrEqual(diesAt);
	});

	test('is not known to be dead, and is asked about again after its next revoke', async () => {
		const token = kis.mint();
		const executionId = randomUUID();
		kis.orders.revokeP = [HTML, processed];
		const first = await revokeOne(token, { executionId });
		expect(deadTokens.has(read(token), credentialFor(kis.keys, kis.url))).toBe(false);
		const second = await revokeOne(token, { executionId });
		expect(outcomes([first, second])).toEqual(['unknown', 'revoked']);
		expect(asked()).toEqual([token, token]);
	});

	test('decides nothing: after eight in a row the batch stops, and the rest is neither sent nor asked about', async () => {
		const tokens = Array.from({ length: 100 }, () => kis.mint());
		always('revokeP', HTML);
		const found = await revoke(tokens);
		const sent = new Set(kis.seen('revokeP').map(({ body }) => body));
		expect(sent.size).toBeLessThan(50);
		expect(asked().length).toBeGreaterThanOrEqual(UNDECIDED_TOKENS);
		expect(asked().length).toBeLessThanOrEqual(sent.size);
		expect(new Set(asked()).size).toBe(asked().length);
		expect(found.at(-1)).toMatchObject({
			outcome: 'notSent',
			asked: null,
			stoppedBy: { because: 'nothingDecided', seen: { httpStatus: 502 } },
		});
	});
});

test.each<[string, Answer]>([
	['no answer', silence],
	['a closed connection', hangUp],
	['HTML', http(200, '<html>')],
	['a 5xx', http(503, '{"rt_cd":"0"}')],
	['a refusal for the rate', uapiRefusal('EGW00201')],
	['another code of KIS', uapiRefusal('EGW00304')],
	['no code', http(200, '{}')],
	['two codes', http(500, '{"error_code":"EGW00121","msg_cd":"EGW00201"}')],
	['a code that KIS does not list', uapiRefusal('EGW00124')],
	['HTTP 403', http(403, '{"message":"no"}')],
])('%s decides nothing', async (_name, answer) => {
	const token = kis.mint();
	kis.orders.revokeP = [reset];
	kis.orders.quote = [answer];
	expect(await revokeOne(token, { timeoutMs: timeoutFor(answer) })).toMatchObject({
		outcome: 'unknown',
		decisive: { transportCode: expect.any(String) },
		asked: { liveness: 'undecided' },
	});
	expect(asked()).toEqual([token]);
	expect(deadTokens.has(read(token), credentialFor(kis.keys, kis.url))).toBe(false);
});

describe('nothing is asked', () => {
	test.each<[string, Answer, string]>([
		['revoked', CONFIRMATION, 'revoked'],
		['invalid', refusal('EGW00121'), 'alreadyInvalid'],
		['rejected', refusal('EGW00101'), 'rejected'],
	])('about a token that ends as %s', async (_name, answer, outcome) => {
		kis.orders.revokeP = [answer];
		expect(await revokeOne(kis.mint())).toMatchObject({ outcome, asked: null });
		expect(asked()).toEqual([]);
	});

	test.each<[string, () => string]>([
		['of another app key', () => makeToken(makeKeyPair().appkey)],
		['cut off', () => makeToken(kis.keys.appkey).slice(0, -2)],
		['that says nothing of itself', makeOpaqueToken],
		['that names nobody', () => makeToken('')],
	])('about one %s: the answer could prove nothing', async (_name, make) => {
		kis.orders.revokeP = [HTML];
		expect(await revokeOne(make())).toMatchObject({ outcome: 'unknown', asked: null });
		expect(asked()).toEqual([]);
	});

	test('about one that KIS confirmed but may not know', async () => {
		const token = makeToken(makeKeyPair().appkey);
		kis.orders.revokeP = [CONFIRMATION, CONFIRMATION];
		const executionId = randomUUID();
		await revokeOne(token, { executionId });
		expect(await revokeOne(token, { executionId })).toMatchObject({
			outcome: 'unknown',
			asked: null,
		});
		expect(asked()).toEqual([]);
	});

	test('if it is turned off', async () => {
		kis.orders.revokeP = [HTML];
		const found = await revokeOne(kis.mint(), { askBeforeUnknown: false });
		expect(found).toMatchObject({ outcome: 'unknown', asked: null });
		expect(asked()).toEqual([]);
	});

	test.each<[string, Answer, string]>([
		['the credential was refused', refusal('EGW00103', 500), 'credentialRefused'],
		[
			'the server wants to be left alone',
			http(503, '{}', { 'retry-after': '3600' }),
			'askedToComeBack',
		],
	])('where %s', async (_name, answer, because) => {
		kis.orders.revokeP = [HTML, answer];
		const found = await revokeOne(kis.mint(), { maxRetries: 3 });
		expect(found).toMatchObject({ outcome: 'unknown', asked: null, stoppedBy: { because } });
		expect(asked()).toEqual([]);
	});

	test.each([
		[4, 'hostUnreachable'],
		[0, undefined],
	])('where the host is unreachable (%i retries)', async (maxRetries, because) => {
		const token = kis.mint();
		const { url } = kis;
		const executionId = randomUUID();
		kis.orders.revokeP = [HTML];
		await revokeOne(token, { executionId, askBeforeUnknown: false });
		await kis.close();
		const options = { keys: kis.keys, askBeforeUnknown: true, executionId, maxRetries };
		const [found] = await send(url, [read(token)], options);
		expect(found).toMatchObject({ outcome: 'unknown', asked: null });
		expect(found.stoppedBy?.because).toBe(because);
	});

	test('after Stop, whenever it comes', async () => {
		const during = new AbortController();
		always('revokeP', () => during.abort());
		const found = await revokeOne(kis.mint(), { cancel: during.signal, maxRetries: 3 });
		expect(found).toMatchObject({
			outcome: 'unknown',
			asked: null,
			stoppedBy: { because: 'cancelled' },
		});
		expect(asked()).toEqual([]);
	});
});

test('a question answered with a long Retry-After stops the batch', async () => {
	const tokens = Array.from({ length: 3 }, () => kis.mint());
	kis.orders.revokeP = [HTML];
	kis.orders.quote = [http(503, '{}', { 'retry-after': '3600' })];
	const found = await revoke(tokens, { requestsPerSecond: 1 });
	expect(outcomes(found)).toEqual(['unknown', 'notSent', 'notSent']);
	expect(found[2].stoppedBy?.because).toBe('askedToComeBack');
	expect(kis.requests).toHaveLength(2);
});

test('a question refused for the credential does not: revokes may still work', async () => {
	const tokens = Array.from({ length: 3 }, () => kis.mint());
	kis.orders.revokeP = [HTML];
	kis.orders.quote = [uapiRefusal('EGW00206')];
	expect(outcomes(await revoke(tokens))).toEqual(['unknown', 'revoked', 'revoked']);
});

test('Stop cancels a question, and leaves nothing behind', async () => {
	const before = resources();
	const stop = new AbortController();
	kis.orders.revokeP = [HTML];
	kis.orders.quote = [() => stop.abort()];
	const found = await revokeOne(kis.mint(), { cancel: stop.signal });
	expect(found).toMatchObject({
		outcome: 'unknown',
		asked: null,
		stoppedBy: { because: 'cancelled' },
	});
	await kis.close();
	expect(await leftSince(before)).toEqual([]);
});

test("the question counts towards the app key's limit", async () => {
	const tokens = Array.from({ length: 6 }, () => kis.mint());
	always('revokeP', HTML);
	await revoke(tokens, { requestsPerSecond: 4 });
	const times = kis.requests.map(({ at }: SeenRequest) => at);
	expect(times).toHaveLength(12);
	for (let i = 4; i < times.length; i++) expect(times[i] - times[i - 4]).toBeGreaterThan(990);
});

describe('what it learns is shared', () => {
	const revokeMarked = async (token: string) => {
		const tokens = [read(token)];
		const credential = credentialFor(kis.keys, kis.url);
		let wasMarked = false;
		kis.orders.quote = [
			(socket) => {
				wasMarked = isBeingRevoked(tokens[0], credential);
				const alive = kis.live.has(token);
				socket.write(alive ? http(200, '{"rt_cd":"0","msg1":"정상"}') : refusal('EGW00121', 500));
			},
		];
		await whileRevoking(tokens, credential, async () => {
			const [revocation] = await revoke([token]);
			return new Map([[tokens[0].fingerprint, revocation]]);
		});
		return { wasMarked, doubt: doubtAbout(tokens[0], credential) };
	};

	test('a dead token leaves no doubt', async () => {
		const token = kis.mint();
		kis.orders.revokeP = [processed];
		expect(await revokeMarked(token)).toEqual({ wasMarked: true, doubt: null });
	});

	test('a token that was still accepted does: a revoke under way may yet end it', async () => {
		const token = kis.mint();
		kis.orders.revokeP = [HTML];
		expect(await revokeMarked(token)).toEqual({ wasMarked: true, doubt: expect.any(Doubt) });
	});
});
