// Every outcome under each of n8n's three ways to handle a failed item, and the outcome of attempts with mixed results.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IDataObject } from 'n8n-workflow';

import type { Fault } from '../../tools/sandbox/faults';
import type { Sandbox } from '../../tools/sandbox/server';
import { errorOf, failing, revoke, tokenItems, useSandbox, type Setup } from '../support/workflow';

interface Case {
	outcome: string;
	name: string;
	token?: (sandbox: Sandbox) => string;
	faults?: Fault[];
	options?: Setup['options'];
	credential?: Setup['credential'];
	code: string | null;
	httpStatus: number | null;
}

const live = (sandbox: Sandbox) => sandbox.kis.mint(sandbox.apps[0].appkey).value;
const dead = (sandbox: Sandbox) => {
	const token = sandbox.kis.mint(sandbox.apps[0].appkey);
	token.revoked = true;
	return token.value;
};
const noRetries = { maxRetries: 0, askBeforeUnknown: false };

const successes: Case[] = [
	{ outcome: 'revoked', name: 'KIS confirms', token: live, code: '200', httpStatus: 200 },
	{
		outcome: 'alreadyInvalid',
		name: 'a whole token of this app key is invalid',
		token: dead,
		code: 'EGW00121',
		httpStatus: 403,
	},
	{
		outcome: 'alreadyInvalid',
		name: 'a token whose time is over has expired',
		token: (sandbox) => sandbox.kis.mint(sandbox.apps[0].appkey, -60_000).value,
		code: 'EGW00123',
		httpStatus: 403,
	},
];

const failures: Case[] = [
	{
		outcome: 'alreadyInvalid',
		name: 'and the user wants to hear of it',
		token: dead,
		options: { alreadyInvalid: 'fail' },
		code: 'EGW00121',
		httpStatus: 403,
	},
	{
		outcome: 'rejected',
		name: 'an opaque token is invalid',
		token: () => 'opaque',
		code: 'EGW00121',
		httpStatus: 403,
	},
	{
		outcome: 'rejected',
		name: 'a token with its end cut off is invalid',
		token: (sandbox) => live(sandbox).slice(0, -1),
		code: 'EGW00121',
		httpStatus: 403,
	},
	{
		outcome: 'rejected',
		name: "another app key's token is invalid",
		token: (sandbox) => sandbox.kis.mint('PSanother').value,
		code: 'EGW00121',
		httpStatus: 403,
	},
	{
		outcome: 'rejected',
		name: 'KIS refuses the app secret',
		credential: { appsecret: 'a wrong secret' },
		code: 'EGW00105',
		httpStatus: 403,
	},
	{
		outcome: 'rejected',
		name: 'the rate stays used up',
		faults: [{ kind: 'refuse', code: 'EGW00201' }],
		options: noRetries,
		code: 'EGW00201',
		httpStatus: 500,
	},
	{
		outcome: 'rejected',
		name: 'HTTP 400 without a code',
		faults: [{ kind: 'raw', status: 400, body: '{"message":"no"}' }],
		code: '400',
		httpStatus: 400,
	},
	{
		outcome: 'unknown',
		name: 'a reset after processing',
		faults: [{ kind: 'reset', processed: true }],
		options: noRetries,
		code: 'ECONNRESET',
		httpStatus: null,
	},
	{
		outcome: 'unknown',
		name: 'no answer in time',
		faults: [{ kind: 'delay', delayMs: 60_000, processed: true }],
		options: { ...noRetries, timeout: 1000 },
		code: 'UND_ERR_HEADERS_TIMEOUT',
		httpStatus: null,
	},
	{
		outcome: 'unknown',
		name: 'half an answer in time',
		faults: [{ kind: 'drip', delayMs: 60_000, processed: true }],
		options: { ...noRetries, timeout: 5000 },
		code: 'UND_ERR_BODY_TIMEOUT',
		httpStatus: 200,
	},
	...(['html', 'empty', 'cutJson', 'garbage', 'gzip', 'redirect'] as const).map((kind) => ({
		outcome: 'unknown',
		name: `the answer ${kind}`,
		faults: [{ kind, processed: true }],
		options: noRetries,
		code: null,
		httpStatus: kind === 'redirect' ? 302 : 200,
	})),
	{
		outcome: 'unknown',
		name: 'an answer without a verdict',
		faults: [{ kind: 'raw', body: '{}' }],
		options: noRetries,
		code: null,
		httpStatus: 200,
	},
	{
		outcome: 'unknown',
		name: 'a code of KIS that says nothing',
		faults: [{ kind: 'refuse', code: 'EGW00302', status: 403, processed: true }],
		options: noRetries,
		code: 'EGW00302',
		httpStatus: 403,
	},
	{
		outcome: 'notSent',
		name: 'nothing listens there',
		options: noRetries,
		credential: { baseUrl: 'http://127.0.0.1:1' },
		code: 'ECONNREFUSED',
		httpStatus: null,
	},
	{
		outcome: 'notSent',
		name: 'https is asked of a plain port',
		options: noRetries,
		credential: { baseUrl: 'https' },
		code: 'ERR_SSL_WRONG_VERSION_NUMBER',
		httpStatus: null,
	},
	{
		outcome: 'notSent',
		name: 'text that cannot be a token',
		token: () => 'two words',
		code: null,
		httpStatus: null,
	},
];

describe('an item', () => {
	const sandbox = useSandbox();

	function setUp({ token = live, faults = [], options = {}, credential = {} }: Case): Setup {
		sandbox().faults.push(...faults);
		const { baseUrl } = credential;
		return {
			input: tokenItems(token(sandbox())),
			options,
			credential: {
				...credential,
				...(baseUrl === 'https' && { baseUrl: sandbox().url.replace('http:', 'https:') }),
			},
		};
	}

	describe.each(['stopWorkflow', 'continueRegularOutput', 'continueErrorOutput'] as const)(
		'under %s',
		(onError) => {
			test.each(successes)('is $outcome: $name', async (expected) => {
				const run = await revoke(sandbox(), { ...setUp(expected), onError });
				expect(run.error).toBeUndefined();
				expect(run.errorItems).toEqual([]);
				expect(run.items).toEqual([
					{
						json: {
							code: expected.code,
							message: expect.any(String),
							outcome: expected.outcome,
						},
						pairedItem: { item: 0 },
					},
				]);
			});
		},
	);

	test.each(failures)('is $outcome and stops the workflow: $name', async (expected) => {
		const run = await revoke(sandbox(), setUp(expected));
		expect(run.items).toEqual([]);
		expect(run.error?.name).toBe(
			expected.name.startsWith('text that') ? 'NodeOperationError' : 'NodeApiError',
		);
		expect(run.error?.message).toMatch(/^The token /);
		expect(run.error?.description).toContain(`Outcome: ${expected.outcome}.`);
	});

	test.each(failures)('is $outcome and goes on: $name', async (expected) => {
		const run = await revoke(sandbox(), { ...setUp(expected), onError: 'continueRegularOutput' });
		expect(run.error).toBeUndefined();
		expect(run.items).toEqual([{ json: { error: errorOf(expected) }, pairedItem: { item: 0 } }]);
	});

	test.each(failures)('is $outcome and goes to the Error output: $name', async (expected) => {
		const setup = setUp(expected);
		const run = await revoke(sandbox(), { ...setup, onError: 'continueErrorOutput' });
		expect(run.items).toEqual([]);
		expect(run.errorItems).toEqual([
			{ json: { ...setup.input?.[0], error: errorOf(expected) }, pairedItem: { item: 0 } },
		]);
	});

	function errorOf({ outcome, code, httpStatus }: Case): IDataObject {
		const texts = { message: expect.any(String), description: expect.any(String) };
		return { ...texts, code, httpStatus, outcome };
	}
});

describe('attempts with mixed results', () => {
	const sandbox = useSandbox();

	const details = async (setup: Setup) => {
		const run = await revoke(sandbox(), {
			...setup,
			options: { includeDetails: true, ...setup.options },
			onError: 'continueRegularOutput',
		});
		const [{ json }] = run.items;
		return ((json.error as IDataObject | undefined)?.details ?? json.details) as IDataObject;
	};

	test.each(['succeed', 'fail'])('invalid after a lost answer is revoked (%s)', async (choice) => {
		sandbox().faults.push({ kind: 'reset', processed: true });
		const setup = { input: tokenItems(live(sandbox())), options: { alreadyInvalid: choice } };
		expect(await details(setup)).toMatchObject({
			outcome: 'revoked',
			attempts: 2,
			httpStatus: 403,
		});
	});

	test('an opaque token called invalid after a lost answer stays unknown', async () => {
		sandbox().faults.push({ kind: 'reset', processed: true });
		expect(await details({ input: tokenItems('opaque-token-of-a-relay') })).toMatchObject({
			outcome: 'unknown',
			attempts: 2,
		});
	});

	test('a token refused after a lost answer stays unknown', async () => {
		sandbox().faults.push({ kind: 'html' }, { kind: 'refuse', code: 'EGW00206' });
		expect(await details({ input: tokenItems(live(sandbox())) })).toMatchObject({
			outcome: 'unknown',
			attempts: 2,
		});
	});

	test('a confirmation after refusals settles it', async () => {
		sandbox().faults.push(
			{ kind: 'refuse', code: 'EGW00202' },
			{ kind: 'refuse', code: 'EGW00300' },
		);
		expect(await details({ input: tokenItems(live(sandbox())) })).toEqual({
			outcome: 'revoked',
			attempts: 3,
			httpStatus: 200,
			environment: 'custom',
			issuedToThisAppKey: true,
			expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+09:00$/),
			tokenFingerprint: expect.stringMatching(/^[0-9a-f]{12}$/),
		});
	});

	test('the details of an opaque token are null', async () => {
		expect(await details({ input: tokenItems('opaque-token-of-a-relay') })).toMatchObject({
			outcome: 'rejected',
			issuedToThisAppKey: null,
			expiresAt: null,
		});
	});

	test('the item carries the last code that KIS gave', async () => {
		sandbox().faults.push({ kind: 'refuse', code: 'EGW00202' }, { kind: 'html' });
		const run = await revoke(sandbox(), {
			input: tokenItems(live(sandbox())),
			options: { maxRetries: 1 },
			onError: 'continueRegularOutput',
		});
		expect(run.items[0].json.error).toMatchObject({
			outcome: 'unknown',
			code: 'EGW00202',
			httpStatus: 500,
		});
	});

	test.each(['number', 'text'] as const)(
		'a confirmation with its code as a %s is the text 200',
		async (successCode) => {
			sandbox().kis.switches.successCode = successCode;
			const run = await revoke(sandbox(), { input: tokenItems(live(sandbox())) });
			expect(run.items[0].json).toEqual({
				code: '200',
				message: '접근토큰 폐기에 성공하였습니다.',
				outcome: 'revoked',
			});
		},
	);

	test('a success without a code is settled by the repeat', async () => {
		sandbox().kis.switches.successCode = 'absent';
		const run = await revoke(sandbox(), {
			input: tokenItems(live(sandbox())),
			options: { includeDetails: true },
		});
		expect(run.items[0].json).toMatchObject({
			code: 'EGW00121',
			details: { outcome: 'revoked', attempts: 2 },
		});
	});

	test('a success without a code that no repeat settles asks the user to report it', async () => {
		sandbox().kis.switches.successCode = 'absent';
		const run = await revoke(sandbox(), {
			...failing,
			input: tokenItems(live(sandbox())),
			options: noRetries,
		});
		expect(errorOf(run)).toMatchObject({
			outcome: 'unknown',
			message: expect.stringContaining('lacks the code 200'),
			description: expect.stringContaining('npm run live-check'),
		});
	});
});

describe('the docs', () => {
	const sandbox = useSandbox();
	const read = (page: string) => readFileSync(join(__dirname, '../..', page), 'utf8');
	const languages = [
		['docs/outcomes.md', 'docs/operations.md'],
		['docs/ko/README.md', 'docs/ko/README.md'],
	];

	test.each(languages)('%s shows an error item as the node gives it', async (outcomes) => {
		const setup = {
			input: tokenItems('opaque-token-of-a-relay'),
			onError: 'continueRegularOutput',
		} as const;
		const [{ json }] = (await revoke(sandbox(), setup)).items;
		expect(read(outcomes)).toContain(JSON.stringify(json, null, 2));
	});

	test.each(languages)('%s, %s shows a success as the node gives it', async (_, operations) => {
		const [{ json }] = (await revoke(sandbox(), { input: tokenItems(live(sandbox())) })).items;
		expect(read(operations)).toContain(
			`{ "code": "${String(json.code)}", "message": "${String(json.message)}", "outcome": "${String(json.outcome)}" }`,
		);
	});
});
