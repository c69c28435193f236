// The credential test of n8n's dialog. Tried: every invalid field, every way not to get an answer, and all kinds of answers.
// Each has a sentence of ours, and none repeats a key.
import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { OPEN_ANSWERS } from '../../kis/reply/httpAnswers';
import { KisApi } from '../../credentials/KisApi.credentials';
import { testCredential } from '../support/credentialTest';
import { ENVIRONMENTS } from '../../kis/input/environments';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { makeApp } from '../../tools/sandbox/apps';
import { Sandbox } from '../../tools/sandbox/server';
import { makeCertificate, type Certificate } from '../support/certificate';
import { describeWithRedis, RedisServer } from '../support/redis';
import { leftSince, resources } from '../support/resources';
import { closeServers, http, startServer, unusedPort } from '../support/scriptedServer';
import { found } from '../support/secrets';
import { useSandbox } from '../support/workflow';

const sandbox = useSandbox();
let certificate: Certificate;
beforeAll(async () => {
	certificate = await makeCertificate();
});
afterEach(closeServers);
afterAll(async () => await certificate.remove());

const fields = (): ICredentialDataDecryptedObject => ({
	...sandbox().apps[0],
	environment: 'custom',
	baseUrl: sandbox().url,
});

/** Returns what the dialog says is wrong; `null` if nothing is. Checks that it contains no key. */
async function verdict(changes: ICredentialDataDecryptedObject = {}): Promise<string | null> {
	const given = { ...fields(), ...changes };
	const said = await testCredential(new KisToken(), new KisApi(), given);
	const keys = [given.appkey, given.appsecret].map((key) => String(key).replace(/\s/g, ''));
	expect(
		found(
			String(said),
			keys.filter(({ length }) => length > 30),
		),
	).toBeUndefined();
	return said;
}

test('accepts a good key pair, and issues no token', async () => {
	await expect(verdict()).resolves.toBeNull();
	expect(sandbox().calls.map(({ path }) => path)).toEqual(['/oauth2/Approval']);
});

test('tolerates stray white space', async () => {
	const [{ appkey, appsecret }] = sandbox().apps;
	const changes = { appkey: `\n${appkey} `, appsecret: appsecret.replace(/.{40}/g, '$&\r\n') };
	await expect(verdict(changes)).resolves.toBeNull();
	await expect(verdict({ baseUrl: ` ${sandbox().url}/\n` })).resolves.toBeNull();
});

test('keeps a path in the Base URL', async () => {
	const relay = await startServer({ answer: () => http(200, '{"approval_key":"x"}') });
	await expect(verdict({ baseUrl: `${relay.url}/relay/` })).resolves.toBeNull();
	expect(relay.requests).toEqual([
		expect.objectContaining({
			line: 'POST /relay/oauth2/Approval HTTP/1.1',
			headers: expect.objectContaining({
				'content-type': 'application/json; charset=UTF-8',
				accept: 'application/json',
				'accept-encoding': 'identity',
			}),
		}),
	]);
});

test('leaves nothing behind', async () => {
	const before = resources();
	await verdict();
	expect(await leftSince(before)).toEqual([]);
});

describe('invalid fields: nothing is sent', () => {
	test.each<[ICredentialDataDecryptedObject, string]>([
		[{ appkey: ' ' }, 'The App Key is empty. Copy'],
		[{ appsecret: '' }, 'The App Secret is empty. Copy'],
		[{ baseUrl: '' }, 'The Base URL is empty. Enter'],
		[
			{ baseUrl: 'relay.example:9443' },
			'The Base URL is not a complete address such as https://relay.example. Begin it with https://, or with http:// for this computer.',
		],
		[{ baseUrl: '127.0.0.1:29443' }, 'or with http:// for this computer.'],
		[{ baseUrl: 'https:/relay.example' }, 'The Base URL is not a complete address'],
		[{ baseUrl: 'ftp://relay.example' }, 'The Base URL is not a complete address'],
		[{ baseUrl: 'http://relay.example' }, 'on the way. Begin it with https://.'],
		[{ baseUrl: 'https://user:word@relay.example' }, 'a user name or password'],
		[{ baseUrl: 'https://relay.example?x' }, 'a query'],
	])('%j', async (changes, says) => {
		const said = await verdict(changes);
		expect(said).toContain(says);
		expect(said).toMatch(/Nothing was sent\.$/);
		expect(sandbox().connections).toBe(0);
	});
});

describe('a key pair that KIS refuses', () => {
	const [{ appkey, appsecret }] = [makeApp()];

	test.each<[string, ICredentialDataDecryptedObject, string]>([
		['an App Key of nobody', { appkey }, 'EGW00103: KIS does not know this App Key here. Copy'],
		['another App Secret', { appsecret }, 'EGW00105: KIS says that the App Secret is not valid.'],
		[
			'a cut-off App Key',
			{ appkey: appkey.slice(9) },
			'The App Key has 27 characters, KIS’s have 36.',
		],
		[
			'a cut-off App Secret',
			{ appsecret: appsecret.slice(60) },
			'The App Secret has 120 characters, KIS’s have 180.',
		],
		[
			'swapped keys',
			{ appkey: appsecret, appsecret: appkey },
			'EGW00103: KIS does not know this App Key here. App Key and App Secret seem to be swapped',
		],
	])('%s', async (_what, changes, says) => {
		expect((await verdict(changes))?.replaceAll("'", '’')).toContain(says);
	});

	test('is explained in KIS’s own words too', async () => {
		expect(await verdict({ appkey })).toMatch(/EGW00103: .*The server says: “유효하지 않은 AppKey/);
	});

	test('a pair that works may have any length', async () => {
		const app = { appkey: 'a-key-that-is-longer', appsecret: 'than-this' };
		const other = await new Sandbox({ apps: [app] }).start();
		await expect(verdict({ ...app, baseUrl: other.url })).resolves.toBeNull();
		await other.stop();
	});
});

const UNREADABLE = OPEN_ANSWERS.unreadable.happened;
const NO_KEY = 'KIS gave no WebSocket key (웹소켓 접속키), which this test asks for:';

describe('an answer without a key', () => {
	test.each([
		['{"rt_cd":"1","msg_cd":"EGW00201","msg1":"x"}', "EGW00201: the app key's requests per second"],
		['{"error_code":"EGW99999"}', `${NO_KEY} the answer is neither a success nor a known refusal`],
		['{"error_code":"EGW00103","approval_key":"x"}', 'EGW00103: '],
		['{"approval_key":""}', `${NO_KEY} the answer holds no approval_key (HTTP 200)`],
		['{"approval_key":null}', `${NO_KEY} the answer holds no approval_key (HTTP 200)`],
		['{"approval_key":7}', `${NO_KEY} the answer holds no approval_key (HTTP 200)`],
		['["approval_key"]', `${NO_KEY} ${UNREADABLE} (HTTP 200)`],
		['', `${NO_KEY} ${UNREADABLE} (HTTP 200)`],
	])('%s', async (body, says) => {
		sandbox().faults.push({ kind: 'raw', body });
		expect(await verdict()).toContain(says);
	});

	test.each([
		['html', `${NO_KEY} ${UNREADABLE} (HTTP 200)`],
		['garbage', `${NO_KEY} ${UNREADABLE} (HTTP 200)`],
		['cutJson', `${NO_KEY} ${UNREADABLE} (HTTP 200)`],
		['redirect', `${NO_KEY} ${OPEN_ANSWERS.otherStatus.happened} (HTTP 302)`],
		['reset', 'the connection was closed before a whole answer came'],
		['close', 'the connection was closed before a whole answer came'],
		['cutOff', 'the connection was closed before a whole answer came'],
		['large', 'the answer was larger than any answer of KIS'],
	] as const)('%s', async (kind, says) => {
		sandbox().faults.push({ kind, processed: true });
		expect(await verdict()).toContain(says);
		expect(sandbox().calls).toHaveLength(1);
	});

	test.each(['{"msg_cd":"EGW00201"}', '{"msg_cd":"EGW00215"}', '{"code":429}'])(
		'%s, about the rate, names no option of the node',
		async (body) => {
			sandbox().faults.push({ kind: 'raw', body });
			const said = await verdict();
			expect(said).toContain('Wait a few seconds, then test again.');
			expect(said).not.toMatch(/Requests per Second|Max Retries|workflow|run again/);
		},
	);

	test('an address without KIS', async () => {
		expect(await verdict({ baseUrl: `${sandbox().url}/nowhere` })).toMatch(
			/^KIS gave no WebSocket key \(웹소켓 접속키\), which this test asks for: the server has nothing at this address \(HTTP 404\)\. .* Check the Base URL/,
		);
	});

	test.each<[string, () => string]>([
		['a key', () => String(fields().appsecret)],
		['the WebSocket key that it gives nevertheless', () => 'a-websocket-key'],
	])('that quotes %s is not shown', async (_what, secretOf) => {
		const body = JSON.stringify({
			error_code: 'EGW00105',
			error_description: `not valid: ${secretOf()}`,
			approval_key: 'a-websocket-key',
		});
		sandbox().faults.push({ kind: 'raw', body });
		expect(await verdict()).toContain('Withheld');
	});

	test('in an encoding that was not asked for is not read', async () => {
		const answer = http(200, '{"approval_key":"x"}', { 'content-encoding': 'x-none' });
		const { url } = await startServer({ answer: () => answer });
		expect(await verdict({ baseUrl: url })).toContain(`${NO_KEY} ${UNREADABLE} (HTTP 200)`);
	});

	test.each([
		['seconds', 300, true],
		['a date, by its own clock', 'Thu, 01 Jan 2099 00:05:00 GMT', true],
		['a date within a minute, by its own clock', 'Thu, 01 Jan 2099 00:00:30 GMT', false],
	])('that asks for a pause, in %s, says until when if it is long', async (_how, pause, isLong) => {
		const headers = { 'retry-after': pause, date: 'Thu, 01 Jan 2099 00:00:00 GMT' };
		const { url } = await startServer({ answer: () => http(429, '{}', headers) });
		const said = await verdict({ baseUrl: url });
		expect(said?.includes('The server wants no request before')).toBe(isLong);
		expect(said).not.toContain('2099');
	});
});

describe('no answer', () => {
	test('says that nothing listens there, and what to start', async () => {
		const baseUrl = `http://127.0.0.1:${await unusedPort()}`;
		expect(await verdict({ baseUrl })).toBe(
			`No answer of KIS from ${baseUrl} (ECONNREFUSED): nothing listens at the address (connection refused). Start the relay or the sandbox there, or correct the Base URL. If n8n runs in a container, this address is the container itself.`,
		);
	});

	test('a name that does not exist', async () => {
		expect(await verdict({ baseUrl: 'https://relay.invalid:9443/path' })).toMatch(
			/^No answer of KIS from https:\/\/relay\.invalid:9443 \((ENOTFOUND|EAI_AGAIN)\): the host name could not be resolved \(DNS\)\. Correct the Base URL/,
		);
	});

	test('https where plain http is spoken', async () => {
		const said = await verdict({ baseUrl: sandbox().url.replace('http', 'https') });
		expect(said).toContain('no secure connection could be made (TLS)');
		expect(said).toContain('begin the Base URL with http://');
	});

	test('plain http where https is spoken', async () => {
		const secure = await startServer({ tls: certificate, answer: () => http(200, '{}') });
		const said = await verdict({ baseUrl: secure.url.replace('https', 'http') });
		expect(said).toContain('begin the Base URL with https://');
		expect(secure.requests).toEqual([]);
	});

	test('a certificate that nobody vouches for', async () => {
		const secure = await startServer({ tls: certificate, answer: () => http(200, '{}') });
		const said = await verdict({ baseUrl: secure.url });
		expect(said).toMatch(
			/: the server's certificate could not be verified\. .*NODE_EXTRA_CA_CERTS/,
		);
		expect(secure.requests).toEqual([]);
	});

	test('something other than HTTP', async () => {
		const mail = await startServer({
			connected: (socket) => void socket.end('220 smtp.example ESMTP\r\n'),
		});
		expect(await verdict({ baseUrl: mail.url })).toContain('the answer was not HTTP');
	});

	test('that never ends is not awaited for ever', async () => {
		const silent = await startServer();
		const dripping = await startServer({
			answer: () => (socket) => {
				socket.write('HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n');
				const drips = setInterval(() => socket.write(' '), 100);
				socket.once('close', () => clearInterval(drips));
			},
		});
		const said = await Promise.all([
			verdict({ baseUrl: silent.url }),
			verdict({ baseUrl: dripping.url }),
		]);
		expect(said).toEqual([
			expect.stringContaining('no connection could be made in time'),
			expect.stringContaining('no whole answer came in time'),
		]);
		await Promise.all([silent.abandoned(), dripping.abandoned()]);
	});
});

test.each(['real', 'paper'] as const)(
	'%s: asks KIS in that environment, and nobody else',
	async (environment) => {
		const asked: unknown[] = [];
		const request = async (options: object) => {
			asked.push(options);
			throw Object.assign(new Error(), { code: 'ENOTFOUND' });
		};
		const { kisApiTest } = new KisToken().methods.credentialTest;
		const context = { helpers: { request } } as unknown as ThisParameterType<typeof kisApiTest>;
		const data = { ...fields(), environment };
		const result = await kisApiTest.call(context, { id: 'x', name: 'x', type: 'kisApi', data });
		const { baseUrl } = ENVIRONMENTS[environment];
		const agentOptions = { rejectUnauthorized: true };
		const uri = `${baseUrl}/oauth2/Approval`;
		expect(asked).toEqual([expect.objectContaining({ uri, agentOptions, followRedirect: false })]);
		expect(result.message).toContain('Check that this computer reaches the address');
		expect(result.message).not.toContain('Base URL');
	},
);

describe('the Redis that all workers share', () => {
	test('if it is not there, the dialog says so beside the answer of KIS', async () => {
		const redisUrl = `redis://user:Secret-Word@127.0.0.1:${await unusedPort()}`;
		const said = await verdict({ redisUrl });
		expect(said).toMatch(
			/^KIS accepts the key pair\. Redis at redis:\/\/127\.0\.0\.1:\d+ cannot be used: no connection could be made, or it broke\. Check host and port/,
		);
		expect(said).not.toContain('Secret-Word');
		await expect(verdict({ redisUrl, appsecret: 'wrong' })).resolves.toMatch(
			/^EGW00105.* Redis at .* cannot be used/,
		);
	});

	test('with an invalid address, nothing is sent', async () => {
		const said = await verdict({ redisUrl: 'http://user:Secret-Word@127.0.0.1' });
		expect(said).toMatch(/^The Redis URL is not a complete address .* Nothing was sent\.$/);
		expect(said).not.toContain('Secret-Word');
	});

	describeWithRedis('with a real Redis', () => {
		let server: RedisServer;
		beforeAll(async () => {
			server = await RedisServer.start();
		});
		afterAll(async () => await server.stop());

		test('if it can be used, the test passes', async () => {
			await expect(verdict({ redisUrl: server.url })).resolves.toBeNull();
		});
	});
});
