// Tried: to let another server vouch for the credential's host. A proxy leads there, and the server has a certificate that is
// valid, but for another name: one that the workflow puts into a header, or the proxy's own. Also plain http through a proxy
// that the environment names. By each of n8n's helpers, and for the credential test.
import tls from 'node:tls';

import { KisApi } from '../../credentials/KisApi.credentials';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { makeApp } from '../../tools/sandbox/apps';
import { makeCertificate, type Certificate } from '../support/certificate';
import { testCredential } from '../support/credentialTest';
import { HELPERS, send, type Helper, type Sending } from '../support/httpRequest';
import {
	closeServers,
	http,
	startServer,
	tunnelTo,
	type ScriptedServer,
} from '../support/scriptedServer';

const EVIL = 'evil.example';
/** For documentation (RFC 5737): nobody has it. */
const IP = '192.0.2.1';
/** Stands for its address, which is known later. */
const PROXY = 'PROXY';
const HELPERS_OF_N8N = Object.keys(HELPERS) as Helper[];
const before = process.env;

/** Of the server for its own name, and for that of the proxy in front of it. */
let certificates: Record<'own' | 'ofProxy', Certificate>;
beforeAll(async () => {
	const [own, ofProxy] = [
		await makeCertificate({ host: EVIL }),
		await makeCertificate({ host: 'localhost' }),
	];
	certificates = { own, ofProxy };
	// As if a public authority had issued both.
	const makeContext = tls.createSecureContext;
	jest.spyOn(tls, 'createSecureContext').mockImplementation((options) => {
		const made = makeContext(options);
		const { context } = made as { context: { addCACert(certificate: string): void } };
		for (const { cert } of [own, ofProxy]) context.addCACert(cert);
		return made;
	});
});
beforeEach(() => (process.env = { ...before }));
afterEach(async () => {
	process.env = before;
	await closeServers();
});
afterAll(async () => {
	jest.restoreAllMocks();
	for (const certificate of Object.values(certificates)) await certificate.remove();
});

/** The other server, and a proxy that leads everything there. */
async function startEvil(
	name: keyof typeof certificates,
): Promise<{ evil: ScriptedServer; proxy: ScriptedServer }> {
	const evil = await startServer({ tls: certificates[name], answer: () => http(200, '{}') });
	return { evil, proxy: await startServer({ answer: () => tunnelTo(evil) }) };
}

const attack = async (helper: Helper, url: string, sending: Partial<Sending> & object) =>
	await send(
		{ keys: makeApp(), url },
		{ url: `${url}/uapi/x`, headers: { authorization: 'Bearer x' }, timeout: 3000, ...sending },
		{ helper, credential: { paceRequests: false } },
	);

/** As each helper takes it. */
const proxyFor = (helper: Helper, { url, port }: ScriptedServer) =>
	helper === 'httpRequestWithAuthentication' ? { protocol: 'http', host: 'localhost', port } : url;

function setEnvironment(variables: NodeJS.ProcessEnv, proxy: ScriptedServer): void {
	for (const [name, value] of Object.entries(variables)) {
		process.env[name] = value?.replace(PROXY, proxy.url);
	}
}

describe.each(HELPERS_OF_N8N)('%s', (helper) => {
	test.each(['https://kis.example:9443', `https://${IP}:9443`])(
		'no other server vouches for %s',
		async (url) => {
			const { evil, proxy } = await startEvil('ofProxy');
			await attack(helper, url, { proxy: proxyFor(helper, proxy) } as object);
			expect(evil.requests).toEqual([]);
			process.env.HTTPS_PROXY = `http://localhost:${proxy.port}`;
			await attack(helper, url, {});
			expect(evil.requests).toEqual([]);
		},
	);

	test('https is refused where NODE_TLS_REJECT_UNAUTHORIZED is 0', async () => {
		const { evil, proxy } = await startEvil('own');
		process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
		for (const sending of [{}, { proxy: proxyFor(helper, proxy) }]) {
			const { errors } = await attack(helper, evil.url, sending);
			expect(errors[0]).toMatchObject({
				message: expect.stringMatching(
					/NODE_TLS_REJECT_UNAUTHORIZED.*Nothing was sent.*NODE_EXTRA_CA_CERTS/,
				),
			});
		}
		expect([evil.requests, proxy.requests]).toEqual([[], []]);
		process.env.NODE_TLS_REJECT_UNAUTHORIZED = '1';
		await attack(helper, evil.url, {});
		// Its certificate counts as one of a public authority here.
		expect(evil.requests).not.toEqual([]);
	});

	test.each(['common', 'get', 'GET', 'Common', 'post'])(
		'no header Host hides in an object below %j',
		async (name) => {
			const { evil, proxy } = await startEvil('own');
			const headers = { authorization: 'Bearer x', [name]: { host: EVIL } };
			const method = name === 'post' ? 'POST' : 'GET';
			const hidden = { headers, method, proxy: proxyFor(helper, proxy) };
			const { errors } = await attack(helper, 'https://kis.example:9443', hidden as object);
			expect(errors[0].message).toContain('Nothing was sent');
			expect(evil.requests).toEqual([]);
		},
	);

	test.each<[string, NodeJS.ProcessEnv]>([
		...['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'npm_config_proxy', 'npm_config_http_proxy'].map(
			(name): [string, NodeJS.ProcessEnv] => ['127.0.0.1', { [name]: PROXY }],
		),
		['127.0.0.1', { HTTP_PROXY: PROXY, NO_PROXY: '127.0.0.1', npm_config_no_proxy: 'x' }],
		...['[::1] ::1', '*:80', '.invalid'].map((NO_PROXY): [string, NodeJS.ProcessEnv] => [
			'[::1]',
			{ HTTP_PROXY: PROXY, NO_PROXY },
		]),
	])('no plain http to %s with %j in the environment', async (host, variables) => {
		const proxy = await startServer({ answer: () => http(200, '{}') });
		setEnvironment(variables, proxy);
		const { errors } = await attack(helper, `http://${host}:9`, {});
		expect(errors[0].message).toContain('NO_PROXY');
		expect(proxy.requests).toEqual([]);
	});

	test.each<NodeJS.ProcessEnv>([
		{ HTTP_PROXY: PROXY, NO_PROXY: '127.0.0.1' },
		{ npm_config_proxy: PROXY, NO_PROXY: 'localhost,127.0.0.1' },
		{ HTTPS_PROXY: PROXY },
		{ npm_config_https_proxy: PROXY },
		{ npm_config_no_proxy: 'x' },
		{ npm_config_noproxy: '' },
	])('plain http goes directly with %j in the environment', async (variables) => {
		const kis = await startServer({ answer: () => http(200, '{}') });
		const proxy = await startServer({ answer: () => http(200, '{}') });
		setEnvironment(variables, proxy);
		expect((await attack(helper, kis.url, {})).errors).toEqual([]);
		expect(kis.requests).not.toEqual([]);
		expect(proxy.requests).toEqual([]);
	});
});

test.each(['https://kis.example:9443', `https://${IP}:9443`, 'http://127.0.0.1:9'])(
	'the credential test of %s gives nothing away',
	async (baseUrl) => {
		const { evil, proxy } = await startEvil('ofProxy');
		process.env.HTTPS_PROXY = process.env.HTTP_PROXY = `http://localhost:${proxy.port}`;
		const fields = { ...makeApp(), environment: 'custom', baseUrl };
		expect(await testCredential(new KisToken(), new KisApi(), fields)).not.toBeNull();
		process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
		expect(await testCredential(new KisToken(), new KisApi(), fields)).not.toBeNull();
		expect(evil.requests).toEqual([]);
		expect(proxy.requests.filter(({ line }) => !line.startsWith('CONNECT'))).toEqual([]);
	},
);

test('the credential test names the setting that keeps n8n from checking certificates', async () => {
	process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
	const fields = { ...makeApp(), environment: 'real' };
	const told = await testCredential(new KisToken(), new KisApi(), fields);
	expect(told).toContain('NODE_TLS_REJECT_UNAUTHORIZED=0');
	expect(told).toContain('NODE_EXTRA_CA_CERTS');
});
