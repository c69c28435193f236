// What KIS's answer to a request for a quote says about a token, when it was asked, and what of its words is passed on.
import { askIfAlive } from '../../kis/liveness/askIfAlive';
import { limiterOfAppKey } from '../../kis/rateLimit/limiterFor';
import { never } from '../../kis/waiting';
import { KisDouble, uapiRefusal } from '../support/kisDouble';
import {
	closeServers,
	hangUp,
	http,
	refusal,
	unusedPort,
	type Answer,
} from '../support/scriptedServer';
import { credentialFor, makeKeyPair, makeToken, read } from '../support/tokens';

let kis: KisDouble;
beforeEach(async () => {
	kis = await new KisDouble().start();
});
afterEach(closeServers);

const ask = async (value = kis.mint(), url = kis.url, cancel = new AbortController().signal) =>
	await askIfAlive(credentialFor(kis.keys, url), read(value), {
		requestsPerSecond: 1000,
		timeoutMs: 60_000,
		cancel,
	});

const answers = (fields: object) => http(200, JSON.stringify({ msg_cd: 'MCA00000', ...fields }));

describe('if the question is withdrawn', () => {
	const askWith = async (signals: { cancel?: AbortSignal; stopWaiting?: AbortSignal }) =>
		await askIfAlive(credentialFor(kis.keys, kis.url), read(kis.mint()), {
			requestsPerSecond: 1000,
			timeoutMs: 60_000,
			cancel: never(),
			...signals,
		});
	const [stop, none] = [() => AbortSignal.abort(), never];

	test.each([
		['withdrawn', none(), stop()],
		['cancelled', stop(), undefined],
	])('and was not sent yet, it never is (%s)', async (_name, cancel, stopWaiting) => {
		expect(await askWith({ cancel, stopWaiting })).toBeNull();
		expect(kis.requests).toEqual([]);
	});

	test('while it waits for its turn, it waits no longer', async () => {
		limiterOfAppKey(kis.keys.appkey).pause(60_000);
		const stopWaiting = new AbortController();
		const asking = askWith({ stopWaiting: stopWaiting.signal });
		stopWaiting.abort();
		expect(await asking).toBeNull();
	});

	test('while KIS answers, the answer counts', async () => {
		const stopWaiting = new AbortController();
		kis.orders.quote = [
			(socket) => {
				stopWaiting.abort();
				socket.write(refusal('EGW00121', 500));
			},
		];
		expect(await askWith({ stopWaiting: stopWaiting.signal })).toMatchObject({
			liveness: 'invalid',
		});
	});
});

test.each<[string, Answer | null, string]>([
	['a quote', null, 'alive'],
	['a quote whose number is a number', answers({ rt_cd: 0, msg1: '정상' }), 'alive'],
	['that the token is invalid', uapiRefusal('EGW00121'), 'invalid'],
	['that the token has expired', uapiRefusal('EGW00123'), 'invalid'],
	['another refusal', uapiRefusal('EGW00201'), 'undecided'],
	['an answer without rt_cd', answers({}), 'undecided'],
	['an answer with an empty rt_cd', answers({ rt_cd: null }), 'undecided'],
	['nothing', hangUp, 'undecided'],
])('KIS gives %s', async (_name, answer, liveness) => {
	kis.orders.quote = [answer];
	expect(await ask()).toMatchObject({ liveness });
});

test('the time is that of the question', async () => {
	const before = Date.now();
	const askedAt = (await ask())?.askedAt;
	expect(askedAt).toBeGreaterThanOrEqual(before);
	expect(askedAt).toBeLessThanOrEqual(Date.now());
});

test('a question that could not be written has no time', async () => {
	const url = `http://127.0.0.1:${await unusedPort()}`;
	expect(await ask(undefined, url)).toMatchObject({
		liveness: 'undecided',
		attempt: { verdict: 'unwritten' },
		askedAt: null,
	});
});

test('a question that was cancelled is not asked', async () => {
	expect(await ask(undefined, undefined, AbortSignal.abort())).toBeNull();
	expect(kis.requests).toEqual([]);
});

test.each<[string, (token: string) => string]>([
	['the app key', () => kis.keys.appkey],
	['the app secret', () => kis.keys.appsecret],
	['the token', (token) => token],
	['the app key of its owner', (token) => read(token).claims?.appkey ?? ''],
])('what KIS says is withheld if it quotes %s', async (_name, quoted) => {
	const token = makeToken(makeKeyPair().appkey);
	const msg1 = `거부 ${quoted(token)}`;
	kis.orders.quote = [http(500, JSON.stringify({ rt_cd: '1', msg_cd: 'EGW00201', msg1 }))];
	const attempt = (await ask(token))?.attempt;
	expect(attempt?.code).toBe('EGW00201');
	expect(attempt?.text).toContain('Withheld');
});
