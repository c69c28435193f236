// Issue with a token to reuse, and with invalid options, on n8n's engine, against the sandbox.
import { setTimeout as delay } from 'node:timers/promises';

import { until } from '../../tools/common/until';
import { EngineCredentials } from '../../tools/engine/credentials';
import { outputOf } from '../../tools/engine/run';
import { KisDouble } from '../support/kisDouble';
import {
	closeServers,
	CONFIRMATION,
	hangUp,
	http,
	refusal,
	type Answer,
} from '../support/scriptedServer';
import { makeJwt, makeKeyPair, makeToken } from '../support/tokens';
import {
	errorOf,
	failing,
	issue,
	kisTokenStep,
	outcomes,
	revoke,
	runChain,
	runNode,
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

describe('a token whose revoke is not settled', () => {
	let kis: KisDouble;
	beforeEach(async () => {
		kis = await new KisDouble().start();
	});
	afterEach(closeServers);
	const host = () => ({ apps: [kis.keys], url: kis.url });
	const issues = () => kis.seen('tokenP').length;
	const have = (...tokens: string[]) => ({
		...failing,
		input: tokens.map((token) => ({ have: token })),
		options: { reuseToken: '={{ $json.have }}' },
	});
	const granting = (token: string) => http(200, JSON.stringify({ access_token: token })) as Buffer;
	const outcomesOf = ({ items }: Awaited<ReturnType<typeof issue>>) =>
		items.map(({ json }) => json.outcome);

	/** Revokes a token. The answer to the question is lost. */
	const leftOpen = async (answer: Answer = hangUp, outcome = 'unknown') => {
		const token = kis.mint();
		kis.orders.revokeP = [answer];
		kis.orders.quote = [hangUp];
		const options = { maxRetries: 0 };
		const revoked = await revoke(host(), { ...failing, input: tokenItems(token), options });
		expect(errorOf(revoked).outcome).toBe(outcome);
		return token;
	};
	/** Starts a revoke that KIS refuses, when it is told to. */
	const failingToRevoke = async () => {
		const token = kis.mint();
		let answer = () => {};
		kis.orders.revokeP = [
			(socket) => (answer = () => void socket.write(refusal('EGW00101') as Buffer)),
		];
		const options = { timeout: 60_000, maxRetries: 0 };
		const ended = revoke(host(), { ...failing, input: tokenItems(token), options });
		await kis.received(1);
		const fail = async () => {
			answer();
			expect(errorOf(await ended)).toMatchObject({ outcome: 'rejected' });
		};
		return { token, fail };
	};
	/** Revokes a token. KIS has processed that, and answers when it is told to. */
	const revoking = async () => {
		const token = kis.mint();
		let answer = () => {};
		kis.orders.revokeP = [
			(socket) => {
				kis.live.delete(token);
				answer = () => void socket.write(CONFIRMATION);
			},
		];
		const options = { timeout: 60_000 };
		const ended = revoke(host(), { input: tokenItems(token), options });
		await kis.received(1);
		const end = async () => {
			answer();
			expect((await ended).items[0].json.outcome).toBe('revoked');
		};
		return { token, end };
	};

	test.each([
		['unknown', hangUp],
		['rejected', refusal('EGW00101')],
	])('is not reused after the revoke ended as %s: KIS is asked', async (outcome, answer) => {
		const token = await leftOpen(answer, outcome);
		const run = await issue(host(), have(token));
		expect(outcomesOf(run)).toEqual(['issued']);
		expect(run.items[0].json.access_token).not.toBe(token);
		expect(issues()).toBe(1);
	});

	test('is passed on if KIS gives it since, and the node says that it may be dead', async () => {
		const token = await leftOpen();
		kis.gives = token;
		const run = await issue(host(), have(token));
		expect(run.items[0].json).toMatchObject({ access_token: token, outcome: 'issued' });
		expect(run.stored.data.resultData.runData['KIS Token'][0].hints).toContainEqual({
			location: 'outputPane',
			message: expect.stringContaining('does not know whether it is dead'),
		});
	});

	test('is reused once KIS has called it alive', async () => {
		const token = await leftOpen();
		await runNode(host(), {
			operation: 'inspect',
			input: tokenItems(token),
			node: {
				parameters: { operation: 'inspect', token: '={{ $json.access_token }}', askKis: true },
			},
		});
		expect(outcomesOf(await issue(host(), have(token)))).toEqual(['reused']);
		expect(issues()).toBe(0);
	});

	test('is not reused while the revoke is under way: KIS is asked', async () => {
		const { token, end } = await revoking();
		const other = kis.mint();
		const run = await issue(host(), have(token, other));
		expect(outcomesOf(run)).toEqual(['issued', 'reused']);
		expect(run.items.map(({ json }) => json.access_token)).not.toContain(token);
		expect(issues()).toBe(1);
		await end();
	});

	test('is not passed on if KIS gives it while the revoke is under way', async () => {
		const { token, end } = await revoking();
		kis.gives = token;
		const run = await issue(host(), { ...failing, input: [{}] });
		await end();
		expect(errorOf(run)).toEqual({
			message: expect.stringMatching(
				/^KIS gave a token that cannot be used: this n8n was revoking it at the same time\. KIS may give the same token for six hours/,
			),
			description: 'Issue again when the revoke has ended. The token was not passed on.',
			code: null,
			httpStatus: 200,
			outcome: 'unusable',
		});
		expect(JSON.stringify(run.stored)).not.toContain(token.slice(0, 30));
	});

	describe('and that an execution was given, but did not pass on', () => {
		const retry = { retryOnFail: true, maxTries: 2, waitBetweenTries: 0 };

		test('is not denied by a second try that KIS refuses: the revoke may fail', async () => {
			const { token, fail } = await failingToRevoke();
			kis.gives = token;
			kis.orders.tokenP = [null, refusal('EGW00133', 403)];
			const run = await issue(host(), { ...failing, node: retry });
			await fail();
			expect(issues()).toBe(2);
			expect(kis.live).toContain(token);
			expect(errorOf(run)).toMatchObject({
				outcome: 'unusable',
				message: expect.stringContaining('this n8n was revoking it at the same time'),
				httpStatus: 403,
			});
		});

		test('is called dead by a second try once the revoke has ended so', async () => {
			const { token, end } = await revoking();
			kis.gives = token;
			kis.orders.tokenP = [
				null,
				(socket) => void end().then(() => socket.write(refusal('EGW00133', 403) as Buffer)),
			];
			const run = await issue(host(), { ...failing, node: retry });
			expect(errorOf(run)).toMatchObject({
				outcome: 'unusable',
				message: expect.stringContaining('it is dead'),
			});
		});

		test('is forgotten when a token is passed on', async () => {
			const { token, fail } = await failingToRevoke();
			kis.gives = token;
			const step = (name: string, options = {}) => ({
				...kisTokenStep(name, 'issue', { options }),
				...failing,
			});
			kis.orders.tokenP = [
				null,
				(socket) => void fail().then(() => socket.write(granting(kis.mint()))),
			];
			const nodes = [step('First'), step('Second'), step('Third', { maxRetries: 99 })];
			const run = await runChain(host(), nodes);
			const ends = nodes.flatMap(({ name }) => outcomes(outputOf(run, name)));
			expect(ends).toEqual(['unusable', undefined, 'notSent']);
		});
	});

	test('is passed on if the revoke under way has failed, without another token request', async () => {
		const { token, fail } = await failingToRevoke();
		kis.gives = token;
		expect(errorOf(await issue(host(), failing))).toMatchObject({ outcome: 'unusable' });
		await fail();
		const run = await issue(host());
		expect(run.items[0].json).toMatchObject({ access_token: token, outcome: 'reused' });
		expect(issues()).toBe(1);
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

describe('a second try of Retry On Fail, for an item that fails beside one that gets a token', () => {
	let kis: KisDouble;
	beforeEach(async () => {
		kis = await new KisDouble().start();
	});
	afterEach(closeServers);
	afterEach(() => jest.restoreAllMocks());

	const host = () => ({ apps: [kis.keys], url: kis.url });
	const reuseToken = "={{ $json.fails ? $('Nowhere').item.json.x : '' }}";
	const setup = {
		...failing,
		input: [{ fails: true }, {}],
		options: { reuseToken },
		credential: { bringAuthorization: false },
	};
	const node = { retryOnFail: true, maxTries: 2, waitBetweenTries: 0 };

	/** From its second reading on, n8n can read no credential. */
	function unreadableAfterFirst(): void {
		let readings = 0;
		const { getDecrypted } = EngineCredentials.prototype;
		jest.spyOn(EngineCredentials.prototype, 'getDecrypted').mockImplementation(async function (
			this: EngineCredentials,
			...args
		) {
			if (++readings > 1) throw new Error('Connection terminated unexpectedly');
			return await getDecrypted.apply(this, args);
		});
	}

	test('control: the token is passed on, and the item that fails was not sent', async () => {
		const run = await issue(host(), { ...setup, node });
		expect(kis.seen('tokenP')).toHaveLength(1);
		expect(run.items.map(({ json }) => json)).toEqual([
			{ error: expect.objectContaining({ outcome: 'notSent' }) },
			expect.objectContaining({ access_token: [...kis.live][0], outcome: 'issued' }),
		]);
	});

	test('does not deny the token of the first, which n8n has dropped, if it cannot read the credential', async () => {
		unreadableAfterFirst();
		const run = await issue(host(), { ...setup, node });
		expect(kis.live.size).toBe(1);
		expect(outcomes(run.items)).toEqual(['unknown', 'unknown']);
		expect(errorOf(run)).toMatchObject({
			message:
				'A token may have been issued, and did not arrive: n8n could not read the KIS API credential',
		});
	});

	test('nor if KIS refuses another, since a revoke has left open whether it is dead', async () => {
		kis.orders.tokenP = [null, refusal('EGW00133', 403)];
		kis.orders.revokeP = [hangUp];
		kis.orders.quote = [hangUp];
		const running = issue(host(), { ...setup, node: { ...node, waitBetweenTries: 1500 } });
		await until(() => kis.live.size > 0);
		const options = { maxRetries: 0 };
		await revoke(host(), { ...failing, input: tokenItems(...kis.live), options });
		const run = await running;
		expect(kis.seen('tokenP')).toHaveLength(2);
		expect(outcomes(run.items)).toEqual(['unknown', 'unusable']);
		expect(JSON.stringify(run.items)).not.toContain([...kis.live][0]);
	});

	test('a later node does not take the token for lost', async () => {
		const nodes = ['First', 'Second'].map((name, i) => ({
			...kisTokenStep(name, 'issue', { options: i === 0 ? { reuseToken } : {} }),
			...failing,
			...node,
		}));
		nodes[1].parameters.options = { maxRetries: 99 };
		const run = await runChain(host(), nodes, setup);
		expect(outcomes(outputOf(run, 'Second'))).toEqual(['notSent', 'notSent']);
	});
});
