// The credential in the HTTP Request node, and the fields of its dialog. Tried: other origins, redirects, and URLs that only
// look like the credential's own.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as n8nWorkflow from 'n8n-workflow';
import type {
	ICredentialDataDecryptedObject,
	IDataObject,
	IHttpRequestOptions,
	INodeProperties,
} from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import { encryptCredential, makeNode, outputOf, runWorkflow } from '../../tools/engine/run';
import { makeApp } from '../../tools/sandbox/apps';
import { lendContext } from '../support/lentContext';
import { useSandbox } from '../support/workflow';

const sandbox = useSandbox();
const QUOTE = '/uapi/domestic-stock/v1/quotations/inquire-price';

const fields = (): ICredentialDataDecryptedObject => ({
	...sandbox().apps[0],
	environment: 'custom',
	baseUrl: sandbox().url,
});

const authenticate = async (
	credential: ICredentialDataDecryptedObject,
	request: Omit<Partial<IHttpRequestOptions>, 'baseURL'> & { uri?: unknown; baseURL?: unknown },
) => {
	const { authenticate: apply } = new KisApi();
	if (typeof apply !== 'function') throw new Error('not a function');
	return await apply(credential, request as IHttpRequestOptions);
};

describe('the HTTP Request node', () => {
	async function request(url: string, credential = fields()) {
		const stored = await runWorkflow(
			{
				nodes: [
					makeNode('Start', 'n8n-nodes-base.manualTrigger', {}),
					{
						...makeNode('Quote', 'n8n-nodes-base.httpRequest', {
							url,
							authentication: 'predefinedCredentialType',
							nodeCredentialType: 'kisApi',
							queryParameters: { parameters: [{ name: 'FID_INPUT_ISCD', value: '005930' }] },
							headerParameters: {
								parameters: [
									{
										name: 'authorization',
										value: `Bearer ${sandbox().kis.mint(sandbox().apps[0].appkey).value}`,
									},
								],
							},
						}),
						credentials: { kisApi: { id: 'kis', name: 'kis' } },
					},
				],
				connections: { Start: { main: [[{ node: 'Quote', type: 'main', index: 0 }]] } },
			},
			{
				nodeTypes: {},
				credentialTypes: [new KisApi()],
				credentials: [await encryptCredential('kis', 'kisApi', credential)],
			},
		);
		return { json: outputOf(stored, 'Quote')[0]?.json, error: stored.data.resultData.error };
	}

	test('gets the two headers for the credential’s own origin', async () => {
		const { json } = await request(sandbox().url + QUOTE);
		expect(json).toMatchObject({ rt_cd: '0', output: { stck_shrn_iscd: '005930' } });
	});

	test('gets an error for another origin, and nothing is sent', async () => {
		const other = await listen((_request, response) => response.end('{}'));
		try {
			const { json, error } = await request(other.url + QUOTE);
			expect(json).toBeUndefined();
			expect(error?.message).toContain('Nothing was sent');
			expect(other.requests).toBe(0);
		} finally {
			other.server.close();
		}
	});

	test('does not follow a redirect to another origin', async () => {
		const other = await listen((_request, response) => response.end('{}'));
		sandbox().faults.push({ kind: 'redirect', location: other.url + QUOTE });
		try {
			const { json, error } = await request(sandbox().url + QUOTE);
			expect(json).toBeUndefined();
			expect(error).toBeDefined();
			expect(other.requests).toBe(0);
		} finally {
			other.server.close();
		}
	});

	test('gets an error without any secret in it', async () => {
		const { error } = await request('https://elsewhere.invalid');
		const [{ appkey, appsecret }] = sandbox().apps;
		expect(JSON.stringify(error)).not.toContain(appkey);
		expect(JSON.stringify(error)).not.toContain(appsecret);
	});
});

describe('authenticate', () => {
	const real = {
		appkey: ' PSkey\n',
		appsecret: 'a secret\r\n with breaks',
		environment: 'real',
		baseUrl: 'https://ignored.example',
		bringAuthorization: false,
	};
	const own = 'https://openapi.koreainvestment.com:9443';

	test.each([
		{ url: `${own}/uapi/x` },
		{ uri: `${own}/uapi/x` },
		{ uri: new URL(`${own}/uapi/x`) },
		{ baseURL: own, url: '/uapi/x' },
		{ baseURL: own },
		{ baseURL: 'https://elsewhere.example', url: `${own}/uapi/x` },
		{ url: `${own}/uapi/x`, uri: null, baseURL: null },
		// The URL that n8n gives for the next page of an answer.
		{ url: `${own}/uapi/x`, uri: `${own}/uapi/x` },
	])('sets the headers for %j', async (request) => {
		const { headers } = await authenticate(real, { ...request, headers: { tr_id: 'X' } });
		expect(headers).toEqual({ tr_id: 'X', appkey: 'PSkey', appsecret: 'asecretwithbreaks' });
	});

	test.each([
		{ url: 'https://openapi.koreainvestment.com/uapi/x' },
		{ url: 'http://openapi.koreainvestment.com:9443/uapi/x' },
		{ url: 'https://openapivts.koreainvestment.com:29443/uapi/x' },
		{ url: 'https://openapi.koreainvestment.com:9443@evil.example/uapi/x' },
		{ url: 'https://openapi.koreainvestment.com.evil.example:9443/' },
		{ url: '//evil.example/uapi/x', baseURL: own },
		{ url: '\\\\evil.example/uapi/x', baseURL: own },
		{ url: 'https://evil.example', baseURL: own },
		{ url: `${own}/uapi/x`, uri: 'https://evil.example' },
		{ url: ' /uapi/x', baseURL: 'https://evil.example' },
		{ url: `\n${own}/uapi/x`, baseURL: 'https://evil.example' },
		{ uri: `${own}/uapi/x`, baseURL: 'https://evil.example' },
		{ url: '/uapi/x' },
		{ url: 'https://ignored.example' },
		{},
	])('refuses %j', async (request) => {
		await expect(authenticate(real, request)).rejects.toThrow('Nothing was sent');
	});

	test.each(['host', 'Host', ' HOST '])(
		'refuses a header %j: a proxy could pass the request to anybody with a certificate for that name',
		async (name) => {
			const request = { url: `${own}/uapi/x`, headers: { [name]: 'evil.example' } };
			await expect(authenticate(real, request)).rejects.toThrow('header Host');
		},
	);

	test.each([new Map([['CANO', '12345678']]), new URLSearchParams('CANO=12345678')])(
		'refuses a body that is no data, instead of sending an empty one: %s',
		async (body) => {
			const request = { url: `${own}/uapi/x`, method: 'POST', body } as const;
			await expect(authenticate(real, request as never)).rejects.toThrow('holds more than data');
		},
	);

	test.each([
		{ CANO: '12345678' },
		Object.assign(Object.create(null) as object, { CANO: '12345678' }),
	])('passes on a body that is data: %j', async (body) => {
		const request = { url: `${own}/uapi/x`, method: 'POST', body } as const;
		expect(await authenticate(real, request as never)).toMatchObject({ body: { ...body } });
	});

	test('takes a header without a value for no object', async () => {
		const request = { url: `${own}/uapi/x`, headers: { tr_id: null, tr_cont: '' } };
		expect((await authenticate(real, request)).headers).toMatchObject({ tr_cont: '' });
	});

	test('says whether the URL is elsewhere or ambiguous', async () => {
		const sent = async (url: string) => await authenticate(real, { url });
		await expect(sent('https://evil.example/')).rejects.toThrow('the request goes elsewhere');
		await expect(sent(`${own}\\@evil.example/`)).rejects.toThrow('it is not certain');
	});

	test('passes on one URL, the one that was checked', async () => {
		const request = { baseURL: `${own}/`, url: '/uapi/../uapi/x?a=삼성' };
		expect(await authenticate(real, request)).toMatchObject({
			url: `${own}/uapi/x?a=%EC%82%BC%EC%84%B1`,
			uri: undefined,
			baseURL: undefined,
		});
	});

	test('refuses an invalid credential before anything else', async () => {
		const credential = { ...real, environment: 'custom', baseUrl: 'http://relay.example' };
		await expect(authenticate(credential, { url: 'http://relay.example' })).rejects.toThrow(
			/plain http .* Begin it with https:/,
		);
	});
});

async function listen(handler: Parameters<typeof createServer>[1]) {
	const seen: { server: Server; url: string; requests: number } = {
		server: createServer(handler),
		url: '',
		requests: 0,
	};
	seen.server.on('request', () => seen.requests++);
	await new Promise<void>((resolve) => seen.server.listen(0, '127.0.0.1', resolve));
	seen.url = `http://127.0.0.1:${(seen.server.address() as AddressInfo).port}`;
	return seen;
}

/** As n8n loads it: it adds a list of allowed domains to the dialog, unless the credential has a field for that. */
function propertiesInN8n(credential: KisApi): INodeProperties[] {
	return 'injectDomainRestrictionFields' in n8nWorkflow
		? n8nWorkflow.injectDomainRestrictionFields(credential)
		: credential.properties;
}

test('the fields in the dialog', () => {
	const shown = propertiesInN8n(new KisApi()).filter(({ type }) => type !== 'hidden');
	expect(shown.map(({ displayName, typeOptions }) => [displayName, typeOptions?.password])).toEqual(
		[
			['App Key', true],
			['App Secret', true],
			['Environment', undefined],
			['Base URL', undefined],
			['Bring an Access Token', undefined],
			['Pace Requests', undefined],
			['Redis URL (Shared by All Workers)', true],
		],
	);
	const options = shown[2].options as unknown as IDataObject[];
	expect(options.map(({ value }) => value)).toEqual(['real', 'paper', 'custom']);
	expect(shown[2].default).toBe('paper');
});

test('lets n8n’s own list of allowed domains stop nothing', async () => {
	const { context, giveBack } = await lendContext(fields() as Record<string, string>);
	const read = await context.getCredentials('kisApi');
	expect(read).toMatchObject({ allowedHttpRequestDomains: 'all' });
	await giveBack();
});

describe('the dialog', () => {
	const fields = () => new KisApi().properties.filter(({ type }) => type !== 'hidden');

	test('requires every field that it needs', () => {
		const needed = fields()
			.filter(({ required }) => required)
			.map(({ name }) => name);
		expect(needed).toEqual(['appkey', 'appsecret', 'baseUrl']);
	});

	test('brings a token and keeps to the limit unless told otherwise', () => {
		const on = fields().filter((field) => field.default === true);
		expect(on.map(({ name }) => name)).toEqual(['bringAuthorization', 'paceRequests']);
	});

	test('asks for an address only if KIS has none for the environment', () => {
		const { displayOptions } = fields().find(({ name }) => name === 'baseUrl') ?? {};
		expect(displayOptions).toEqual({ show: { environment: ['custom'] } });
	});
});

test('a proxy of the request is kept if it cannot read anything', async () => {
	const proxy = { protocol: 'http', host: '127.0.0.1', port: 1 };
	const url = 'https://openapi.koreainvestment.com:9443/uapi';
	const request = await authenticate({ ...makeApp(), environment: 'real' }, { url, proxy });
	expect(request.proxy).toEqual(proxy);
});
