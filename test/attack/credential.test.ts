// Tried: to make the credential's headers and token go elsewhere by request settings that a workflow may choose: ignored
// certificates, proxies, cross-origin redirects, other spellings of a header, a URL beside a base URL; and invalid
// certificates for the credential test.
import { Readable } from 'node:stream';
import type { IHttpRequestOptions } from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import { testCredential } from '../support/credentialTest';
import { standIn } from '../../tools/engine/nodes';
import { encryptCredential, makeNode, runWorkflow } from '../../tools/engine/run';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { makeApp } from '../../tools/sandbox/apps';
import { HELPERS, send, type Helper, type Setup } from '../support/httpRequest';
import { KisDouble } from '../support/kisDouble';
import { HOST, makeCertificate, type Certificate } from '../support/certificate';
import {
	closeServers,
	http,
	startServer,
	tunnelTo,
	type ScriptedServer,
} from '../support/scriptedServer';
import { found } from '../support/secrets';

let certificate: Certificate;
beforeAll(async () => {
	certificate = await makeCertificate();
});
afterEach(closeServers);
afterAll(async () => await certificate.remove());

/** Sends a request with the credential and a workflow's settings, and returns what came of it. */
async function request(baseUrl: string, options: object) {
	const app = makeApp();
	const node = standIn(
		'httpRequest',
		async function () {
			await this.helpers.httpRequestWithAuthentication.call(this, 'kisApi', {
				url: `${baseUrl}/uapi/x`,
				timeout: 2000,
				...options,
			} as IHttpRequestOptions);
			return [[{ json: {} }]];
		},
		['kisApi'],
	);
	const fields = { ...app, environment: 'custom', baseUrl, bringAuthorization: false };
	const stored = await runWorkflow(
		{
			nodes: [
				makeNode('Start', 'n8n-nodes-base.manualTrigger', {}),
				{
					...makeNode('Quote', 'hostile', {}),
					credentials: { kisApi: { id: 'kis', name: 'kis' } },
				},
			],
			connections: { Start: { main: [[{ node: 'Quote', type: 'main', index: 0 }]] } },
		},
		{
			nodeTypes: { hostile: node },
			credentialTypes: [new KisApi()],
			credentials: [await encryptCredential('kis', 'kisApi', fields)],
		},
	);
	const { error } = stored.data.resultData;
	expect(found(JSON.stringify(stored.data), Object.values(app))).toBeUndefined();
	return { app, error };
}

const startEvil = async () =>
	await startServer({ tls: certificate, answer: () => http(200, '{"approval_key":"x"}') });
const saw = ({ requests }: ScriptedServer) => requests.map(({ headers }) => headers);

test.each([
	{},
	{ skipSslCertificateValidation: true },
	{ rejectUnauthorized: false },
	{ agentOptions: { rejectUnauthorized: false } },
	{ agentOptions: { ca: 'CERTIFICATE' } },
	{ skipSslCertificateValidation: true, rejectUnauthorized: false, strictSSL: false },
])('an untrusted certificate, with %j', async (options) => {
	const evil = await startEvil();
	const text = JSON.stringify(options).replace('"CERTIFICATE"', JSON.stringify(certificate.cert));
	const { error } = await request(evil.url, JSON.parse(text) as object);
	expect(error).toBeDefined();
	expect(saw(evil)).toEqual([]);
});

test('an untrusted certificate, for the credential test', async () => {
	const evil = await startEvil();
	const fields = { ...makeApp(), environment: 'custom', baseUrl: evil.url };
	expect(await testCredential(new KisToken(), new KisApi(), fields)).not.toBeNull();
	expect(evil.bytes).toBe(0);
});

test('a proxy of the workflow’s choice, in front of a relay that speaks plain http', async () => {
	const kis = await startServer({ answer: () => http(200, '{}') });
	const evil = await startServer({ answer: () => http(200, '{}') });
	for (const proxy of [evil.url, { protocol: 'http', host: '127.0.0.1', port: evil.port }]) {
		const { app } = await request(kis.url, { proxy });
		expect(found(JSON.stringify(evil.requests), Object.values(app))).toBeUndefined();
	}
});

test('a proxy of the workflow’s choice that impersonates the host, with a certificate to match', async () => {
	const evil = await startEvil();
	const proxy = await startServer({ answer: () => tunnelTo(evil) });
	await request(`https://${HOST}:9443`, {
		proxy: proxy.url,
		skipSslCertificateValidation: true,
		agentOptions: { ca: certificate.cert, rejectUnauthorized: false },
	});
	expect(evil.bytes).toBe(0);
});

test('a header of the same name in another spelling does not displace the key', async () => {
	const kis = await startServer({ answer: () => http(200, '{}') });
	const { app } = await request(kis.url, { headers: { AppKey: 'other', APPSECRET: 'other' } });
	for (const headers of saw(kis)) expect(headers).toMatchObject({ ...app });
});

test.each([
	(evil: string) => ({ url: evil }),
	(evil: string) => ({ url: '/x', baseURL: evil }),
	(evil: string) => ({ url: evil.replace('http:', '') }),
	(evil: string) => ({ url: evil.replace('http://', 'http:') }),
	(evil: string) => ({ url: evil.replace('//', '//127.0.0.1@') }),
	(evil: string) => ({ url: '', baseURL: evil }),
])('a URL elsewhere: %s', async (optionsFor) => {
	const [kis, evil] = [await startServer(), await startServer({ answer: () => http(200, '{}') })];
	const { error } = await request(kis.url, { ...optionsFor(evil.url), timeout: 500 });
	expect(error).toBeDefined();
	expect(evil.requests).toEqual([]);
});

describe('the token that the credential brings', () => {
	const attack = async (kis: KisDouble, options: object, setup: Setup = {}) =>
		await send(kis, { url: kis.urlOf('quote'), timeout: 2000, ...options }, setup);

	const REDIRECTS = [301, 302, 303, 307, 308];
	const redirectTo = (evil: ScriptedServer, status: number) =>
		http(status, '', { location: `${evil.url}/uapi/x` });

	test.each(REDIRECTS)('follows no redirect of the issue (%d)', async (status) => {
		const evil = await startServer({ answer: () => http(200, '{}') });
		const kis = await new KisDouble().start();
		kis.orders.tokenP = [redirectTo(evil, status)];
		await attack(kis, {});
		expect(kis.seen('quote')).toEqual([]);
		expect(evil.requests).toEqual([]);
	});

	test.each(
		(Object.keys(HELPERS) as Helper[]).flatMap((helper) =>
			REDIRECTS.flatMap(
				(status): Array<[string, number, 'GET' | 'POST']> => [
					[helper, status, 'GET'],
					[helper, status, 'POST'],
				],
			),
		),
	)('follows no redirect of the request (%s, %d, %s)', async (helper, status, method) => {
		const evil = await startServer({ answer: () => http(200, '{}') });
		const kis = await new KisDouble().start();
		// More than the pages of the helper that asks for several.
		kis.orders.quote = Array.from({ length: 10 }, () => redirectTo(evil, status));
		const follow = { followRedirect: true, followAllRedirects: true, maxRedirects: 5 };
		const options = { method, ...follow, disableFollowRedirect: false };
		await attack(kis, options, { helper: helper as Helper });
		expect(kis.seen('quote')).not.toEqual([]);
		expect(evil.requests).toEqual([]);
	});

	const leak = (request: { end(text: string): unknown; getHeader(name: string): string }) =>
		request.end(request.getHeader('appsecret'));
	const asStream = { on: () => null, once: () => null, pipe: leak };

	test.each(
		(Object.keys(HELPERS) as Helper[]).flatMap((helper) =>
			(['body', 'qs', 'form', 'formData', 'headers'] as const).map((field): [string, string] => [
				helper,
				field,
			]),
		),
	)(
		'is handed to nothing that the workflow puts in place of data (%s, %s)',
		async (helper, field) => {
			const file = Readable.from(['{}']);
			for (const value of [asStream, { a: [asStream] }, file, { file }, { a: Symbol('a') }]) {
				const kis = await new KisDouble().start();
				const options = { method: 'POST', [field]: value };
				const { errors } = await attack(kis, options, { helper: helper as Helper });
				expect(errors[0].message).toContain('Nothing was sent');
				expect(kis.requests).toEqual([]);
			}
		},
	);

	test.each<[Helper, unknown]>(
		(Object.keys(HELPERS) as Helper[]).flatMap((helper) =>
			[
				{ a: [1, 'b', null, true, { c: undefined }, new Date(0)] },
				'{"a":1}',
				Buffer.from('{"a":1}'),
			].map((body): [Helper, unknown] => [helper, body]),
		),
	)('data arrive as they are (%s, %j)', async (helper, body) => {
		const kis = await new KisDouble().start();
		await attack(kis, { method: 'POST', body, json: false }, { helper });
		const [{ body: arrived }] = kis.requests.filter(({ line }) => line.includes('/uapi/'));
		const expected =
			typeof body === 'string' || Buffer.isBuffer(body) ? '{"a":1}' : JSON.stringify(body);
		expect(arrived).toBe(expected);
	});

	test('goes through no proxy of the workflow’s choice', async () => {
		const evil = await startServer({ answer: () => http(200, '{}') });
		const kis = await new KisDouble().start();
		await attack(kis, { proxy: evil.url });
		expect(kis.seen('quote')).toHaveLength(1);
		expect(evil.requests).toEqual([]);
	});

	test.each<(evil: string, own: string) => object>([
		(evil) => ({ url: evil }),
		(evil) => ({ url: '/uapi/x', baseURL: evil }),
		(_evil, own) => ({ url: `${own.replace('127.0.0.1', 'localhost')}/uapi/x` }),
		(evil, own) => ({ url: `${own}@${evil.replace('http://', '')}/uapi/x` }),
	])('goes to no other origin: %s', async (optionsFor) => {
		const evil = await startServer({ answer: () => http(200, '{}') });
		const kis = await new KisDouble().start();
		const { errors } = await attack(kis, optionsFor(`${evil.url}/uapi/x`, kis.url));
		expect(errors[0].message).toContain('Nothing was sent');
		expect([...evil.requests, ...kis.requests]).toEqual([]);
	});

	test('is not displaced by a header that the workflow sets beside it', async () => {
		const kis = await new KisDouble().start();
		await attack(kis, {
			headers: { 'proxy-authorization': 'x', 'x-authorization': 'x', appkey: 'x' },
		});
		expect(kis.tokensOf('quote')).toEqual([...kis.live]);
	});
});
