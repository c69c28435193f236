// The local KIS, as any HTTP client meets it.
import { request } from 'node:https';

import { makeCertificate } from '../../../tools/sandbox/certificate';
import { Sandbox, type SandboxOptions } from '../../../tools/sandbox/server';

const HOUR = 60 * 60 * 1000;
let sandbox: Sandbox;
let now = Date.now();

async function start(options: SandboxOptions = {}): Promise<void> {
	sandbox = await new Sandbox({ now: () => now, ...options }).start();
}
beforeEach(() => {
	now = Date.now();
});
afterEach(async () => await sandbox.stop());

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
	const response = await fetch(sandbox.url + path, {
		method: 'POST',
		headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
		body: JSON.stringify(body),
	});
	return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}
const keys = () => sandbox.apps[0];
const issue = async () =>
	await post('/oauth2/tokenP', { grant_type: 'client_credentials', ...keys() });
const revoke = async (token: unknown) => await post('/oauth2/revokeP', { ...keys(), token });
async function quote(token: unknown) {
	const url = `${sandbox.url}/uapi/domestic-stock/v1/quotations/inquire-price?FID_INPUT_ISCD=005930`;
	const headers = { authorization: `Bearer ${String(token)}`, ...keys(), tr_id: 'FHKST01010100' };
	const response = await fetch(url, { headers });
	return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

test('issues a token in the form of KIS, with Korean time', async () => {
	now = Date.parse('2026-11-22T08:16:59+09:00');
	await start();
	const { status, json } = await issue();
	expect(status).toBe(200);
	expect(json).toEqual({
		access_token: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]{86}$/),
		access_token_token_expired: '2026-11-23 08:16:59',
		token_type: 'Bearer',
		expires_in: 86400,
	});
	const [, payload] = String(json.access_token).split('.');
	expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
		iss: 'unogw',
		sub: 'token',
		jti: keys().appkey,
	});
});

test('can issue tokens of a short life, and gives the same one for a quarter of it', async () => {
	now = Date.parse('2026-11-22T08:16:59Z');
	await start({ tokenLifeMs: 2 * HOUR });
	const first = (await issue()).json;
	expect(first.expires_in).toBe(7200);
	now += HOUR / 2 - 1000;
	expect((await issue()).json.access_token).toBe(first.access_token);
	now += 2000;
	expect((await issue()).json.access_token).not.toBe(first.access_token);
	now += HOUR + HOUR / 2;
	expect((await quote(first.access_token)).json.msg_cd).toBe('EGW00123');
});

test('gives the same token for six hours, then another one', async () => {
	await start();
	const first = (await issue()).json.access_token;
	now += 6 * HOUR - 1000;
	expect((await issue()).json.access_token).toBe(first);
	now += 2000;
	expect((await issue()).json.access_token).not.toBe(first);
});

test('a token works until it is revoked', async () => {
	await start();
	const { access_token } = (await issue()).json;
	expect((await quote(access_token)).json).toMatchObject({ rt_cd: '0' });
	expect(await revoke(access_token)).toEqual({
		status: 200,
		json: { code: 200, message: '접근토큰 폐기에 성공하였습니다.' },
	});
	expect(await quote(access_token)).toEqual({
		status: 500,
		json: { rt_cd: '1', msg_cd: 'EGW00121', msg1: '유효하지 않은 token 입니다.' },
	});
	expect(await revoke(access_token)).toEqual({
		status: 403,
		json: { error_code: 'EGW00121', error_description: '유효하지 않은 token 입니다.' },
	});
});

test('issues once a minute', async () => {
	await start();
	await revoke((await issue()).json.access_token);
	expect((await issue()).json.error_code).toBe('EGW00133');
	now += 60_000;
	expect((await issue()).status).toBe(200);
});

test('can be told to hand out a dead token again', async () => {
	await start();
	await post('/sandbox/switches', { issueAfterRevoke: 'sameToken' });
	const first = (await issue()).json.access_token;
	await revoke(first);
	expect((await issue()).json.access_token).toBe(first);
});

test('refuses wrong keys, an unknown path and a wrong content type', async () => {
	await start();
	const token = sandbox.kis.mint(keys().appkey).value;
	const body = { ...keys(), token };
	expect((await post('/oauth2/revokeP', { ...body, appkey: 'no' })).json.error_code).toBe(
		'EGW00103',
	);
	expect((await post('/oauth2/revokeP', { ...body, appsecret: 'no' })).json.error_code).toBe(
		'EGW00105',
	);
	expect((await post('/oauth2/RevokeP', body)).status).toBe(404);
	const plain = { 'content-type': 'text/plain' };
	expect((await post('/oauth2/revokeP', body, plain)).json.error_code).toBe('EGW00132');
	expect(sandbox.kis.isLive(token)).toBe(true);
});

test('Approval wants the secret under another name', async () => {
	await start();
	const { appkey, appsecret } = keys();
	const grant_type = 'client_credentials';
	const good = await post('/oauth2/Approval', { grant_type, appkey, secretkey: appsecret });
	expect(good.json.approval_key).toMatch(/^[0-9a-f-]{36}$/);
	const bad = await post('/oauth2/Approval', { grant_type, appkey, appsecret });
	expect(bad.json.error_code).toBe('EGW00104');
});

test('hashkey gives a hash of the body', async () => {
	await start();
	const { json } = await post('/uapi/hashkey', { CANO: '1' }, { ...keys() });
	expect(json).toEqual({ BODY: { CANO: '1' }, HASH: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test.each([
	['real', 18],
	['paper', 1],
] as const)('allows %s accounts %i requests in any second', async (environment, limit) => {
	await start({ environment, elapsed: () => 0 });
	const results = await Promise.all(Array.from({ length: limit + 3 }, () => revoke('x')));
	expect(results.filter(({ json }) => json.error_code === 'EGW00201')).toHaveLength(3);
});

test('counts the requests of a second on a clock that a test can move', async () => {
	let elapsed = 0;
	await start({ environment: 'paper', elapsed: () => elapsed });
	const codes = [];
	for (const ms of [0, 999, 1000, 1000]) {
		elapsed = ms;
		codes.push((await revoke('x')).json.error_code);
	}
	expect(codes).toEqual(['EGW00121', 'EGW00201', 'EGW00121', 'EGW00201']);
});

test.each([
	[{ revokeRefusalStatus: 500, revokeRefusalShape: 'uapi' }, 500, { msg_cd: 'EGW00121' }],
	[{ revokedToken: 'EGW00123' }, 403, { error_code: 'EGW00123' }],
	[{ revokedToken: 'success', successCode: 'text' }, 200, { code: '200' }],
])('a double revoke under %j', async (switches, status, json) => {
	await start();
	await post('/sandbox/switches', switches);
	const { access_token } = (await issue()).json;
	await revoke(access_token);
	expect(await revoke(access_token)).toMatchObject({ status, json });
});

describe('a token that is not of the app key', () => {
	const tokens = {
		foreign: () => sandbox.kis.mint('PSanotherAppKey').value,
		'foreign and opaque': () => sandbox.kis.mint('PSanotherAppKey', HOUR, 'opaque').value,
		'cut off': () => sandbox.kis.mint(keys().appkey).value.slice(0, -3),
	};
	test.each(Object.keys(tokens) as Array<keyof typeof tokens>)(
		'%s: is refused, or can be answered with a success, and is left alone',
		async (name) => {
			await start();
			const token = tokens[name]();
			expect((await revoke(token)).json.error_code).toBe('EGW00121');
			await post('/sandbox/switches', { foreignToken: 'success', unknownToken: 'success' });
			expect(await revoke(token)).toMatchObject({ status: 200, json: { code: 200 } });
			expect(sandbox.kis.isLive(token)).toBe(name !== 'cut off');
		},
	);

	test.each([
		['key', 'EGW00103'],
		['token', undefined],
	])('with an unknown app key, where the %s is checked first: %s', async (first, code) => {
		await start();
		await post('/sandbox/switches', { unknownToken: 'success', checkedFirst: first });
		const { json } = await post('/oauth2/revokeP', { ...keys(), appkey: 'no', token: 'x' });
		expect(json.error_code).toBe(code);
	});
});

test.each([
	['named', true],
	['nameless', false],
	['opaque', false],
] as const)('a token of the form %s is revoked like any other', async (form, names) => {
	await start();
	const { value } = sandbox.kis.mint(keys().appkey, HOUR, form);
	expect(Buffer.from(value.split('.')[1] ?? '', 'base64url').includes(keys().appkey)).toBe(names);
	expect((await revoke(value)).json).toMatchObject({ code: 200 });
	expect(sandbox.kis.isLive(value)).toBe(false);
});

test('answers with bytes, a status and headers of the caller’s choice', async () => {
	await start();
	const body = '{"message":"\xc6\xf3\xb1\xe2"}';
	const fault = { kind: 'raw', status: 429, body, encoding: 'latin1' };
	await post('/sandbox/faults', [{ ...fault, headers: { 'retry-after': '7' } }]);
	const response = await fetch(`${sandbox.url}/oauth2/revokeP`, { method: 'POST' });
	expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
	expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(body, 'latin1'));
});

test('refuses a switch or a fault that it does not have', async () => {
	await start();
	expect((await post('/sandbox/switches', { revokedToken: 'maybe' })).status).toBe(400);
	expect((await post('/sandbox/faults', [{ kind: 'surprise' }])).status).toBe(400);
});

test('faults are for the next calls, and only those processed take effect', async () => {
	await start();
	const [one, two] = [keys().appkey, keys().appkey].map((key) => sandbox.kis.mint(key).value);
	await post('/sandbox/faults', [{ kind: 'reset' }, { kind: 'reset', processed: true }]);
	await expect(revoke(one)).rejects.toThrow();
	await expect(revoke(two)).rejects.toThrow();
	expect([one, two].map((token) => sandbox.kis.isLive(token))).toEqual([true, false]);
	expect((await revoke(one)).status).toBe(200);
});

describe('over TLS', () => {
	let ca: string;
	beforeEach(async () => {
		const certificate = await makeCertificate();
		ca = certificate.cert;
		await start({ certificate });
	});
	const statusOf = async (path: string) =>
		await new Promise((resolve, reject) => {
			request(sandbox.url + path, { ca }, (response) => {
				response.resume();
				resolve(response.statusCode);
			})
				.on('error', reject)
				.end();
		});

	test('answers with the certificate that it is given', async () => {
		expect(await statusOf('/nowhere')).toBe(404);
	});

	test('resets connections, as without', async () => {
		sandbox.faults.push({ kind: 'reset' });
		await expect(statusOf('/nowhere')).rejects.toMatchObject({ code: 'ECONNRESET' });
		expect(await statusOf('/nowhere')).toBe(404);
	});
});
