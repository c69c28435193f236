// Tried: items that are not plain data: getters that throw, proxies, cycles, objects without a prototype, `json` that is not
// an object; and tokens of every type, by value and by expression: symbols, BigInts, functions, dates, boxed strings,
// promises, and objects whose conversion to text throws, lies or counts. One item must not harm another, and nothing but
// text is ever sent.
import type { INodeExecutionData } from 'n8n-workflow';

import { attack, fieldsOf } from '../support/attack';
import { closeServers, CONFIRMATION, startServer } from '../support/scriptedServer';
import { found, withoutInput } from '../support/secrets';
import { makeOpaqueToken } from '../support/tokens';
import { outcomes, tokenItems } from '../support/workflow';

afterEach(closeServers);

const SECRET = makeOpaqueToken();
const fail = (): never => {
	throw new Error(SECRET);
};
// n8n itself fails on an item that throws for every key, before the node runs.
const failForToken = (_target: object, name: unknown) =>
	name === 'access_token' ? fail() : undefined;
const item = (json: unknown) => ({ json }) as INodeExecutionData;
const token = (value: unknown) => item({ access_token: value });
const getter = (get: () => unknown) =>
	item(Object.defineProperty({}, 'access_token', { get, enumerable: true }));

function cycle(): object {
	const ring: Record<string, unknown> = { access_token: {} };
	ring.access_token = ring;
	return ring;
}

const ITEMS: ReadonlyArray<[string, () => INodeExecutionData]> = [
	['a getter that throws', () => getter(fail)],
	['a getter that gives no text', () => getter(() => ({ SECRET }))],
	['a proxy that throws', () => item(new Proxy({}, { get: failForToken }))],
	['a cycle', () => item(cycle())],
	['nothing', () => item(undefined)],
	['a text', () => item(SECRET)],
	['a list', () => item([SECRET])],
	['a symbol', () => token(Symbol(SECRET))],
	['a big number', () => token(123456789012345678901234567890n)],
	['a function', () => token(() => SECRET)],
	['a date', () => token(new Date(0))],
	['a date that is none', () => token(new Date(NaN))],
	['a boxed text', () => token(new String(SECRET))],
	['a list of one token', () => token([SECRET])],
	['bytes', () => token(Buffer.from(SECRET))],
	['a promise', () => token(Promise.resolve(SECRET))],
	['a map', () => token(new Map([['token', SECRET]]))],
	['toString', () => token({ toString: () => SECRET })],
	['toString that throws', () => token({ toString: fail })],
	['valueOf that throws', () => token({ valueOf: fail, [Symbol.toPrimitive]: fail })],
	['toJSON that throws', () => token({ toJSON: fail })],
	['a number that is none', () => token(NaN)],
	['a regular expression', () => token(/x/)],
];

test.each(ITEMS)(
	'an item that is or holds %s leaves the others as they are',
	async (_name, make) => {
		const server = await startServer({ answer: () => CONFIRMATION });
		const [one, other] = [makeOpaqueToken(), makeOpaqueToken()];
		const run = await attack(server.url, { emit: () => [token(one), make(), token(other)] });
		const sent = server.requests.map((request) => fieldsOf(request).token);
		expect(sent.sort()).toEqual([one, other].sort());
		expect(outcomes(run.items)).toEqual(['revoked', 'notSent', 'revoked']);
		expect(found(withoutInput(run), [SECRET])).toBeUndefined();
	},
);

test.each([
	'Symbol($json.access_token)',
	'123n',
	'[$json.access_token]',
	'({ token: $json.access_token })',
	'new Date()',
	'() => $json.access_token',
	'Promise.resolve($json.access_token)',
	'new String($json.access_token)',
	'({ toString: () => $json.access_token })',
	'({ get token() { throw new Error($json.access_token) } })',
	'$json',
	'$input',
	'$',
	'NaN',
	'true',
	'undefined',
	'null',
	'JSON.parse($json.access_token)',
	'this',
	'globalThis',
	'$json.access_token.constructor.constructor("return process")()',
])('an expression that gives %s sends nothing', async (expression) => {
	const server = await startServer({ answer: () => CONFIRMATION });
	const input = tokenItems(SECRET);
	for (const onError of ['continueRegularOutput', 'stopWorkflow'] as const) {
		const run = await attack(server.url, { input, token: `={{ ${expression} }}`, onError });
		expect(found(withoutInput(run), [SECRET])).toBeUndefined();
		if (run.error) expect(run.error.description).toContain('notSent');
		else expect(outcomes(run.items)).toEqual(['notSent']);
	}
	expect(server.connections).toBe(0);
});

test('an item that changes while it is read is read once', async () => {
	const server = await startServer({ answer: () => CONFIRMATION });
	let reads = 0;
	const changing = getter(() => `the-token-of-an-attack-${reads++}`);
	const run = await attack(server.url, { emit: () => [changing] });
	expect(outcomes(run.items)).toEqual(['revoked']);
	expect(server.requests).toHaveLength(1);
});
