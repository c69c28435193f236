// Tried: tokens, app keys, app secrets and Base URLs made to break out of the JSON body, a header or the request line, so that
// a second field, header or request results: quotes, escapes, line breaks, NUL, lone surrogates, percent-encoding, template
// syntax; and tokens of the maximum length.
import { KisApi } from '../../credentials/KisApi.credentials';
import { encryptCredential, makeNode, runWorkflow } from '../../tools/engine/run';
import { makeApp } from '../../tools/sandbox/apps';
import { attack, fieldsOf } from '../support/attack';
import { closeServers, CONFIRMATION, http, startServer } from '../support/scriptedServer';
import { found } from '../support/secrets';
import { outcomes, tokenItems } from '../support/workflow';

afterEach(closeServers);

/** The only parts that a request may have. */
const HEADERS = [
	'host',
	'connection',
	'content-type',
	'accept',
	'accept-encoding',
	'content-length',
].sort();

const INTACT = [
	'x","appsecret":"y',
	'x"}',
	'x"},{"token":"y',
	'\\',
	'x\\"y',
	'x\\u0022,\\u0022token\\u0022:\\u0022y',
	'x\\r\\nhost:evil',
	'x%0d%0ahost:%20evil',
	'x%00y',
	'x&token=y',
	"x'--",
	'x/*y*/',
	'{{$json}}',
	'${process.env}',
	'<!--x-->',
	'__proto__":{"x":1},"y',
	'x"'.repeat(4095) + 'xy',
	'가'.repeat(2730),
	'😀'.repeat(2048),
];
const UNUSABLE = [
	'x\r\nhost: evil',
	'x\r\n\r\nPOST /evil HTTP/1.1\r\n\r\n',
	'x\u2028y',
	'x\u0000y',
	'x\u001by',
	'x\ud800y',
	'x\u202ey',
	'x'.repeat(8193),
];

test('a token arrives as it is in one field of one request, or not at all', async () => {
	const app = makeApp();
	const server = await startServer({ answer: () => CONFIRMATION });
	const run = await attack(server.url, { input: tokenItems(...INTACT, ...UNUSABLE) }, app);
	expect(outcomes(run.items)).toEqual([
		// Confirmed, and none looks like a token.
		...INTACT.map(() => 'unknown'),
		...UNUSABLE.map(() => 'notSent'),
	]);
	expect(server.requests.map((request) => fieldsOf(request)).sort(byToken)).toEqual(
		INTACT.map((token) => ({ ...app, token })).sort(byToken),
	);
	for (const { line, headers, body } of server.requests) {
		expect(line).toBe('POST /oauth2/revokeP HTTP/1.1');
		expect(Object.keys(headers).sort()).toEqual(HEADERS);
		expect(headers['content-length']).toBe(String(Buffer.byteLength(body)));
		expect(body.match(/[\r\n\0]/)).toBeNull();
	}
});

const byToken = (one: Record<string, unknown>, other: Record<string, unknown>) =>
	String(one.token) < String(other.token) ? -1 : 1;

test.each(INTACT)('as a key too: %.20s', async (key) => {
	const server = await startServer({ answer: () => http(403, `{"error_code":"EGW00103"}`) });
	const [appkey, appsecret] = [`${key}1`, `${key}\r\nx-evil: 2`];
	await attack(server.url, { input: tokenItems('the-token-of-an-attack') }, { appkey, appsecret });
	expect(server.requests).toHaveLength(1);
	expect(fieldsOf(server.requests[0])).toEqual({
		appkey,
		appsecret: `${key}x-evil:2`,
		token: 'the-token-of-an-attack',
	});
	expect(Object.keys(server.requests[0].headers).sort()).toEqual(HEADERS);
});

test.each([
	'/%0d%0ahost:%20evil',
	'/%20HTTP/1.1%0d%0a',
	'//evil.example',
	'/x/..;/y',
	'/%2e%2e%2f',
	'/http://evil.example/',
	'/;@evil.example',
])('a path in front of KIS stays a path: %s', async (path) => {
	const server = await startServer({ answer: () => CONFIRMATION });
	await attack(server.url + path, { input: tokenItems('the-token-of-an-attack') });
	expect(server.requests).toHaveLength(1);
	const [{ line, headers }] = server.requests;
	expect(line).toMatch(/^POST \/[!-~]*\/oauth2\/revokeP HTTP\/1\.1$/);
	expect(headers.host).toBe(`127.0.0.1:${server.port}`);
});

test.each(['x\r\nx-evil: 1', 'x\u0000x-evil: 1', '한글\u010d\u010ax-evil:1', 'x\u2028x-evil: 1'])(
	'a key that goes into a header of the HTTP Request node stays in it, or nothing is sent: %j',
	async (key) => {
		const server = await startServer({ answer: () => http(200, '{}') });
		const secrets = { appkey: `${makeApp().appkey}${key}`, appsecret: makeApp().appsecret + key };
		const quote = {
			...makeNode('Quote', 'n8n-nodes-base.httpRequest', {
				url: `${server.url}/uapi/x`,
				nodeCredentialType: 'kisApi',
			}),
			credentials: { kisApi: { id: 'kis', name: 'kis' } },
		};
		const custom = { environment: 'custom', baseUrl: server.url, bringAuthorization: false };
		const fields = { ...secrets, ...custom };
		const stored = await runWorkflow(
			{
				nodes: [makeNode('Start', 'n8n-nodes-base.manualTrigger', {}), quote],
				connections: { Start: { main: [[{ node: 'Quote', type: 'main', index: 0 }]] } },
			},
			{
				nodeTypes: {},
				credentialTypes: [new KisApi()],
				credentials: [await encryptCredential('kis', 'kisApi', fields)],
			},
		);
		for (const { headers } of server.requests) expect(headers).not.toHaveProperty('x-evil');
		const { error } = stored.data.resultData;
		const all = [JSON.stringify(stored.data), error?.message, error?.stack].join();
		expect(found(all, Object.values(secrets))).toBeUndefined();
	},
);
