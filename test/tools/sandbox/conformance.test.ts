// The local KIS answers the requests of KIS's own Postman collection, sent as they stand there but for the host.
import { Sandbox } from '../../../tools/sandbox/server';
import { POSTMAN_REQUESTS, type PostmanRequest } from './postman';

let sandbox: Sandbox;
const environment = new Map<string, string>();
beforeAll(async () => {
	sandbox = await new Sandbox({ environment: 'paper', requestsPerSecond: 100 }).start();
	environment.set('APPKEY', sandbox.apps[0].appkey);
	environment.set('APPSECRET', sandbox.apps[0].appsecret);
});
afterAll(async () => await sandbox.stop());

const fill = (text: string) =>
	text.replace(/\{\{(\w+)\}\}/g, (_match, name: string) => environment.get(name) ?? '');

async function send({ method, path, headers, body }: PostmanRequest, change: RequestInit = {}) {
	const response = await fetch(sandbox.url + path, {
		method,
		headers: Object.entries(headers).map(([name, value]): [string, string] => [name, fill(value)]),
		body: body && fill(body),
		...change,
	});
	return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

test.each(POSTMAN_REQUESTS)('$name', async (request) => {
	const { status, json } = await send(request);
	expect(status).toBe(200);
	expect(json).toEqual(request.answer);
	if (!request.keeps) return;
	const [field, name] = request.keeps;
	environment.set(name, String(json[field]));
});

test('after them the token is dead', () => {
	expect(sandbox.kis.isKnown(environment.get('TOKEN') ?? '')).toBe(true);
	expect(sandbox.kis.isLive(environment.get('TOKEN') ?? '')).toBe(false);
});

const fieldsOf = ({ body = '{}', headers }: PostmanRequest) => [
	...Object.keys(JSON.parse(body) as object).map((field) => ['body', field] as const),
	...Object.keys(headers)
		.filter((name) => name !== 'content-type' && name !== 'tr_id')
		.map((name) => ['headers', name] as const),
];

describe('without a key, the grant type or the token it is refused', () => {
	const cases = POSTMAN_REQUESTS.filter(({ path }) => path !== '/uapi/hashkey').flatMap((request) =>
		fieldsOf(request).map(([where, field]) => ({ name: request.name, request, where, field })),
	);
	test.each(cases)('$name without $field', async ({ request, where, field }) => {
		const without = (from: object) =>
			Object.fromEntries(Object.entries(from).filter(([name]) => name !== field));
		const { body = '', headers } = request;
		const { status, json } = await send({
			...request,
			...(where === 'headers'
				? { headers: without(headers) as Record<string, string> }
				: { body: JSON.stringify(without(JSON.parse(body) as object)) }),
		});
		expect(status).toBeGreaterThanOrEqual(400);
		expect(json.error_code ?? json.msg_cd).toMatch(/^EGW\d{5}$/);
	});
});
