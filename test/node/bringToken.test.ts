// Requests with the KIS API credential and no token of their own, on n8n's engine, through each of its helpers, against a
// fake KIS that is not the sandbox.
import { readFileSync } from 'node:fs';
import type { IDataObject } from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { testCredential } from '../support/credentialTest';
import { LOG_FILE, removeEngineFolder } from '../../tools/engine/run';
import { KIS_CODES } from '../../kis/reply/errorCodes';
import { HELPERS, send, type Helper, type Sending, type Setup } from '../support/httpRequest';
import { KisDouble, type Endpoint } from '../support/kisDouble';
import {
	closeServers,
	hangUp,
	http,
	refusal,
	silence,
	type Answer,
} from '../support/scriptedServer';
import { found } from '../support/secrets';
import { makeToken, read } from '../support/tokens';

const helpers = Object.keys(HELPERS) as Helper[];

let kis: KisDouble;
beforeEach(async () => {
	kis = await new KisDouble().start();
});
afterEach(closeServers);
afterAll(removeEngineFolder);

const quote = async (setup: Setup = {}, sending: Partial<Sending> = {}) =>
	await send(kis, { url: kis.urlOf('quote'), headers: { tr_id: 'X' }, ...sending }, setup);
const order = async (setup: Setup = {}, sending: Partial<Sending> = {}) =>
	await quote(setup, { url: kis.urlOf('order'), method: 'POST', body: { QTY: '1' }, ...sending });
const count = (...endpoints: Endpoint[]) => endpoints.map((name) => kis.seen(name).length);

describe.each(helpers)('%s', (helper) => {
	test('20 concurrent requests without a token cause one issue, and all carry that token', async () => {
		const { answers, errors } = await quote({ helper, items: 20 });
		expect(errors).toEqual([]);
		expect(answers).toHaveLength(20);
		const [token, ...others] = new Set(kis.tokensOf('quote'));
		expect([kis.live.has(token ?? ''), others]).toEqual([true, []]);
		expect(kis.seen('tokenP')).toHaveLength(1);
		for (const { headers } of kis.seen('quote')) expect(headers).toMatchObject(kis.keys);
	});

	test('n8n neither stores nor logs the token, whether the answer is good, a refusal or lost', async () => {
		const refused = http(500, '{"rt_cd":"1","msg_cd":"OPSQ2000","msg1":"x"}');
		const stored = [];
		for (const answer of [null, refused, hangUp, http(401, '{}'), http(200, '<html></html>')]) {
			kis.orders.quote = Array<Answer | null>(10).fill(answer);
			const sent = await quote({ helper }, { timeout: 1000 });
			const { error } = sent.stored.data.resultData;
			stored.push(JSON.stringify([sent.stored, sent.answers, sent.errors, error, error?.stack]));
			kis.orders.quote = [];
		}
		const secrets = [...kis.live, ...Object.values(kis.keys)];
		expect(kis.live.size).toBe(1);
		expect(found(stored.join(), secrets)).toBeUndefined();
		expect(found(readFileSync(LOG_FILE, 'utf8'), secrets)).toBeUndefined();
	});

	test('an order does not wait for the whole question whether its token is alive', async () => {
		kis.gives = kis.mint({ iat: Math.floor(Date.now() / 1000) - 3600 });
		let isGivenUp = false;
		let wasGivenUp: boolean | null = null;
		kis.orders.quote = [(socket) => void socket.on('close', () => (isGivenUp = true))];
		kis.orders.order = [
			(socket) => {
				wasGivenUp = isGivenUp;
				socket.write(http(200, '{"rt_cd":"0"}'));
			},
		];
		expect((await order({ helper })).errors).toEqual([]);
		expect([count('quote'), wasGivenUp]).toEqual([[1], false]);
	});

	test.each<[string, Answer, Partial<Sending>]>([
		['lost after KIS has processed it', hangUp, {}],
		['not answered in time', silence, { timeout: 1000 }],
		['answered with HTTP 401', http(401, '{}'), {}],
		[
			'answered with HTTP 401 and a challenge',
			http(401, '{}', { 'www-authenticate': 'Digest nonce="1"' }),
			{},
		],
		['answered with HTTP 500', http(500, '{"rt_cd":"1","msg_cd":"","msg1":""}'), {}],
		['answered with EGW00123', http(500, '{"rt_cd":"1","msg_cd":"EGW00123","msg1":"x"}'), {}],
		['answered with EGW00201', http(500, '{"rt_cd":"1","msg_cd":"EGW00201","msg1":"x"}'), {}],
		['answered with a redirect', http(307, '', { location: '/uapi/elsewhere' }), {}],
	])('an order that is %s arrives once', async (_name, answer, sending) => {
		kis.orders.order = Array<Answer>(10).fill(answer);
		const { errors, answers } = await order({ helper }, sending);
		expect(errors.length + answers.length).toBe(1);
		// Pagination continues after an answer: the user asked for those requests.
		const pages = helper === 'requestWithAuthenticationPaginated' ? answers.flat().length : 0;
		expect(kis.seen('order')).toHaveLength(Math.max(1, pages));
		expect(kis.seen('tokenP')).toHaveLength(1);
	});

	test('the reason for sending nothing is passed on word for word', async () => {
		kis.orders.tokenP = [refusal('EGW00133', 403)];
		const { errors } = await order({ helper });
		expect(errors).toEqual([
			{
				message:
					'The request was not sent: KIS issues an access token only once a minute (1분당 1회), and one was just issued for this app key, perhaps to another program (EGW00133)',
				description: 'Run again in a minute.',
			},
		]);
		expect(count('tokenP', 'order')).toEqual([1, 0]);
	});
});

describe('a request that n8n is about to repeat', () => {
	const helper = 'httpRequestWithAuthentication';
	const unauthorized = http(401, '{}');

	test.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)(
		'%s: is not sent again, and the error says why',
		async (method) => {
			kis.orders.order = [unauthorized, unauthorized];
			const { errors } = await order({ helper }, { method });
			expect(errors).toEqual([
				{
					message: expect.stringMatching(/^The request was sent once, .* HTTP 401/),
					description: expect.stringContaining('Look up whether KIS processed it'),
				},
			]);
			expect(kis.seen('order')).toHaveLength(1);
		},
	);

	test.each(['GET', 'get', undefined])('%s: is sent again', async (method) => {
		kis.orders.quote = [unauthorized];
		const sending = { method: method as Sending['method'] };
		expect((await quote({ helper }, sending)).answers).toHaveLength(1);
		expect(kis.seen('quote')).toHaveLength(2);
	});

	test.each<[string, Partial<Sending>, IDataObject]>([
		['with a token of its own', { headers: { authorization: 'Bearer of-the-user' } }, {}],
		['where the credential brings none', {}, { bringAuthorization: false }],
		['that wants none', { url: 'hashkey' }, {}],
	])('%s: is not sent again either', async (_name, sending, credential) => {
		const answers = Array<Answer>(3).fill(unauthorized);
		kis.orders.order = answers;
		const url = sending.url ? `${kis.url}/uapi/${sending.url}` : kis.urlOf('order');
		kis.unknown = unauthorized;
		await order({ helper, credential }, { ...sending, url });
		expect(kis.requests).toHaveLength(1);
	});

	test('a digest login is not answered by sending it twice', async () => {
		const challenge = http(401, '{}', { 'www-authenticate': 'Digest realm="x", nonce="1"' });
		kis.orders.order = [challenge, challenge];
		const auth = { username: 'one', password: 'two', sendImmediately: false };
		await order({ helper: 'requestWithAuthentication' }, { auth });
		expect(kis.seen('order')).toHaveLength(1);
	});
});

describe('a token is brought', () => {
	const wanted = async (sending: Partial<Sending>, credential: IDataObject = {}) => {
		await quote({ credential }, sending);
		return kis.seen('tokenP').length === 1;
	};

	test.each([
		['/uapi/overseas-stock/v1/x', true],
		['/uapi/hashkey', false],
		['/uapi/hashkey/more', true],
		['/uapi/../uapi/x', true],
		['/uapi/%2e%2e/oauth2/x', false],
		['/uapi', false],
		['/uapix/', false],
		['/other/uapi/x', false],
		['/oauth2/Approval', false],
		['/', false],
	])('to %s: %p', async (path, isWanted) => {
		expect(await wanted({ url: kis.url + path })).toBe(isWanted);
		for (const { line, headers } of kis.requests.filter(({ line }) => !line.includes('tokenP'))) {
			expect([line, headers.authorization !== undefined]).toEqual([line, isWanted]);
		}
	});

	test('below the path of the Base URL', async () => {
		const credential = { baseUrl: `${kis.url}/relay/` };
		kis.prefix = '/relay';
		expect(await wanted({ url: `${kis.url}/uapi/x` }, credential)).toBe(false);
		expect(await wanted({ url: `${kis.url}/relay/uapi/hashkey` }, credential)).toBe(false);
		expect(await wanted({ url: `${kis.url}/relay/uapi/x` }, credential)).toBe(true);
	});

	test('not if the switch is off', async () => {
		expect(await wanted({}, { bringAuthorization: false })).toBe(false);
		expect(kis.tokensOf('quote')).toEqual([null]);
	});

	test('by a credential saved before the switch existed', async () => {
		expect(await wanted({}, { bringAuthorization: undefined })).toBe(true);
	});

	test.each(['authorization', 'Authorization', 'AUTHORIZATION', 'aUTHORIZATION'])(
		'not if there is a header %s',
		async (name) => {
			expect(await wanted({ headers: { [name]: 'Bearer of-the-user' } })).toBe(false);
			expect(kis.tokensOf('quote')).toEqual(['of-the-user']);
		},
	);

	test.each([
		'null-and-more',
		'not undefined',
		'Basic b3duOm93bg==',
		'Bearer false.positive',
		'NaNny',
	])('not if the header holds %j, which may be a token', async (value) => {
		expect(await wanted({ headers: { authorization: value } })).toBe(false);
		const [{ headers }] = kis.seen('quote');
		expect(headers.authorization).toBe(value);
	});

	test('not if the request has a login of its own', async () => {
		expect(await wanted({ auth: { username: 'one', password: 'two' } })).toBe(false);
		expect(kis.seen('quote')).toHaveLength(1);
	});

	test.each([
		'',
		' ',
		'Bearer',
		'bearer  ',
		'Bearer undefined',
		'Bearer null',
		'undefined',
		'Bearer [object Object]',
		'Bearer NaN',
		'Bearer false',
		'Bearer "null"',
		'Bearer {}',
		' , bearer',
		'Bearer {{ $json.access_token }}',
		'Bearer a-token-{{ $json.number }}',
		null,
	])('not if the header holds %j, which is an error', async (value) => {
		for (const name of ['authorization', 'Authorization']) {
			const { errors } = await quote({}, { headers: { [name]: value } });
			expect(errors).toEqual([
				{
					message: 'The request was not sent: its header authorization holds no token',
					description:
						'Leave the header out, and the KIS API credential brings a token. Or correct its expression, which gives nothing here.',
				},
			]);
		}
		expect(kis.requests).toEqual([]);
	});

	test('not if one of two spellings of the header holds none, whichever n8n would send', async () => {
		const headers = { authorization: `Bearer ${kis.mint()}`, Authorization: 'Bearer undefined' };
		const { errors } = await quote({}, { headers });
		expect(errors[0].message).toContain('holds no token');
		expect(kis.requests).toEqual([]);
	});

	test('not to another origin', async () => {
		const other = await new KisDouble(kis.keys).start();
		await quote();
		const { errors } = await quote({}, { url: other.urlOf('quote') });
		expect(errors[0].message).toContain('the request goes elsewhere. Nothing was sent');
		expect(other.requests).toEqual([]);
	});

	test('not by the test of the credential', async () => {
		const fields = { ...kis.keys, environment: 'custom', baseUrl: kis.url };
		await testCredential(new KisToken(), new KisApi(), fields);
		expect(kis.requests.map(({ line }) => line)).toEqual(['POST /oauth2/Approval HTTP/1.1']);
	});
});

test('a switch that is neither on nor off is an error', async () => {
	const { errors } = await quote({ credential: { bringAuthorization: 'no' } });
	expect(errors[0].message).toBe(
		'KIS API credential: Bring an Access Token is neither true nor false. Switch it on or off.',
	);
	expect(kis.requests).toEqual([]);
});

test('Stop ends the wait for a token', async () => {
	kis.orders.tokenP = [silence];
	const stop = new AbortController();
	const sending = quote({ helper: 'httpRequestWithAuthentication', stop: stop.signal });
	await kis.received(1);
	stop.abort();
	expect((await sending).errors[0].message).toBe(
		'The request was not sent: the execution was stopped',
	);
	expect(kis.seen('quote')).toEqual([]);
});

describe('the error for a request that gets no token', () => {
	const said = async (setup: Setup = {}) => (await order(setup)).errors[0];
	const OPTIONS =
		'Run Issue in KIS Token with other options (Requests per Second, Max Retries, Timeout): what it gets is used here too.';

	test('KIS refused', async () => {
		kis.orders.tokenP = [refusal('EGW00105', 403)];
		expect(await said()).toEqual({
			message:
				'The request was not sent: no access token was issued: KIS says that the App Secret is not valid (EGW00105)',
			description: KIS_CODES.EGW00105.todo,
		});
	});

	test('the answer was lost', async () => {
		kis.orders.tokenP = [hangUp];
		expect(await said()).toEqual({
			message:
				'The request was not sent: an access token may have been issued, and did not arrive: the connection was closed before a whole answer came',
			description:
				'Run again in a minute: KIS then gives the same one. If connections keep being closed, check the relay or proxy in between.',
		});
	});

	test('KIS keeps refusing because of the rate: the options of Issue are named', async () => {
		kis.orders.tokenP = [http(429, '{}', { 'retry-after': 3600 })];
		const error = await said();
		expect(error).toMatchObject({
			description: expect.stringMatching(
				/^The server wants no request before \S+: try again after/,
			),
		});
		expect(error).toMatchObject({ description: expect.stringContaining(`. ${OPTIONS}`) });
	});

	test('KIS keeps giving a token that cannot be used', async () => {
		kis.gives = makeToken('PSanother');
		const token = read(kis.gives);
		const [first, second] = [await said(), await said()];
		expect(second).toEqual(first);
		expect(first).toEqual({
			message: expect.stringContaining(
				`The request was not sent: KIS gave access token ${token.fingerprint.slice(0, 12)}, which says that it was issued to another app key. No other is requested before `,
			),
			description:
				'Check the relay or proxy in between: it may mix up its clients. Issue in KIS Token asks KIS right away, and what it gets is used here too.',
		});
		expect(count('tokenP', 'order')).toEqual([1, 0]);
	});

	test('nothing listens', async () => {
		const { keys, url } = { keys: kis.keys, url: kis.url };
		const target = kis.urlOf('order');
		await kis.close();
		const { errors } = await send({ keys, url }, { url: target, method: 'POST' });
		expect(errors[0].message).toBe(
			'The request was not sent: KIS could not be asked for an access token: nothing listens at the address (connection refused)',
		);
	});

	test('Custom on another machine, and no token was issued by hand', async () => {
		const credential = { baseUrl: 'https://relay.invalid' };
		const { errors } = await send(
			{ keys: kis.keys, url: kis.url },
			{ url: 'https://relay.invalid/uapi/x' },
			{ credential },
		);
		expect(errors[0]).toEqual({
			message:
				'The request was not sent: the KIS API credential has no access token that is valid, and does not ask this Custom host for one by itself',
			description:
				'Run Issue in KIS Token with this credential first. Issue in KIS Token asks KIS right away, and what it gets is used here too.',
		});
	});
});

test('two hosts of one key pair keep a token each', async () => {
	const other = await new KisDouble(kis.keys).start();
	await quote();
	await send(other, { url: other.urlOf('quote') });
	await quote();
	expect([kis.live.size, other.live.size, count('tokenP', 'quote')]).toEqual([1, 1, [1, 2]]);
	expect(other.tokensOf('quote')).toEqual([...other.live]);
});
