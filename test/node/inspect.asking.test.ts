// Inspect with Ask KIS, for many tokens: an answer that all of them would get ends the asking, and a switch that cannot be
// read is an error. On n8n's engine, against a fake KIS that is not the sandbox.
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';

import { deadTokens } from '../../kis/memory/deadTokens';
import { limiterFor } from '../../kis/rateLimit/limiterFor';
import { outputOf } from '../../tools/engine/run';
import { KisDouble, uapiRefusal } from '../support/kisDouble';
import { closeServers, http, type Answer } from '../support/scriptedServer';
import { credentialFor, makeToken, read } from '../support/tokens';
import { failing, kisTokenStep, runChain, tokenItems } from '../support/workflow';

let kis: KisDouble;
beforeEach(async () => {
	kis = await new KisDouble().start();
});
afterEach(closeServers);

const COME_BACK = http(429, '{}', { 'retry-after': '3600' });
const minted = (count: number) => Array.from({ length: count }, () => kis.mint());

async function inspect(
	tokens: string[],
	askKis: boolean | string = true,
	stop?: AbortSignal,
): Promise<IDataObject[]> {
	const parameters = { token: '={{ $json.access_token }}', askKis };
	const step = { ...kisTokenStep('Inspect', 'inspect', parameters), ...failing };
	const host = { apps: [kis.keys], url: kis.url };
	const run = await runChain(host, [step], { input: tokenItems(...tokens), stop });
	return outputOf(run, 'Inspect').map(({ json }) => json);
}
const ask = async (tokens: string[], stop?: AbortSignal) =>
	(await inspect(tokens, true, stop)).map(({ alive, reason }) => [alive, reason]);

test.each<[string, Answer, string]>([
	['asks to come back in an hour', COME_BACK, 'the server has had too many requests (HTTP 429)'],
	[
		'refuses the app key',
		uapiRefusal('EGW00103'),
		'KIS does not know this App Key here (EGW00103)',
	],
])('if KIS %s, nothing is asked about the other tokens', async (_name, answer, why) => {
	kis.orders.quote = [answer];
	const [first, ...others] = await ask(minted(3));
	expect(first).toEqual([null, why]);
	expect(others).toEqual(others.map(() => [null, `asking ended, because ${why}`]));
	expect(kis.seen('quote')).toHaveLength(1);
});

test('if KIS asks that later on, only questions under way are still asked', async () => {
	kis.orders.quote = [null, ...Array.from({ length: 29 }, () => COME_BACK)];
	const [first, ...others] = await ask(minted(30));
	expect(first).toEqual([true, null]);
	expect(new Set(others.map(([alive]) => alive))).toEqual(new Set([null]));
	expect(kis.seen('quote').length).toBeLessThanOrEqual(1 + 8);
});

test('questions that wait for their turn then are not asked either', async () => {
	const askToComeBack: Answer = (socket) => {
		// Who has no permit by now waits until the answer is there.
		limiterFor(credentialFor(kis.keys, kis.url)).pause(5_000);
		void delay(300).then(() => socket.write(COME_BACK));
	};
	kis.orders.quote = [null, askToComeBack];
	const others = (await ask(minted(9))).slice(1);
	expect(others.at(-1)).toEqual([null, expect.stringMatching(/^asking ended, because/)]);
	expect(kis.seen('quote').length).toBeLessThan(9);
});

test('Stop ends the wait of questions for their turn', async () => {
	const stop = new AbortController();
	const answerAndStop: Answer = (socket) => {
		limiterFor(credentialFor(kis.keys, kis.url)).pause(3_600_000);
		void delay(50).then(() => stop.abort());
		socket.destroy();
	};
	kis.orders.quote = [null, answerAndStop];
	const all = await ask(minted(30), stop.signal);
	expect(all.at(-1)).toEqual([null, 'the execution was stopped']);
});

test('no signal is made for each question: Node.js keeps those that are listened to for ever', async () => {
	const any = jest.spyOn(AbortSignal, 'any');
	expect(await ask(minted(12))).toEqual(Array(12).fill([true, null]));
	expect(any).not.toHaveBeenCalled();
});

test('Stop ends the asking', async () => {
	const stop = new AbortController();
	const hangOn: Answer = () => void delay(50).then(() => stop.abort());
	kis.orders.quote = [null, hangOn, hangOn, hangOn];
	const all = await ask(minted(30), stop.signal);
	expect(all[0]).toEqual([true, null]);
	expect(all.at(-1)).toEqual([null, 'the execution was stopped']);
	expect(kis.seen('quote').length).toBeLessThanOrEqual(1 + 8);
});

test('if KIS asks that while it answers another question, that answer still counts', async () => {
	const quote = http(200, '{"rt_cd":"0","msg_cd":"MCA00000","msg1":"정상"}');
	const slowly = (socket: Socket) => void setTimeout(() => socket.write(quote), 300);
	kis.orders.quote = [null, slowly, COME_BACK];
	const [first, ...others] = await ask(minted(3));
	expect(first).toEqual([true, null]);
	expect(new Set(others.map(([alive]) => alive))).toEqual(new Set([true, null]));
});

test('if nothing listens, it is not tried again for each token', async () => {
	const tokens = minted(12);
	await kis.close();
	expect((await ask(tokens)).at(-1)).toEqual([
		null,
		'asking ended, because nothing listens at the address (connection refused)',
	]);
});

test('texts that do not fit in a header do not keep the others from being asked about', async () => {
	const texts = Array.from({ length: 6 }, (_, i) => `토큰-에-한글-${i}`);
	expect((await ask([...texts, kis.mint()])).at(-1)).toEqual([true, null]);
});

test.each([
	'={{ "true" }}',
	'={{ 1 }}',
	'={{ "yes" }}',
	'={{ $json }}',
	'={{ $json.missing }}',
	'={{ null }}',
])('Ask KIS, as %s, is an error: a question left out would go unnoticed', async (askKis) => {
	const [{ error }] = await inspect(minted(1), askKis);
	expect(error).toMatchObject({
		message: 'The token was not inspected: Ask KIS has to be true or false',
		outcome: 'notInspected',
	});
	expect(kis.requests).toEqual([]);
});

describe('KIS calls a token expired (EGW00123)', () => {
	test('that is over by this clock too: it is dead', async () => {
		const over = makeToken(kis.keys.appkey, { exp: Math.floor(Date.now() / 1000) - 60 });
		kis.orders.quote = [uapiRefusal('EGW00123')];
		expect(await ask([over])).toEqual([[false, 'KIS says that the token has expired (EGW00123)']]);
	});

	test('that is over by this clock, and not by that of KIS: it may live in the other environment', async () => {
		const now = Date.now();
		const over = makeToken(kis.keys.appkey, { exp: Math.floor(now / 1000) - 3600 });
		const date = new Date(now - 2 * 3_600_000).toUTCString();
		kis.orders.quote = [http(500, '{"rt_cd":"1","msg_cd":"EGW00123"}', { date })];
		expect((await ask([over]))[0][0]).toBeNull();
	});

	test('that is not over: it may live in the other environment', async () => {
		const token = kis.mint();
		kis.orders.quote = [uapiRefusal('EGW00123')];
		expect(await ask([token])).toEqual([[null, 'KIS says that the token has expired (EGW00123)']]);
		expect(deadTokens.has(read(token), credentialFor(kis.keys, kis.url))).toBe(false);
	});
});
