// The KIS Token node and the token that the credential brings to HTTP Requests: each knows what the other does with it. On
// n8n's engine, against a fake KIS that is not the sandbox.
import { setTimeout as delay } from 'node:timers/promises';
import type { IDataObject, INode, IWorkflowSettings, WorkflowExecuteMode } from 'n8n-workflow';

import { encryptCredential, makeNode, outputOf, runWorkflow } from '../../tools/engine/run';
import { KisApi } from '../../credentials/KisApi.credentials';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { getTool, runAgent } from '../support/agent';
import { send } from '../support/httpRequest';
import { KisDouble, uapiRefusal, type Endpoint } from '../support/kisDouble';
import {
	CONFIRMATION,
	closeServers,
	hangUp,
	http,
	refusal,
	reset,
	silence,
	unusedPort,
} from '../support/scriptedServer';
import { found, withoutInput } from '../support/secrets';
import { makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';
import {
	errorOf,
	failing,
	kisTokenStep,
	outcomes,
	runChain,
	runNode,
	tokenItems,
	type Setup,
} from '../support/workflow';

let kis: KisDouble;
beforeEach(async () => {
	kis = await new KisDouble().start();
});
afterEach(closeServers);

const host = () => ({ apps: [kis.keys], url: kis.url });
const quote = async () => await send(kis, { url: kis.urlOf('quote') });
const order = async () => await send(kis, { url: kis.urlOf('order'), method: 'POST' });
/** Returns the token that a quote is requested with. */
const quoted = async () => {
	await quote();
	return kis.tokensOf('quote').at(-1);
};
const issue = async (setup: Setup = {}) =>
	await runNode(host(), { input: [{}], ...setup, operation: 'issue' });
const issued = async (setup: Setup = {}) => (await issue(setup)).items[0].json.access_token;
const fromCredential = { tokenSource: 'credential' };
const run = async (
	operation: 'inspect' | 'revoke',
	parameters: INode['parameters'] = {},
	setup: Setup = {},
) =>
	await runNode(host(), {
		input: [{}],
		...setup,
		operation,
		node: {
			parameters: {
				operation,
				...parameters,
				...(operation === 'revoke' && {
					options: { requestsPerSecond: 1_000_000, ...setup.options },
				}),
			},
			...setup.node,
		},
	});
const count = (...endpoints: Endpoint[]) => endpoints.map((name) => kis.seen(name).length);
/** The tokens that were revoked, in order. */
const revoked = () =>
	kis.seen('revokeP').map(({ body }) => (JSON.parse(body) as { token: string }).token);
const off = { bringAuthorization: false };

describe('Issue', () => {
	test('passes on the kept token after asking KIS once, and says so', async () => {
		const token = await quoted();
		const { items } = await issue({ options: { includeDetails: true } });
		expect(items[0].json).toMatchObject({
			access_token: token,
			token_type: 'Bearer',
			details: { outcome: 'reused', attempts: 0 },
		});
		expect(count('tokenP', 'quote')).toEqual([1, 2]);
	});

	test('keeps the token that it gets', async () => {
		const token = await issued();
		expect(await quoted()).toBe(token);
		expect(count('tokenP')).toEqual([1]);
	});

	test('gives an execution the same token as before, after asking KIS', async () => {
		const nodes = ['First', 'Second'].map((name) =>
			kisTokenStep(name, 'issue', { options: { includeDetails: true } }),
		);
		const stored = await runChain(host(), nodes, { input: [{}] });
		const [first, second] = nodes.map(({ name }) => outputOf(stored, name)[0].json);
		expect(second).toEqual({
			...first,
			details: { ...(first.details as IDataObject), attempts: 0, httpStatus: null },
		});
		expect(count('tokenP', 'quote')).toEqual([1, 1]);
	});

	test('shares its request with HTTP Requests that need a token at the same time', async () => {
		kis.orders.tokenP = [
			(socket) => {
				const access_token = kis.mint();
				void delay(1000).then(() => socket.write(http(200, JSON.stringify({ access_token }))));
			},
		];
		const [token, sent] = await Promise.all([issued(), quote()]);
		expect(sent.errors).toEqual([]);
		expect([...kis.live, token]).toEqual([token, kis.tokensOf('quote')[0]]);
		expect(count('tokenP')).toEqual([1]);
	});

	test.each([
		['too short', 3600, 1800],
		['long enough', 3600, 3600 + 600],
	])('the time left decides about reuse: %s', async (_name, minimumSecondsLeft, life) => {
		kis.life = life;
		const token = await quoted();
		const isEnough = life > minimumSecondsLeft;
		expect((await issued({ options: { minimumSecondsLeft } })) === token).toBe(isEnough);
		expect(count('tokenP')).toEqual([isEnough ? 1 : 2]);
	});

	test('gives another if the kept token died elsewhere', async () => {
		const token = await quoted();
		kis.live.clear();
		const next = await issued();
		expect(next).not.toBe(token);
		expect(await quoted()).toBe(next);
		expect(count('tokenP')).toEqual([2]);
	});

	test('gives the kept token if KIS does not say whether it is alive', async () => {
		const token = await quoted();
		kis.orders.quote = [http(200, '<html></html>')];
		expect(await issued()).toBe(token);
	});

	test('a token whose revoke is unconfirmed is not used until KIS calls it alive', async () => {
		const token = await quoted();
		kis.orders.revokeP = [hangUp];
		await run('revoke', fromCredential, { ...failing, options: { maxRetries: 0 } });
		kis.orders.quote = [http(200, '<html></html>')];
		expect(await issued()).not.toBe(token);
	});

	test('ignores the kept token if the switch is off', async () => {
		const token = await quoted();
		const other = await issued({ credential: off });
		expect(other).not.toBe(token);
		expect(await quoted()).toBe(token);
		expect(count('tokenP', 'quote')).toEqual([2, 2]);
	});

	test.each([
		['a lost answer', hangUp, 'an access token may have been issued, and did not arrive'],
		['the minute', refusal('EGW00133', 403), 'KIS issues an access token only once a minute'],
		[
			'an unusable token',
			http(200, JSON.stringify({ access_token: makeToken('PSanother') })),
			'which says that it was issued to another app key',
		],
	])('lets HTTP Requests know of %s', async (_name, answer, message) => {
		kis.orders.tokenP = [answer];
		await issue(failing);
		expect((await order()).errors[0].message).toContain(message);
		expect(count('tokenP', 'order')).toEqual([1, 0]);
	});

	describe('warns that n8n stores the token', () => {
		const hints = async (settings?: IWorkflowSettings, mode?: WorkflowExecuteMode) => {
			const fields = { ...kis.keys, environment: 'custom', baseUrl: kis.url };
			const node = makeNode('Issue', 'kisToken', { operation: 'issue' });
			const stored = await runWorkflow(
				{
					nodes: [
						makeNode('Start', 'n8n-nodes-base.manualTrigger', {}),
						{ ...node, credentials: { kisApi: { id: 'kis', name: 'kis' } }, ...failing },
					],
					connections: { Start: { main: [[{ node: 'Issue', type: 'main', index: 0 }]] } },
					settings,
				},
				{
					nodeTypes: { kisToken: new KisToken() },
					credentialTypes: [new KisApi()],
					credentials: [await encryptCredential('kis', 'kisApi', fields)],
					mode,
				},
			);
			return stored.data.resultData.runData.Issue[0].hints ?? [];
		};
		const SAVED = 'EXECUTIONS_DATA_SAVE_MANUAL_EXECUTIONS';
		afterEach(() => delete process.env[SAVED]);

		test.each<[string, IWorkflowSettings | undefined, string | undefined, boolean]>([
			['nothing is set', undefined, undefined, true],
			['n8n saves no manual executions', undefined, 'false', false],
			['n8n saves no manual executions, in capitals', undefined, 'FALSE', false],
			['the workflow uses the default', { saveManualExecutions: 'DEFAULT' }, 'false', false],
			['the workflow saves them nevertheless', { saveManualExecutions: true }, 'false', true],
			['the workflow does not save them', { saveManualExecutions: false }, 'true', false],
			[
				'the workflow saves the progress',
				{ saveManualExecutions: false, saveExecutionProgress: true },
				undefined,
				true,
			],
			['only others are not saved', { saveDataSuccessExecution: 'none' }, undefined, true],
		])('if %s', async (_name, settings, variable, isStored) => {
			if (variable) process.env[SAVED] = variable;
			const given = await hints(settings);
			expect(given.map(({ message }) => message)).toEqual(
				isStored ? [expect.stringMatching(/^n8n is going to store this execution/)] : [],
			);
		});

		const ends = { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' } as const;
		test.each<[string, IWorkflowSettings, boolean]>([
			['nothing is set', {}, true],
			['only successes are not saved', { saveDataSuccessExecution: 'none' }, true],
			['only failures are not saved', { saveDataErrorExecution: 'none' }, true],
			['neither is saved', ends, false],
			['neither is saved, but the progress', { ...ends, saveExecutionProgress: true }, true],
			['only those started by hand are not saved', { saveManualExecutions: false }, true],
		])('if it was started by a trigger, and %s', async (_name, settings, isStored) => {
			expect(await hints(settings, 'trigger')).toHaveLength(isStored ? 1 : 0);
		});

		test('not if there was no token', async () => {
			kis.orders.tokenP = [hangUp];
			expect(await hints()).toEqual([]);
		});

		test('if one of several items has one', async () => {
			const run = await issue({
				...failing,
				input: [{ fails: true }, {}],
				options: { reuseToken: "={{ $json.fails ? $('Nowhere').item.json.x : '' }}" },
			});
			expect(outcomes(run.items)).toEqual(['notSent', undefined]);
			expect(errorOf(run)).not.toHaveProperty('details');
			const { hints: given = [] } = run.stored.data.resultData.runData['KIS Token'][0];
			expect(given).toHaveLength(1);
		});
	});
});

describe('Inspect', () => {
	const inspect = async (parameters: INode['parameters'], setup: Setup = {}) =>
		await run('inspect', parameters, setup);
	const ofItem = { token: '={{ $json.access_token }}' };

	test('inspects the kept token for each item, and asks nobody', async () => {
		const token = read(await quoted());
		const asked = kis.requests.length;
		const { items, stored } = await inspect(fromCredential, { input: [{}, {}] });
		expect(items.map(({ json }) => json.tokenFingerprint)).toEqual(
			Array(2).fill(token.fingerprint.slice(0, 12)),
		);
		expect(items[0].json).toMatchObject({ issuedToThisAppKey: true, expired: false });
		expect(items[0].json).not.toHaveProperty('alive');
		expect(kis.requests).toHaveLength(asked);
		expect(found(JSON.stringify(stored), [token.value])).toBeUndefined();
	});

	test.each(['inspect', 'revoke'] as const)(
		'%s: says where the credential has none',
		async (operation) => {
			const result = await run(operation, fromCredential, failing);
			expect(errorOf(result)).toMatchObject({
				message: expect.stringMatching(/: the KIS API credential keeps no access token$/),
				outcome: operation === 'revoke' ? 'notSent' : 'notInspected',
			});
			expect(kis.requests).toEqual([]);
		},
	);

	test.each(['inspect', 'revoke'] as const)(
		'%s: does not say that there is none where Redis cannot be asked',
		async (operation) => {
			const redisUrl = `redis://127.0.0.1:${await unusedPort()}`;
			const result = await run(operation, fromCredential, { ...failing, credential: { redisUrl } });
			expect(errorOf(result)).toMatchObject({
				message: expect.stringMatching(/: this n8n process keeps no access token, and the Redis/),
				outcome: operation === 'revoke' ? 'notSent' : 'notInspected',
			});
		},
	);

	test.each(['inspect', 'revoke'] as const)('%s: another source is an error', async (operation) => {
		const result = await run(operation, { tokenSource: 'elsewhere' }, failing);
		expect(errorOf(result).message).toMatch(/Token From is neither Input nor Credential$/);
	});

	describe('Ask KIS', () => {
		const ask = async (tokens: string[]) => {
			const { items, stored } = await inspect(
				{ ...ofItem, askKis: true },
				{ input: tokenItems(...tokens) },
			);
			const kept = found(withoutInput({ stored, items, errorItems: [], error: undefined }), tokens);
			expect(kept).toBeUndefined();
			return items.map(({ json }) => [json.alive, json.reason]);
		};

		test('alive, dead, and asked once for each token', async () => {
			const [live, dead] = [kis.mint(), makeToken(kis.keys.appkey)];
			expect(await ask([live, dead, live])).toEqual([
				[true, null],
				[false, 'KIS says that the token is not valid (EGW00121)'],
				[true, null],
			]);
			expect(kis.tokensOf('quote').sort()).toEqual([live, dead].sort());
		});

		test.each<[string, () => string]>([
			['of another app key', () => makeToken(makeKeyPair().appkey)],
			['cut off', () => makeToken(kis.keys.appkey).slice(0, -2)],
			['that is opaque', makeOpaqueToken],
		])('a token %s may be alive elsewhere, whatever KIS says here', async (_name, token) => {
			expect(await ask([token()])).toEqual([
				[null, 'KIS says that the token is not valid (EGW00121)'],
			]);
		});

		test('nothing about an item without a token', async () => {
			const live = kis.mint();
			const input = tokenItems('two words', live);
			const asked = await inspect({ ...ofItem, askKis: true }, { input, ...failing });
			expect(errorOf(asked).message).toContain('white space');
			expect([asked.items[1].json.alive, kis.tokensOf('quote')]).toEqual([true, [live]]);
		});

		test('unknown, and why', async () => {
			kis.orders.quote = [reset, uapiRefusal('EGW00201'), http(200, '<html></html>')];
			const reasons = [];
			for (let i = 0; i < 3; i++) reasons.push(...(await ask([kis.mint()])));
			expect(reasons).toEqual([
				[null, 'the connection was closed before a whole answer came'],
				[null, "the app key's requests per second are used up (초당 거래건수 초과) (EGW00201)"],
				[null, 'what the server answered cannot be read as an answer of KIS (HTTP 200)'],
			]);
		});

		test('a text that does not fit in a header', async () => {
			expect(await ask(['토큰-에-한글'])).toEqual([[null, expect.any(String)]]);
			expect(kis.requests).toEqual([]);
		});

		test.each([
			[200, 'the answer is not a quote (HTTP 200)'],
			[405, 'the server does not allow the method of the request at this address (HTTP 405)'],
			[415, 'the server does not support the media type of the request (HTTP 415)'],
		])('HTTP %d is described as an answer to this question', async (status, reason) => {
			kis.orders.quote = [http(status, '{}')];
			expect(await ask([kis.mint()])).toEqual([[null, reason]]);
		});

		test('HTTP Requests and Issue then know that a token is dead', async () => {
			const token = await quoted();
			kis.live.clear();
			const { items } = await inspect({ ...fromCredential, askKis: true });
			expect(items[0].json).toMatchObject({ alive: false });
			expect(await quoted()).not.toBe(token);
			expect(count('tokenP')).toEqual([2]);
		});

		test('an opaque token counts as dead if it is the credential’s own', async () => {
			kis.gives = makeOpaqueToken();
			kis.live.add(kis.gives);
			await quote();
			kis.live.clear();
			const { items } = await inspect({ ...fromCredential, askKis: true });
			expect(items[0].json).toMatchObject({ alive: false });
		});

		test('a live token with an unconfirmed revoke may then be used again', async () => {
			const token = await quoted();
			kis.orders.revokeP = [hangUp];
			await run('revoke', fromCredential, { ...failing, options: { maxRetries: 0 } });
			await inspect({ ...fromCredential, askKis: true });
			const before = kis.seen('quote').length;
			expect(await quoted()).toBe(token);
			expect(kis.seen('quote')).toHaveLength(before + 1);
		});

		test('Stop ends the question', async () => {
			kis.orders.quote = [silence];
			const stop = new AbortController();
			const asking = inspect(
				{ ...ofItem, askKis: true },
				{ input: tokenItems(kis.mint()), stop: stop.signal },
			);
			await kis.received(1);
			stop.abort();
			await asking;
		});
	});
});

describe('Revoke', () => {
	const revoke = async (setup: Setup = {}) =>
		await run('revoke', fromCredential, {
			...failing,
			...setup,
			options: { includeDetails: true, ...setup.options },
		});

	test('ends the kept token, and the next HTTP Request gets another', async () => {
		const token = await quoted();
		const { items, stored } = await revoke({ input: [{}, {}] });
		expect(outcomes(items)).toEqual(['revoked', 'revoked']);
		expect(count('revokeP')).toEqual([1]);
		expect(kis.live.size).toBe(0);
		const next = await quoted();
		expect([kis.live.has(next ?? ''), next === token]).toEqual([true, false]);
		expect(count('tokenP')).toEqual([2]);
		expect(found(JSON.stringify(stored), [token ?? ''])).toBeUndefined();
	});

	test('twice is a success too', async () => {
		await quoted();
		await revoke();
		expect(outcomes((await revoke()).items)).toEqual(['alreadyInvalid']);
	});

	test('of the same token from the input is known to the credential', async () => {
		const token = (await quoted()) ?? '';
		await run('revoke', { token: '={{ $json.access_token }}' }, { input: tokenItems(token) });
		expect(await quoted()).not.toBe(token);
	});

	test('no HTTP Request gets the token during a revoke', async () => {
		await quoted();
		let confirm = () => {};
		kis.orders.revokeP = [(socket) => (confirm = () => void socket.write(CONFIRMATION))];
		const revoking = revoke();
		await kis.received(3);
		const { errors } = await quote();
		expect(errors[0]).toEqual({
			message:
				'The request was not sent: the access token of the KIS API credential is being revoked at this moment',
			description:
				'Run again when KIS Token is done. If the token is dead then, the credential gets another one.',
		});
		confirm();
		await revoking;
		expect((await quote()).errors).toEqual([]);
	});

	test.each<[string, typeof hangUp | Buffer, string]>([
		['unknown', hangUp, 'live'],
		['unknown', hangUp, 'dead'],
		['rejected', refusal('EGW00101'), 'live'],
	])('%s: KIS is asked before the token is used again (%3$s)', async (outcome, answer, state) => {
		const token = await quoted();
		kis.orders.revokeP = [answer];
		const { items } = await revoke({ options: { maxRetries: 0 } });
		expect(outcomes(items)).toEqual([outcome]);
		if (state === 'dead') kis.live.clear();
		const before = kis.seen('quote').length;
		const next = await quoted();
		expect(next === token).toBe(state === 'live');
		expect(kis.seen('quote')).toHaveLength(before + 2);
	});

	test('unknown: no HTTP Request gets the token as long as KIS does not say whether it is alive', async () => {
		const token = read(await quoted());
		kis.orders.revokeP = [hangUp];
		await revoke({ options: { maxRetries: 0 } });
		kis.orders.quote = [reset];
		expect((await order()).errors[0]).toEqual({
			message: `The request was not sent: a revoke of access token ${token.fingerprint.slice(0, 12)} was not confirmed, and KIS has not said since whether it is alive`,
			description:
				'Revoke the token again in KIS Token (Token From: Credential), or look there with Inspect and Ask KIS, then run again.',
		});
		expect(count('order')).toEqual([0]);
	});

	test('a second try of Retry On Fail is about the same token', async () => {
		await quoted();
		kis.orders.revokeP = [hangUp, hangUp];
		const { items } = await revoke({
			options: { maxRetries: 0 },
			node: { retryOnFail: true, maxTries: 3, waitBetweenTries: 1 } as Partial<INode>,
		});
		expect(outcomes(items)).toEqual(['revoked']);
		expect(revoked()).toEqual(Array(3).fill(kis.tokensOf('quote')[0]));
	});

	test('a second try of Retry On Fail is about the same token, also if another one is kept by then', async () => {
		const token = await quoted();
		kis.orders.revokeP = [hangUp];
		kis.orders.quote = [reset];
		const count = kis.requests.length;
		const revoking = revoke({
			options: { maxRetries: 0 },
			node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1500 } as Partial<INode>,
		});
		// The revoke, and the question that its lost answer raised.
		await kis.received(count + 2);
		kis.live.clear();
		let next = token;
		while (next === token) {
			await delay(20);
			next = await quoted();
		}
		const { items } = await revoking;
		expect(outcomes(items)).toEqual(['revoked']);
		expect(revoked()).toEqual([token, token]);
		expect(kis.live).toEqual(new Set([next]));
	});

	test('each node, and each run of it, is about the token that is kept then', async () => {
		const nodes = [
			makeNode('Start', 'n8n-nodes-base.manualTrigger', {}),
			...[
				kisTokenStep('Issue', 'issue'),
				kisTokenStep('Issue Again', 'issue'),
				kisTokenStep('Revoke', 'revoke', fromCredential),
				kisTokenStep('Issue Then', 'issue'),
				kisTokenStep('Revoke Then', 'revoke', fromCredential),
				// Imported JSON may lack ids.
			].map((node) => ({ ...node, id: '', credentials: { kisApi: { id: 'kis', name: 'kis' } } })),
		];
		const to = (...names: string[]) => ({
			main: [names.map((node) => ({ node, type: 'main' as const, index: 0 }))],
		});
		const {
			apps: [keys],
			url,
		} = host();
		const fields = { ...keys, environment: 'custom', baseUrl: url };
		const connections = {
			Start: to('Issue', 'Issue Again'),
			Issue: to('Revoke'),
			'Issue Again': to('Revoke'),
			Revoke: to('Issue Then'),
			'Issue Then': to('Revoke Then'),
		};
		const stored = await runWorkflow(
			{ nodes, connections, settings: { executionOrder: 'v1' } },
			{
				nodeTypes: { [nodes[1].type]: new KisToken() },
				credentialTypes: [new KisApi()],
				credentials: [await encryptCredential('kis', 'kisApi', fields)],
			},
		);
		expect(stored.data.resultData.error).toBeUndefined();
		// Issue and Issue Again, and Issue Then after each of them.
		expect(new Set(revoked()).size).toBe(4);
		expect(kis.live).toEqual(new Set());
	});

	test('each call of an agent is about the token that is kept then, though n8n may give two calls one number', async () => {
		const said: unknown[] = [];
		await runAgent(host(), kisTokenStep('Tool', 'revoke', fromCredential), async function () {
			// For two items concurrently.
			for (const call of [await getTool(this), await getTool(this)]) {
				await quoted();
				said.push(await call(''));
			}
			return [[]];
		});
		expect(said).toEqual(Array(2).fill(expect.stringContaining('"outcome":"revoked"')));
		expect(revoked()).toEqual(kis.tokensOf('quote'));
		expect(kis.live).toEqual(new Set());
	});

	test('works if the switch was turned off meanwhile', async () => {
		await quoted();
		const { items } = await revoke({ credential: off });
		expect(outcomes(items)).toEqual(['revoked']);
	});
});
