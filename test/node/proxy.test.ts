// The choice of a proxy, compared with n8n's own two helpers for every form of the environment variables: the node connects
// to the same address as they do, in the same way.
import fc from 'fast-check';
import type { IExecuteFunctions } from 'n8n-workflow';

import { BODY, closeAll, connect, NEVER } from '../support/connections';
import { lendContext, type LentContext } from '../support/lentContext';
import { lookupOf, resolveAllHere } from '../support/lookup';
import { property } from '../support/properties';
import { startServer, type ScriptedServer } from '../support/scriptedServer';

/** The host that is called. Every name resolves to this computer. */
const HOST = 'api.kis.test';
/** Placeholders in the forms: the addresses of two proxies and of the host. */
const [FIRST, SECOND, HOST_PORT] = ['FIRST', 'SECOND', 'HOST_PORT'];

/** The first byte of TLS, and a fatal alert (handshake_failure) that refuses it. n8n does not catch a mere close. */
const TLS_HANDSHAKE = 0x16;
const TLS_REFUSAL = Buffer.from([0x15, 3, 3, 0, 2, 2, 40]);
const BAD_GATEWAY = 'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n';

type Variables = Readonly<Record<string, string>>;

const before = process.env;
let servers: Record<'first' | 'second' | 'host', ScriptedServer>;
let lent: LentContext;
/** Records who was called, and how. */
let calls: string[] = [];

beforeEach(async () => {
	lent = await lendContext();
	const [first, second, host] = await Promise.all(
		['first', 'second', 'host'].map(
			async (name) =>
				await startServer({
					connected: (socket) =>
						socket.once('data', (bytes) => {
							const isTls = bytes[0] === TLS_HANDSHAKE;
							calls.push(`${name}: ${isTls ? 'TLS' : read(bytes)}`);
							socket.end(isTls ? TLS_REFUSAL : BAD_GATEWAY);
						}),
				}),
		),
	);
	servers = { first, second, host };
	resolveAllHere();
});
afterEach(async () => {
	process.env = before;
	await lent.giveBack();
	await closeAll();
	jest.restoreAllMocks();
});

/** Returns the request line, and the user for the proxy if there is one. */
function read(bytes: Buffer): string {
	const [line, ...headers] = bytes.toString('latin1').split('\r\n');
	const user = headers.find((header) => /^proxy-authorization:/i.test(header));
	return [line, ...(user ? [user.slice(user.indexOf(':') + 1).trim()] : [])].join(', ');
}

const WAYS: Record<
	string,
	(helpers: IExecuteFunctions['helpers'], url: string) => Promise<unknown>
> = {
	httpRequest: async (helpers, url) => await helpers.httpRequest({ url, method: 'POST' }),
	request: async (helpers, uri) => await helpers.request({ uri, method: 'POST' }),
	'KIS Token': async (_helpers, url) => await connect(url, { egress }).post(BODY, NEVER),
};
const egress = { check: async () => {}, lookup: lookupOf('127.0.0.1') };

/** Returns whom each of them calls with exactly these variables. */
async function callsWith(
	variables: Variables,
	url = `https://${HOST}:${servers.host.port}`,
): Promise<Record<string, string[]>> {
	const isProxy = (name: string) => /_proxy$/i.test(name);
	const others = Object.entries(before).filter(([name]) => !isProxy(name));
	const own = Object.entries(variables).map(([name, value]) => [
		name,
		value
			.replaceAll(FIRST, `127.0.0.1:${servers.first.port}`)
			.replaceAll(SECOND, `127.0.0.1:${servers.second.port}`)
			.replaceAll(HOST_PORT, String(servers.host.port)),
	]);
	process.env = Object.fromEntries([...others, ...own]);
	const result: Record<string, string[]> = {};
	for (const [name, call] of Object.entries(WAYS)) {
		calls = [];
		await call(lent.context.helpers, url).catch(() => {});
		result[name] = calls;
	}
	return result;
}

async function expectSame(variables: Variables): Promise<string[]> {
	const { httpRequest, request, 'KIS Token': ours } = await callsWith(variables);
	expect({ ours }).toEqual({ ours: httpRequest });
	expect({ ours }).toEqual({ ours: request });
	return ours;
}

const tunnel = (name: string) =>
	expect.stringMatching(`^${name}: CONNECT ${HOST}:\\d+ HTTP/1\\.1(, |$)`) as string;

describe('the variable', () => {
	const first = `http://${FIRST}`;
	const second = `http://${SECOND}`;
	const [direct] = ['host: TLS'];
	test.each<[Variables, string]>([
		[{}, direct],
		[{ HTTPS_PROXY: first }, tunnel('first')],
		[{ https_proxy: first }, tunnel('first')],
		[{ HTTP_PROXY: first }, direct],
		[{ http_proxy: first }, direct],
		[{ ALL_PROXY: first }, tunnel('first')],
		[{ all_proxy: first }, tunnel('first')],
		[{ FTP_PROXY: first, PROXY: first, _PROXY: first }, direct],
		[{ https_proxy: first, HTTPS_PROXY: second }, tunnel('first')],
		[{ https_proxy: '', HTTPS_PROXY: second }, tunnel('second')],
		[{ all_proxy: first, ALL_PROXY: second }, tunnel('first')],
		[{ all_proxy: '', ALL_PROXY: second }, tunnel('second')],
		[{ all_proxy: first, HTTPS_PROXY: second }, tunnel('second')],
		[{ HTTPS_PROXY: '', ALL_PROXY: second }, tunnel('second')],
		[{ HTTP_PROXY: first, ALL_PROXY: second }, tunnel('second')],
		[{ HTTPS_PROXY: '', https_proxy: '', ALL_PROXY: '' }, direct],
	])('%j', async (variables, called) => {
		expect(await expectSame(variables)).toEqual([called]);
	});
});

describe('the address', () => {
	test.each<[string, string]>([
		[`http://${FIRST}`, tunnel('first')],
		[`HTTP://${FIRST}/`, tunnel('first')],
		[`http://${FIRST}/a/path?and=query#hash`, tunnel('first')],
		[` http://${FIRST}\n`, tunnel('first')],
		[`https://${FIRST}`, 'first: TLS'],
		[FIRST, 'first: TLS'],
		[`me:pw@${FIRST}`, 'first: TLS'],
		[`//${FIRST}`, 'first: TLS'],
		[`http://proxy.test@${FIRST}`, tunnel('first')],
		[`http://me:pw@${FIRST}`, tunnel('first')],
		[`http://me@${FIRST}`, tunnel('first')],
		[`http://me:@${FIRST}`, tunnel('first')],
		[`http://:pw@${FIRST}`, tunnel('first')],
		[`http://:@${FIRST}`, tunnel('first')],
		[`http://m%40e:p%3aw%25@${FIRST}`, tunnel('first')],
		[`http://나:비밀@${FIRST}`, tunnel('first')],
		[`http://named.${FIRST.toLowerCase()}.test`, ''],
		['not an address', ''],
		['http://', ''],
		['http://127.0.0.1:99999', ''],
		[`http:${FIRST}`, ''],
		[' ', ''],
	])('%j', async (address, called) => {
		expect(await expectSame({ HTTPS_PROXY: address })).toEqual(called === '' ? [] : [called]);
	});

	test.each([
		'not an address',
		'http://',
		'http://127.0.0.1:99999',
		'http://%zz@127.0.0.1:1',
		'socks5://127.0.0.1:1',
	])('the error says that %j cannot be used', async (address) => {
		process.env = { ...before, HTTPS_PROXY: address };
		expect(await connect(`https://${HOST}`, { egress }).post(BODY, NEVER)).toEqual({
			kind: 'unwritten',
			transportCode: 'PROXY_UNUSABLE',
			forbidden: null,
		});
	});
});

describe('the exception', () => {
	const excepts = [
		...[
			'*',
			HOST,
			HOST.toUpperCase(),
			`${HOST}:${HOST_PORT}`,
			'.kis.test',
			'*.kis.test',
			'*kis.test',
		],
		...[
			'*.test',
			'.test',
			`.kis.test:${HOST_PORT}`,
			`other,${HOST}`,
			`other ${HOST}`,
			`other, ${HOST}`,
		],
		...[`,,${HOST},`, `\t${HOST}\n`, '*i.kis.test', `*${HOST}`, 'other,*'],
	];
	const doesNot = [
		...[
			'',
			' ',
			'kis.test',
			'test',
			`${HOST}:443`,
			`not${HOST}`,
			`.${HOST}`,
			`*.${HOST}`,
			'api.*',
			'a*',
		],
		...['**', '127.0.0.1', '127.0.0.0/8', 'localhost', `https://${HOST}`, `${HOST}.`, `${HOST}:`],
		...[`[${HOST}]`, `${HOST};other`],
	];
	test.each([
		...excepts.map((value) => [value, 'host: TLS']),
		...doesNot.map((value) => [value, tunnel('first')]),
	])('%j', async (value, called) => {
		const proxy = { HTTPS_PROXY: `http://${FIRST}` };
		expect(await expectSame({ ...proxy, NO_PROXY: value })).toEqual([called]);
		expect(await expectSame({ ...proxy, no_proxy: value })).toEqual([called]);
		expect(await expectSame({ ...proxy, no_proxy: '', NO_PROXY: value })).toEqual([called]);
	});

	test('in lower case comes first', async () => {
		const variables = { HTTPS_PROXY: `http://${FIRST}`, no_proxy: 'other.example', NO_PROXY: '*' };
		expect(await expectSame(variables)).toEqual([tunnel('first')]);
	});

	test.each(['socks5://', 'not an address:'])('holds for an invalid proxy (%s)', async (scheme) => {
		const variables = { ALL_PROXY: `${scheme}${FIRST}`, NO_PROXY: '.kis.test' };
		expect(await expectSame(variables)).toEqual(['host: TLS']);
	});
});

const value = fc.constantFrom(
	...[
		'',
		`http://${FIRST}`,
		SECOND,
		`http://me:pw@${SECOND}`,
		`https://${FIRST}`,
		'no address',
		' ',
	],
);
const variables = fc.dictionary(
	fc.constantFrom(
		...['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'],
	),
	value,
);
const exceptions = fc.dictionary(
	fc.constantFrom('no_proxy', 'NO_PROXY'),
	fc.constantFrom('', '*', '.test', 'kis.test', `x,${HOST}:${HOST_PORT}`, `x ${HOST}`, 'x'),
);
property(
	'all of them together',
	[variables, exceptions],
	async (all, except) => void (await expectSame({ ...all, ...except })),
	150,
);

describe('unlike n8n’s own requests', () => {
	const proxy = { HTTPS_PROXY: `http://${FIRST}`, HTTP_PROXY: `http://${FIRST}` };

	test.each(['127.0.0.1', 'localhost', '127.1'])('%s is called directly', async (loopback) => {
		const url = `https://${loopback}:${servers.host.port}`;
		const { httpRequest, 'KIS Token': ours } = await callsWith(proxy, url);
		expect(httpRequest).toEqual([expect.stringMatching(/^first: CONNECT/)]);
		expect(ours).toEqual(['host: TLS']);
	});

	test.each(['socks5', 'socks', 'ftp', 'x'])('no HTTP is spoken to %s://', async (scheme) => {
		const { httpRequest, 'KIS Token': ours } = await callsWith({
			ALL_PROXY: `${scheme}://${FIRST}`,
		});
		expect(httpRequest).toEqual([tunnel('first')]);
		expect(ours).toEqual([]);
	});

	test.each(['npm_config_https_proxy', 'npm_config_proxy'])('%s is not read', async (name) => {
		const { httpRequest, 'KIS Token': ours } = await callsWith({ [name]: `http://${FIRST}` });
		expect(httpRequest).toEqual([tunnel('first')]);
		expect(ours).toEqual(['host: TLS']);
	});
});
