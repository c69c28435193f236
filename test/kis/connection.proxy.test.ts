// What is tried: proxies that work, refuse, hang, close and lie, servers that are no proxy, and ways to show a proxy secrets.
// Runs in a child process against dist/ (npx gulp build): only a new process can trust another certificate.
import { Connection } from '../../kis/http/connection';
import { HOST, makeCertificate, type Certificate } from '../support/certificate';
import { postFromChild } from '../support/child';
import { NEVER } from '../support/connections';
import {
	closeServers,
	CONFIRMATION,
	hangUp,
	http,
	reset,
	silence,
	startServer,
	tunnelTo,
	unusedPort,
	type Answer,
	type Script,
} from '../support/scriptedServer';

const URL_BEHIND = `https://${HOST}:9443`;
let certificate: Certificate;
beforeAll(async () => {
	certificate = await makeCertificate();
});
afterEach(closeServers);
afterAll(async () => await certificate.remove());

const startKis = async () => await startServer({ tls: certificate, answer: () => CONFIRMATION });

const unwritten = (transportCode: string | RegExp) => [
	{ kind: 'unwritten', transportCode: expect.stringMatching(transportCode), forbidden: null },
];

describe('a trusted certificate', () => {
	test('is required and sufficient', async () => {
		const kis = await startKis();
		const trusting = await postFromChild(kis.url, { NODE_EXTRA_CA_CERTS: certificate.file });
		expect(trusting).toMatchObject({ endedWell: true, exchanges: [{ kind: 'answered' }] });
		const blind = await postFromChild(kis.url, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
		expect(blind).toMatchObject({ endedWell: true, exchanges: unwritten(/SELF_SIGNED/) });
		expect(kis.requests).toHaveLength(1);
	});

	test.each([
		['directly', false],
		['through a proxy', true],
	])(
		'of a server that prefers HTTP/2: it is spoken to by HTTP/1.1, %s',
		async (_how, isProxied) => {
			const tls = { ...certificate, ALPNProtocols: ['h2', 'http/1.1'] };
			const kis = await startServer({ tls, answer: () => CONFIRMATION });
			const proxy = await startServer({ tls, answer: () => tunnelTo(kis) });
			const env = { NODE_EXTRA_CA_CERTS: certificate.file };
			const { exchanges } = isProxied
				? await postFromChild(URL_BEHIND, { ...env, HTTPS_PROXY: proxy.url })
				: await postFromChild(kis.url, env);
			expect(exchanges).toMatchObject([{ kind: 'answered', httpStatus: 200 }]);
		},
	);
});

describe('a proxy that works', () => {
	test.each(['HTTPS_PROXY', 'ALL_PROXY'])(
		'is taken from %s, and sees neither requests nor answers',
		async (variable) => {
			const kis = await startKis();
			const proxy = await startServer({ answer: () => tunnelTo(kis) });
			const env = { NODE_EXTRA_CA_CERTS: certificate.file, [variable]: proxy.url };
			const { exchanges, endedWell } = await postFromChild(URL_BEHIND, env, { count: 3 });
			expect(exchanges).toMatchObject(Array(3).fill({ kind: 'answered', httpStatus: 200 }));
			expect(endedWell).toBe(true);
			expect(proxy.requests.map(({ line }) => line)).toEqual([`CONNECT ${HOST}:9443 HTTP/1.1`]);
			expect(kis.requests.map(({ headers }) => headers.host)).toEqual(
				Array(3).fill(`${HOST}:9443`),
			);
		},
	);

	test('gets the user and password from its address', async () => {
		const kis = await startKis();
		const proxy = await startServer({ answer: () => tunnelTo(kis) });
		const address = proxy.url.replace('//', '//me:p%40ss@');
		const env = { NODE_EXTRA_CA_CERTS: certificate.file, HTTPS_PROXY: address };
		await postFromChild(URL_BEHIND, env);
		expect(proxy.requests[0].headers['proxy-authorization']).toBe(
			`Basic ${Buffer.from('me:p@ss').toString('base64')}`,
		);
		expect(kis.requests[0].headers).not.toHaveProperty('proxy-authorization');
	});

	test('may use TLS itself, and its certificate has to be trusted', async () => {
		const kis = await startKis();
		const proxy = await startServer({ tls: certificate, answer: () => tunnelTo(kis) });
		const env = { HTTPS_PROXY: proxy.url, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
		const blind = await postFromChild(URL_BEHIND, env);
		expect(blind).toMatchObject({ endedWell: true, exchanges: unwritten(/SELF_SIGNED/) });
		expect(proxy.bytes).toBe(0);
		const trusting = { ...env, NODE_EXTRA_CA_CERTS: certificate.file };
		expect(await postFromChild(URL_BEHIND, trusting)).toMatchObject({
			endedWell: true,
			exchanges: [{ kind: 'answered' }],
		});
	});

	test('does not make an untrusted certificate trusted', async () => {
		const kis = await startKis();
		const proxy = await startServer({ answer: () => tunnelTo(kis) });
		const env = { HTTPS_PROXY: proxy.url, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
		const result = await postFromChild(URL_BEHIND, env);
		expect(result).toMatchObject({ endedWell: true, exchanges: unwritten(/CERT|SELF_SIGNED|PRX/) });
		expect(kis.requests).toHaveLength(0);
	});

	test('leaves the request unanswered if the tunnel breaks after it', async () => {
		const kis = await startServer({ tls: certificate, answer: () => hangUp });
		const proxy = await startServer({ answer: () => tunnelTo(kis) });
		const env = { NODE_EXTRA_CA_CERTS: certificate.file, HTTPS_PROXY: proxy.url };
		const { exchanges, endedWell } = await postFromChild(URL_BEHIND, env);
		expect(exchanges).toMatchObject([{ kind: 'unanswered', httpStatus: null }]);
		expect(endedWell).toBe(true);
		expect(kis.requests).toHaveLength(1);
	});
});

test.each<[string, Answer]>([
	['silence', silence],
	['a close', hangUp],
	['a refusal', http(502, '')],
])('after %s of the proxy the next request connects anew immediately', async (_name, answer) => {
	const kis = await startKis();
	const proxy = await startServer({
		answer: (_request, index) => (index === 0 ? answer : tunnelTo(kis)),
	});
	const env = { NODE_EXTRA_CA_CERTS: certificate.file, HTTPS_PROXY: proxy.url };
	const { exchanges, endedWell } = await postFromChild(URL_BEHIND, env, {
		count: 3,
		timeoutMs: answer === silence ? 5000 : 60_000,
	});
	expect(exchanges).toMatchObject([
		{ kind: 'unwritten' },
		{ kind: 'answered' },
		{ kind: 'answered' },
	]);
	expect(endedWell).toBe(true);
});

test('a tunnel that breaks during a request is replaced for the next immediately', async () => {
	const kis = await startServer({
		tls: certificate,
		answer: (_request, index) => (index === 1 ? hangUp : CONFIRMATION),
	});
	const proxy = await startServer({ answer: () => tunnelTo(kis) });
	const env = { NODE_EXTRA_CA_CERTS: certificate.file, HTTPS_PROXY: proxy.url };
	const { exchanges, endedWell } = await postFromChild(URL_BEHIND, env, { count: 4 });
	expect(exchanges).toMatchObject([
		{ kind: 'answered' },
		{ kind: 'unanswered', onStaleConnection: true },
		{ kind: 'answered' },
		{ kind: 'answered' },
	]);
	expect(endedWell).toBe(true);
	expect(proxy.requests).toHaveLength(2);
});

test('a loopback target never goes through a proxy', async () => {
	const proxy = await startServer({ answer: () => http(502, '') });
	const plain = await startServer({ answer: () => CONFIRMATION });
	const kis = await startKis();
	const env = {
		NODE_EXTRA_CA_CERTS: certificate.file,
		HTTP_PROXY: proxy.url,
		http_proxy: proxy.url,
		HTTPS_PROXY: proxy.url,
		https_proxy: proxy.url,
		NO_PROXY: 'elsewhere.example',
	};
	for (const url of [plain.url, `http://localhost:${plain.port}`, kis.url]) {
		expect(await postFromChild(url, env)).toMatchObject({
			endedWell: true,
			exchanges: [{ kind: 'answered' }],
		});
	}
	expect(proxy.connections).toBe(0);
});

describe('a proxy that does not let the request through', () => {
	test.each<[string, Answer]>([
		['407', http(407, '', { 'proxy-authenticate': 'Basic' })],
		['502', http(502, '<html>Bad Gateway</html>')],
		['403', http(403, '')],
		['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
		['what is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
	])('answers %s: nothing was written', async (_name, answer) => {
		const proxy = await startServer({ answer: () => answer });
		const result = await postFromChild(URL_BEHIND, { HTTPS_PROXY: proxy.url });
		expect(result).toMatchObject({ endedWell: true, exchanges: unwritten(/^(?!.*TIMEOUT)/) });
		expect(proxy.connections).toBeLessThanOrEqual(2);
	});

	test.each<[string, Answer]>([
		['stays silent', silence],
		['closes on CONNECT', hangUp],
		['resets on CONNECT', reset],
	])('%s: ends by the deadline', async (_name, answer) => {
		const proxy = await startServer({ answer: () => answer });
		const result = await postFromChild(URL_BEHIND, { HTTPS_PROXY: proxy.url }, { timeoutMs: 300 });
		expect(result).toMatchObject({ endedWell: true, exchanges: unwritten(/./) });
		await proxy.abandoned();
	});

	test.each<[string, Answer]>([
		['stays silent', silence],
		['closes on CONNECT', hangUp],
	])('%s: ends when stopped, or earlier', async (_name, answer) => {
		const proxy = await startServer({ answer: () => answer });
		const result = await postFromChild(
			URL_BEHIND,
			{ HTTPS_PROXY: proxy.url },
			{ timeoutMs: 1_000_000, cancelAfterMs: 100 },
		);
		expect(result).toMatchObject({ endedWell: true, exchanges: unwritten(/./) });
	});

	test('closes on CONNECT: is not called again and again', async () => {
		const proxy = await startServer({ answer: () => hangUp });
		await postFromChild(URL_BEHIND, { HTTPS_PROXY: proxy.url }, { timeoutMs: 500 });
		expect(proxy.connections).toBeLessThan(50);
	});
});

describe('a proxy that should speak TLS (by host:port) and does not', () => {
	const speaks = (answer: Answer): Script => ({
		connected: (socket) =>
			socket.once('data', () =>
				typeof answer === 'function' ? answer(socket) : socket.write(answer),
			),
	});

	test.each<[string, Answer, number]>([
		['answers in plain text', http(400, 'Bad Request'), 5000],
		['closes', hangUp, 5000],
		['resets', reset, 5000],
		['stays silent', silence, 2000],
	])('%s: the error says that TLS with the proxy failed', async (_name, answer, timeoutMs) => {
		const proxy = await startServer(speaks(answer));
		for (const prefix of ['', 'https://']) {
			const env = { HTTPS_PROXY: `${prefix}127.0.0.1:${proxy.port}` };
			expect(await postFromChild(URL_BEHIND, env, { timeoutMs })).toMatchObject({
				endedWell: true,
				exchanges: unwritten(/^PROXY_TLS_FAILED$/),
				stderr: '',
			});
		}
		expect(proxy.connections).toBe(2);
	});

	test('a TLS error of the host behind a TLS proxy is not blamed on the proxy', async () => {
		const kis = await startServer(speaks(http(400, 'Bad Request')));
		const proxy = await startServer({ tls: certificate, answer: () => tunnelTo(kis) });
		const env = {
			NODE_EXTRA_CA_CERTS: certificate.file,
			HTTPS_PROXY: `127.0.0.1:${proxy.port}`,
		};
		expect(await postFromChild(URL_BEHIND, env)).toMatchObject({
			endedWell: true,
			exchanges: unwritten(/^(ERR_SSL|EPROTO)/),
			stderr: '',
		});
	});

	test('a later attempt without the proxy does not blame it', async () => {
		const before = process.env;
		const proxy = await startServer();
		const egress = { check: async () => {}, lookup: () => {} };
		const connection = new Connection({ url: new URL(URL_BEHIND), timeoutMs: 1000, egress });
		process.env = { ...before, HTTPS_PROXY: `127.0.0.1:${proxy.port}` };
		expect([await connection.post({}, NEVER)]).toEqual(unwritten('PROXY_TLS_FAILED'));
		process.env = { ...before, NO_PROXY: '*' };
		expect([await connection.post({}, NEVER)]).toEqual(unwritten('UND_ERR_CONNECT_TIMEOUT'));
		process.env = before;
		await connection.close();
	});
});

describe('a proxy setting that does not work', () => {
	test('a port at which nothing listens', async () => {
		const env = { HTTPS_PROXY: `http://127.0.0.1:${await unusedPort()}` };
		expect(await postFromChild(URL_BEHIND, env)).toMatchObject({
			endedWell: true,
			exchanges: unwritten('ECONNREFUSED'),
		});
	});

	test('not an address: reported as unusable', async () => {
		expect(await postFromChild(URL_BEHIND, { HTTPS_PROXY: 'not an address' })).toMatchObject({
			endedWell: true,
			exchanges: unwritten('PROXY_UNUSABLE'),
		});
	});

	test('does not matter to a loopback target', async () => {
		const plain = await startServer({ answer: () => CONFIRMATION });
		const env = { HTTP_PROXY: 'not an address', HTTPS_PROXY: 'not an address' };
		expect(await postFromChild(plain.url, env)).toMatchObject({
			endedWell: true,
			exchanges: [{ kind: 'answered' }],
		});
	});

	test.each(['socks5', 'socks', 'ftp', 'https'])(
		'a %s proxy that never answers leaves no socket',
		async (scheme) => {
			const proxy = await startServer();
			const env = { HTTPS_PROXY: proxy.url.replace('http', scheme) };
			const result = await postFromChild(URL_BEHIND, env, { timeoutMs: 300 });
			expect(result).toMatchObject({ endedWell: true, exchanges: unwritten(/./) });
			await proxy.abandoned();
		},
	);
});
