// The server, as users run it: executions started through n8n's own API, and what they leave in its database.

import { jsonOf } from '../../tools/n8n/api';
import { readDatabase, readOtherFiles } from '../../tools/n8n/database';
import { itemsOf, readStored, withoutEmittedTokens } from '../../tools/n8n/execution';
import { chain, credentialFor, example, httpRequest, kisToken } from '../../tools/n8n/workflows';
import { makeApp } from '../../tools/sandbox/apps';
import type { Sandbox } from '../../tools/sandbox/server';
import { found } from '../support/secrets';
import { Stage } from './stage';
import type { TokenSource } from './tokenSource';
import { until } from './until';

// KIS issues once a minute for each app key.
const apps = {
	chain: makeApp(),
	example: makeApp(),
	quotes: makeApp(),
	revoke: makeApp(),
	stranger: makeApp(),
};
const QUOTE = '/uapi/domestic-stock/v1/quotations/inquire-price';
const REVOKED = {
	code: '200',
	message: '접근토큰 폐기에 성공하였습니다.',
	outcome: 'revoked',
};

let stage: Stage;
/** All that the tests used. */
const usedTokens: string[] = [];

beforeAll(async () => {
	stage = await Stage.start({ apps, workflows, env: { N8N_LOG_LEVEL: 'debug' } });
});
afterAll(async () => await stage?.stop());

afterEach(() => {
	stage.sandbox.faults.length = 0;
});

function workflows(sandbox: Sandbox, tokens: TokenSource) {
	const source = (name: string) => httpRequest('Tokens', tokens.urlOf(name));
	const revoke = (more: Parameters<typeof kisToken>[3], options = {}) =>
		kisToken('Revoke', 'revoke', { operation: 'revoke', options }, more);
	return [
		example('issue-quote-revoke.json', sandbox, 'example'),
		chain('chain', [
			kisToken('Issue', 'chain', { operation: 'issue' }),
			httpRequest('Quote', sandbox.url + QUOTE, {
				parameters: {
					authentication: 'predefinedCredentialType',
					nodeCredentialType: 'kisApi',
					sendQuery: true,
					queryParameters: {
						parameters: [
							{ name: 'FID_COND_MRKT_DIV_CODE', value: 'J' },
							{ name: 'FID_INPUT_ISCD', value: '005930' },
						],
					},
					sendHeaders: true,
					headerParameters: {
						parameters: [
							{ name: 'authorization', value: '=Bearer {{ $json.access_token }}' },
							{ name: 'tr_id', value: 'FHKST01010100' },
						],
					},
				},
				credentials: { kisApi: { id: 'chain', name: 'KIS chain' } },
			}),
			kisToken('Revoke', 'chain', {
				operation: 'revoke',
				token: "={{ $('Issue').first().json.access_token }}",
			}),
		]),
		chain('quotes', [
			source('quotes'),
			httpRequest('Quote', sandbox.url + QUOTE, {
				parameters: {
					authentication: 'predefinedCredentialType',
					nodeCredentialType: 'kisApi',
					sendHeaders: true,
					headerParameters: { parameters: [{ name: 'tr_id', value: 'FHKST01010100' }] },
				},
				credentials: { kisApi: { id: 'quotes', name: 'KIS quotes' } },
				onError: 'continueRegularOutput',
			}),
		]),
		chain('errorOutput', [source('errorOutput'), revoke({ onError: 'continueErrorOutput' })]),
		chain('stopWorkflow', [source('stopWorkflow'), revoke({})]),
		chain('retry', [
			source('retry'),
			revoke({ retryOnFail: true, maxTries: 2, waitBetweenTries: 1000 }, { maxRetries: 0 }),
		]),
		chain('stopButton', [source('stopButton'), revoke({}, { timeout: 60_000 })]),
	];
}

/** Puts tokens behind the step that gives them to a workflow. */
function give(name: string, ...values: string[]): void {
	stage.tokens.items.set(
		name,
		values.map((access_token) => ({ access_token })),
	);
	usedTokens.push(...values);
}

const mint = (app = apps.revoke) => stage.sandbox.kis.mint(app.appkey).value;
const revokeCalls = () =>
	stage.sandbox.calls.filter(({ path }) => path === '/oauth2/revokeP').length;

test('issues, asks for a quote through the HTTP Request node, and revokes', async () => {
	const { status, run } = await stage.api.run('chain');
	expect(status).toBe('success');
	const [{ access_token: token }] = jsonOf(itemsOf(run, 'Issue'));
	usedTokens.push(String(token));
	expect(jsonOf(itemsOf(run, 'Quote'))).toEqual([expect.objectContaining({ rt_cd: '0' })]);
	expect(jsonOf(itemsOf(run, 'Revoke'))).toEqual([REVOKED]);
	expect(stage.sandbox.kis.isKnown(String(token))).toBe(true);
	expect(stage.sandbox.kis.isLive(String(token))).toBe(false);
});

test('200 concurrent quotes, HTTP Request as it comes: each is sent once, and no faster than KIS allows', async () => {
	const items = Array.from({ length: 200 }, (_, place) => ({ place }));
	stage.tokens.items.set('quotes', items);
	const { status, run } = await stage.api.run('quotes');
	expect([status, run.resultData.error?.message]).toEqual(['success', undefined]);
	const [issue, ...quotes] = stage.sandbox.calls.filter(
		({ appkey }) => appkey === apps.quotes.appkey,
	);
	expect([issue.path, issue.result]).toEqual(['/oauth2/tokenP', '200']);
	expect(quotes.map(({ path }) => path)).toEqual(items.map(() => QUOTE));
	// A busy computer delays some, and the next ones follow too soon: KIS may refuse those.
	const answered = quotes.filter(({ result }) => result !== 'EGW00201');
	expect(new Set(answered.map(({ result }) => result))).toEqual(new Set(['MCA00000']));
	const given = jsonOf(itemsOf(run, 'Quote')).filter(({ rt_cd }) => rt_cd === '0');
	expect(given).toHaveLength(answered.length);
	// 18 a second: eleven seconds from the first to the last.
	const seconds = (quotes[items.length - 1].at - quotes[0].at) / 1000;
	expect(seconds).toBeGreaterThan(10);
	const refused = quotes.length - answered.length;
	process.stdout.write(`200 quotes: ${seconds.toFixed(2)} s, ${refused} refused\n`);
});

test('what failed goes to the error output, with its input', async () => {
	const [good, strange] = [mint(), mint(apps.stranger)];
	give('errorOutput', good, strange);
	const { status, run } = await stage.api.run('errorOutput');
	expect(status).toBe('success');
	expect(jsonOf(itemsOf(run, 'Revoke'))).toEqual([REVOKED]);
	expect(jsonOf(itemsOf(run, 'Revoke', 1))).toEqual([
		{
			access_token: strange,
			error: {
				code: 'EGW00121',
				httpStatus: 403,
				outcome: 'rejected',
				message: expect.stringContaining('The token was not revoked'),
				description: expect.stringContaining('The token may still be live'),
			},
		},
	]);
	expect([good, strange].map((token) => stage.sandbox.kis.isLive(token))).toEqual([false, true]);
});

test('without an error output the workflow stops, after every item was tried', async () => {
	const [strange, good] = [mint(apps.stranger), mint()];
	give('stopWorkflow', strange, good);
	const { status, run } = await stage.api.run('stopWorkflow');
	expect(status).toBe('error');
	expect(run.resultData.error?.message).toContain('1 of 2 items ended without a confirmed revoke');
	expect(run.resultData.error?.description).toContain('EGW00121');
	expect(stage.sandbox.kis.isLive(good)).toBe(false);
});

test('Retry On Fail ends with every token dead, and says so', async () => {
	const [first, second] = [mint(), mint()];
	give('retry', first, second);
	const before = revokeCalls();
	stage.sandbox.faults.push({ kind: 'refuse', code: 'EGW00202', path: '/oauth2/revokeP' });
	const { status, run } = await stage.api.run('retry');
	expect(status).toBe('success');
	// The second item was revoked by the first try, and stays so, though KIS calls it invalid in the second.
	const codes = jsonOf(itemsOf(run, 'Revoke')).map(({ code }) => code);
	expect(codes).toEqual(['200', '200']);
	expect(revokeCalls() - before).toBe(4);
	expect([first, second].map((token) => stage.sandbox.kis.isLive(token))).toEqual([false, false]);
});

test('the Stop button ends a call under way, and n8n’s log says what was sent', async () => {
	const token = mint();
	give('stopButton', token);
	const before = revokeCalls();
	stage.sandbox.faults.push({ kind: 'delay', delayMs: 60_000, path: '/oauth2/revokeP' });
	const id = await stage.api.start('stopButton');
	await until(() => revokeCalls() > before);
	await stage.api.stop(id);
	expect((await stage.api.ended(id)).status).toBe('canceled');
	await until(() => /KIS Token.*unknown/i.test(stage.n8n.log));
});

test('the example of the README leaves nothing in the database', async () => {
	// KIS gives the same token within six hours: Issue gets this one.
	const token = mint(apps.example);
	usedTokens.push(token);
	const id = await stage.api.start('issue-quote-revoke', 'When Clicking Execute');
	await until(() =>
		stage.sandbox.calls.some(
			({ path, appkey }) => path === '/oauth2/revokeP' && appkey === apps.example.appkey,
		),
	);
	expect(stage.sandbox.kis.isLive(token)).toBe(false);
	const gone = async () => (await stage.api.call('GET', `/executions/${id}`)) === undefined;
	await until(gone);
});

describe('the test in the dialog of the credential', () => {
	const fields = () => credentialFor(stage.sandbox, apps.chain, 'x').data;

	test('says that good keys work', async () => {
		const result = await stage.api.testCredential('kisApi', fields());
		expect(result.status).toBe('OK');
	});

	test.each([
		['an App Key of nobody', () => ({ appkey: makeApp().appkey }), 'EGW00103'],
		['another App Secret', () => ({ appsecret: makeApp().appsecret }), 'EGW00105'],
		[
			'swapped keys',
			() => ({ appkey: apps.chain.appsecret, appsecret: apps.chain.appkey }),
			'seem to be swapped',
		],
		['an address without KIS', () => ({ baseUrl: `${stage.sandbox.url}/nowhere` }), 'Base URL'],
		[
			'an address without a scheme',
			() => ({ baseUrl: stage.sandbox.url.replace('https://', '') }),
			'Begin it with https://',
		],
		['a closed port', () => ({ baseUrl: 'http://127.0.0.1:1' }), 'nothing listens at the address'],
		['a wrong name', () => ({ baseUrl: 'https://relay.invalid' }), 'could not be resolved'],
		[
			'https where http is spoken',
			() => ({ baseUrl: stage.n8n.url.replace('http:', 'https:') }),
			'begin the Base URL with http://',
		],
		[
			'http where https is spoken',
			() => ({ baseUrl: stage.sandbox.url.replace('https:', 'http:') }),
			'begin the Base URL with https://',
		],
	])('says what is wrong with %s', async (_what, change, says) => {
		const result = await stage.api.testCredential('kisApi', { ...fields(), ...change() });
		expect(result).toEqual({ status: 'Error', message: expect.stringContaining(says) });
	});
});

test('the HTTP Request node says what is wrong with a Base URL that is not complete', async () => {
	const data = {
		...credentialFor(stage.sandbox, apps.chain, 'x').data,
		baseUrl: stage.sandbox.url.replace('https://', ''),
	};
	const credential = { name: 'Incomplete', type: 'kisApi', data };
	const { id } = await stage.api.call('POST', '/credentials', credential);
	const quote = httpRequest('Quote', stage.sandbox.url + QUOTE, {
		parameters: { authentication: 'predefinedCredentialType', nodeCredentialType: 'kisApi' },
		credentials: { kisApi: { id: String(id), name: credential.name } },
	});
	const workflow = await stage.api.call('POST', '/workflows', chain('incomplete', [quote]));
	const { status, run } = await stage.api.run(String(workflow.id));
	expect(status).toBe('error');
	expect(run.resultData.error?.message).toContain('is not a complete address');
});

describe('what is left when n8n has ended', () => {
	let database: Awaited<ReturnType<typeof readDatabase>>;
	beforeAll(async () => {
		await stage.n8n.stop();
		database = await readDatabase(stage.n8n);
	});
	const keys = () => Object.values(apps).flatMap(({ appkey, appsecret }) => [appkey, appsecret]);

	test('the database holds the executions, and of their tokens only what a step gave out', () => {
		const stored = database.execution_data.map(({ data }) =>
			readStored(stage.n8n.installation, String(data)),
		);
		// Of the one that is not to be saved n8n keeps an empty row.
		expect(stored.filter(({ resultData }) => !resultData)).toHaveLength(1);
		expect(JSON.stringify(stored)).toContain(usedTokens[0]);
		for (const run of stored) {
			expect(
				found(withoutEmittedTokens(run, 'Tokens'), [...keys(), ...usedTokens]),
			).toBeUndefined();
		}
	});

	test('no other table holds a token or a key', () => {
		const others = { ...database, execution_data: [] };
		expect(found(JSON.stringify(others), [...keys(), ...usedTokens])).toBeUndefined();
	});

	test('nor does a file or the log', async () => {
		const texts = `${stage.n8n.log}\n${await readOtherFiles(stage.n8n)}`;
		expect(texts).toContain('n8n');
		expect(found(texts, [...keys(), ...usedTokens])).toBeUndefined();
	});
});
