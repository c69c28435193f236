// Tried: `__proto__`, `constructor` and `prototype` as keys of items and options, as tokens, as claims of a token, as fields and
// codes of KIS's answer, and as the environment; and a process whose Object.prototype is already polluted, so that an empty
// answer seems to confirm and a token without an owner seems to be one's own. Afterwards no prototype has changed.
import type { IDataObject } from 'n8n-workflow';

import { makeApp } from '../../tools/sandbox/apps';
import { attack, fieldsOf } from '../support/attack';
import { closeServers, CONFIRMATION, http, refusal, startServer } from '../support/scriptedServer';
import { makeJwt, makeOpaqueToken } from '../support/tokens';
import { outcomes, tokenItems } from '../support/workflow';

const prototypes = [Object, Array, Function, String, Number, Promise, Map, Error].map(
	({ prototype }) => prototype as object,
);
const shape = () => prototypes.map((prototype) => Reflect.ownKeys(prototype));
const untouched = shape();
afterEach(() => expect(shape()).toEqual(untouched));
afterEach(closeServers);

const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];
const POISON = '{"polluted":true,"access_token":"lent","code":200,"message":"lent"}';
const poisoned = [
	`{"__proto__":${POISON}}`,
	`{"constructor":{"prototype":${POISON}}}`,
	`{"__proto__":{"__proto__":${POISON}}}`,
];

test.each(['continueRegularOutput', 'continueErrorOutput', 'stopWorkflow'] as const)(
	'as keys of items, under %s',
	async (onError) => {
		const server = await startServer({ answer: () => CONFIRMATION });
		const input = poisoned.flatMap((text) => [
			JSON.parse(text) as IDataObject,
			{ ...(JSON.parse(text) as IDataObject), access_token: makeOpaqueToken() },
		]);
		const run = await attack(server.url, { input, onError });
		expect(server.requests).toHaveLength(3);
		const succeeded = run.items.filter(({ json }) => json.code === '200');
		expect(succeeded).toHaveLength(onError === 'stopWorkflow' ? 0 : 3);
	},
);

test('as tokens', async () => {
	const server = await startServer({
		answer: (request) => (fieldsOf(request).token === NAMES[0] ? CONFIRMATION : http(403, '{}')),
	});
	const run = await attack(server.url, { input: tokenItems(...NAMES) });
	expect(outcomes(run.items)).toEqual(['unknown', ...NAMES.slice(1).map(() => 'rejected')]);
	expect(server.requests.map((request) => fieldsOf(request).token).sort()).toEqual(NAMES.sort());
});

test('as claims of a token, which then says nothing of itself', async () => {
	const app = makeApp();
	const server = await startServer({ answer: () => refusal('EGW00121') });
	const claims = `{"jti":"${app.appkey}","exp":9999999999}`;
	const tokens = [`{"__proto__":${claims}}`, `{"constructor":{"prototype":${claims}}}`].flatMap(
		(payload) => [makeJwt(payload), makeJwt(claims, `{"__proto__":{"alg":"HS512"}}`)],
	);
	const run = await attack(server.url, { input: tokenItems(...tokens) }, app);
	expect(outcomes(run.items)).toEqual(Array(4).fill('rejected'));
});

describe('in an answer', () => {
	test.each([
		...poisoned,
		'{"__proto__":{"rt_cd":"0"}}',
		'{"__proto__":null}',
		...NAMES.map((name) => JSON.stringify({ error_code: name, error_description: name })),
		...NAMES.map((name) => JSON.stringify({ code: name, message: name })),
		...NAMES.map((name) => `{"${name}":{"code":200,"message":"x","rt_cd":"0"}}`),
	])('%s neither confirms nor belongs to a refusal', async (body) => {
		await expectOutcomes(body, { 200: 'unknown', 403: 'rejected' });
	});

	test('a code that is an object contradicts a refusal too', async () => {
		const body = '{"code":{"__proto__":200},"message":"x"}';
		await expectOutcomes(body, { 200: 'unknown', 403: 'unknown' });
	});

	async function expectOutcomes(body: string, byStatus: Record<number, string>): Promise<void> {
		for (const [status, outcome] of Object.entries(byStatus)) {
			const server = await startServer({ answer: () => http(Number(status), body) });
			const run = await attack(server.url, { input: tokenItems(makeOpaqueToken()) });
			expect(outcomes(run.items)).toEqual([outcome]);
		}
	}
});

test.each(NAMES)('%s is neither an environment nor an option', async (name) => {
	const server = await startServer({ answer: () => CONFIRMATION });
	const input = tokenItems('the-token-of-an-attack');
	const credential = { environment: name };
	const options = { alreadyInvalid: name };
	for (const setup of [{ credential }, { options }]) {
		expect(outcomes((await attack(server.url, { input, ...setup })).items)).toEqual(['notSent']);
	}
	expect(server.connections).toBe(0);
});

test('among the options', async () => {
	const server = await startServer({ answer: () => CONFIRMATION });
	for (const text of poisoned) {
		const options = JSON.parse(text) as Record<string, string>;
		await attack(server.url, { input: tokenItems(makeOpaqueToken()), options });
	}
	expect(server.requests).toHaveLength(3);
});

describe('a prototype that is polluted already', () => {
	afterEach(() => {
		for (const name of ['rt_cd', 'jti']) delete (Object.prototype as Record<string, unknown>)[name];
	});
	const pollute = (name: string, value: string) =>
		Object.defineProperty(Object.prototype, name, { value, configurable: true });

	test('lends no confirmation to an empty answer', async () => {
		pollute('rt_cd', '0');
		const server = await startServer({ answer: () => http(200, '{}') });
		const run = await attack(server.url, { input: tokenItems(makeOpaqueToken()) });
		expect(outcomes(run.items)).toEqual(['unknown']);
	});

	test('lends no owner to a token that names none', async () => {
		const app = makeApp();
		pollute('jti', app.appkey);
		const server = await startServer({ answer: () => refusal('EGW00121') });
		const run = await attack(server.url, { input: tokenItems(makeJwt({})) }, app);
		expect(outcomes(run.items)).toEqual(['rejected']);
	});
});
