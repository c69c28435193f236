// No app key, app secret or token is in what n8n stores (except the input itself) or logs. Tried: servers that quote them,
// plain and encoded, in every field of an answer; answers that quote another item's; failing expressions that quote the
// token; a token typed into the node; every way to fail.
import { readFileSync } from 'node:fs';
import type { IDataObject } from 'n8n-workflow';

import { LOG_FILE } from '../../tools/engine/run';
import { makeApp } from '../../tools/sandbox/apps';
import type { Fault } from '../../tools/sandbox/faults';
import type { Sandbox } from '../../tools/sandbox/server';
import { found, withoutInput } from '../support/secrets';
import { makeOpaqueToken, makeToken } from '../support/tokens';
import { revoke, tokenItems, useSandbox, type Setup } from '../support/workflow';

const sandbox = useSandbox();
const quoting: Array<[string, (secret: string) => Fault]> = [
	['a confirmation', (secret) => raw(200, { code: 200, message: `done with ${secret}` })],
	['a confirmation, code', (secret) => raw(200, { code: secret, message: 'x' })],
	['a refusal', (secret) => raw(403, { error_code: 'EGW00121', error_description: secret })],
	['a refusal, code', (secret) => raw(403, { error_code: secret.slice(0, 16) })],
	['a /uapi refusal', (secret) => raw(500, { rt_cd: '1', msg_cd: 'EGW00206', msg1: `${secret}!` })],
	['an unknown code', (secret) => raw(403, { error_code: 'EGW99999', error: secret })],
	['half of it', (secret) => raw(403, { error_code: 'EGW00101', message: secret.slice(3, 40) })],
	['HTML', (secret) => ({ kind: 'raw', status: 200, body: `<a href="${secret}">` })],
	['a redirect', (secret) => ({ kind: 'redirect', location: `/${encodeURIComponent(secret)}` })],
];
function raw(status: number, json: object): Fault {
	return { kind: 'raw', status, body: JSON.stringify(json) };
}

const encodings: Array<[string, (secret: string) => string]> = [
	['plain', (secret) => secret],
	['JSON', (secret) => JSON.stringify(JSON.stringify(secret))],
	[
		'\\u escapes',
		(secret) => [...secret].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join(''),
	],
	['percent', (secret) => [...secret].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')],
	['hex', (secret) => Buffer.from(secret).toString('hex')],
	['HEX', (secret) => Buffer.from(secret).toString('hex').toUpperCase()],
	['base64', (secret) => Buffer.from(`before ${secret} after`).toString('base64')],
	['base64url', (secret) => Buffer.from(`b${secret}`).toString('base64url')],
];

const ways = ['stopWorkflow', 'continueErrorOutput'] as const;

function secretsOf({ apps: [app], kis }: Sandbox) {
	const token = kis.mint(app.appkey).value;
	return { token, all: [app.appkey, app.appsecret, token] };
}

async function expectNothingStored(setup: Setup, secrets: readonly string[]) {
	for (const onError of ways) {
		const run = await revoke(sandbox(), { ...setup, onError });
		expect(found(withoutInput(run), secrets)).toBeUndefined();
	}
}

test('this test would find a secret', () => {
	const { token, all } = secretsOf(sandbox());
	expect(found(`… ${Buffer.from(token).toString('base64')} …`, all)).toBeDefined();
	expect(found(token.slice(50, 58), all)).toBeDefined();
});

describe.each(quoting)('quoted by %s', (_name, fault) => {
	test.each(encodings)('%s', async (_encoding, encode) => {
		const { token, all } = secretsOf(sandbox());
		for (const secret of all) {
			sandbox().faults.push(...ways.map(() => fault(encode(secret))));
			const input = [{ access_token: token }];
			const options = { maxRetries: 0, includeDetails: true };
			await expectNothingStored({ input, options }, all);
		}
	});
});

test.each([
	['quotes the token', '={{ JSON.parse($json.access_token) }}'],
	['throws it', '={{ (() => { throw new Error($json.access_token) })() }}'],
	['makes it unusable', '={{ $json.access_token }} {{ $json.access_token }}'],
])('an expression that %s', async (_name, token) => {
	const secrets = secretsOf(sandbox());
	await expectNothingStored({ input: [{ access_token: secrets.token }], token }, secrets.all);
});

test('a token typed into the node', async () => {
	const { token, all } = secretsOf(sandbox());
	const faults: Fault[] = [{ kind: 'refuse', code: 'EGW00101' }, { kind: 'html' }];
	sandbox().faults.push(...faults, ...faults);
	await expectNothingStored({ input: [{}], token, options: { maxRetries: 0 } }, all);
});

test('a token pasted into an option by mistake', async () => {
	const { token, all } = secretsOf(sandbox());
	for (const name of ['alreadyInvalid', 'maxRetries', 'timeout', 'requestsPerSecond']) {
		await expectNothingStored(
			{ input: [{ access_token: token }], options: { [name]: token } },
			all,
		);
	}
});

test('the keys swapped, and in the Base URL', async () => {
	const { token, all } = secretsOf(sandbox());
	const [{ appkey, appsecret }] = sandbox().apps;
	const input = [{ access_token: token }];
	for (const credential of [
		{ appkey: appsecret, appsecret: appkey, baseUrl: sandbox().url },
		{ appkey, appsecret, baseUrl: `http://${appkey}:${encodeURIComponent(appsecret)}@127.0.0.1` },
		{ appkey, appsecret, baseUrl: appsecret },
	]) {
		await expectNothingStored({ input, credential, options: { maxRetries: 0 } }, all);
	}
});

test('a short secret is searched for as a whole', async () => {
	sandbox().faults.push(
		...ways.map(() => raw(403, { error_code: 'EGW00101', message: 'it was k3y' })),
	);
	for (const onError of ways) {
		const input = [{ access_token: 'opaque-token-of-a-relay' }];
		const run = await revoke(sandbox(), { input, credential: { appkey: 'k3y' }, onError });
		expect(withoutInput(run)).not.toContain('it was');
	}
});

describe('each answer is checked for the secrets of its own item', () => {
	const refusing = (text: string) => raw(403, { error_code: 'EGW00101', error_description: text });

	/** Returns the error text of each token, when every answer has the same text. */
	async function described(text: string, ...tokens: string[]): Promise<string[]> {
		sandbox().faults.push(...tokens.map(() => refusing(text)));
		const run = await revoke(sandbox(), {
			input: tokenItems(...tokens),
			options: { maxRetries: 0 },
			onError: 'continueRegularOutput',
		});
		return run.items.map(({ json }) => String((json.error as IDataObject).description));
	}

	test("a part of an item's token is hidden there, even if another item had the same answer before", async () => {
		const tokens = [makeOpaqueToken(), makeOpaqueToken(), makeOpaqueToken()];
		for (const [own, token] of tokens.entries()) {
			const texts = await described(`no ${token.slice(50, 70)}`, ...tokens);
			const isWithheld = texts.map((text) => text.includes('Withheld'));
			expect(isWithheld).toEqual(tokens.map((_token, item) => item === own));
			expect(found(texts[own], [token])).toBeUndefined();
		}
	});

	test("so is the app key in the item's token, if it is another one", async () => {
		const { appkey } = makeApp();
		const own = sandbox().kis.mint(sandbox().apps[0].appkey).value;
		const texts = await described(`not ${appkey.slice(9, 19)}`, own, makeToken(appkey), 'opaque');
		expect(texts.map((text) => text.includes('Withheld'))).toEqual([false, true, false]);
	});

	test('a whole key or token is hidden everywhere', async () => {
		const { appkey, appsecret } = makeApp();
		for (const secret of [appkey, appsecret, makeToken(appkey), makeOpaqueToken()]) {
			const texts = await described(`not ${secret}`, 'one', 'two');
			expect(texts.filter((text) => !text.includes('Withheld'))).toEqual([]);
		}
	});

	test('a token of one character hides nothing, in its own item or another', async () => {
		const good = sandbox().kis.mint(sandbox().apps[0].appkey).value;
		const run = await revoke(sandbox(), {
			input: tokenItems(good, '에'),
			options: { maxRetries: 0 },
			onError: 'continueRegularOutput',
		});
		expect(run.items[0].json).toMatchObject({
			code: '200',
			message: '접근토큰 폐기에 성공하였습니다.',
		});
		const [text] = await described('접근토큰 폐기에 실패하였습니다.', '에');
		expect(text).toContain('“접근토큰 폐기에 실패하였습니다.”');
	});
});

test("n8n's log", () => {
	expect(
		found(readFileSync(LOG_FILE, 'utf8'), secretsOf(sandbox()).all.slice(0, 2)),
	).toBeUndefined();
});
