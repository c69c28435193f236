// The token that the credential brings, on one server, whose clock is set forward: its whole life, its death elsewhere,
// other keys and addresses, many concurrent executions, and orders whose answers go wrong.

import { jsonOf, type Execution } from '../../tools/n8n/api';
import { Clock } from '../../tools/n8n/clock';
import { readDatabase, readDatabaseFiles, readOtherFiles } from '../../tools/n8n/database';
import { itemsOf } from '../../tools/n8n/execution';
import type { WorkflowFile } from '../../tools/n8n/server';
import { AS_ORDER, chain, credentialFor, kisToken, requestWith } from '../../tools/n8n/workflows';
import { fingerprint, makeApp, type App } from '../../tools/sandbox/apps';
import { Sandbox } from '../../tools/sandbox/server';
import { found } from '../support/secrets';
import { Stage } from './stage';
import { until } from './until';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** KIS gives the same token again for a quarter of that. */
const LIFE_MS = HOUR_MS;

const apps = {
	hours: makeApp(),
	issue: makeApp(),
	inspect: makeApp(),
	revoke: makeApp(),
	again: makeApp(),
	sixHours: makeApp(),
	switched: makeApp(),
	other: makeApp(),
	burst: makeApp(),
	orders: makeApp(),
	answers: makeApp(),
};
type Name = keyof typeof apps;

const WRONG_SECRET = makeApp().appsecret;

const QUOTE = '/uapi/domestic-stock/v1/quotations/inquire-price';
const ORDER = '/uapi/domestic-stock/v1/trading/order-cash';
const TOKEN = '/oauth2/tokenP';
const REVOKE = '/oauth2/revokeP';
/** KIS's own text of EGW00121. */
const INVALID = '유효하지 않은 token 입니다.';
/** Ways to ask for an answer that n8n's HTTP Request node takes as a stream, unless the credential prevents it. */
const IN_FORMAT = {
	file: { options: { response: { response: { responseFormat: 'file' } } } },
	'file, with headers': {
		options: { response: { response: { responseFormat: 'file', fullResponse: true } } },
	},
	'Raw and JSON': {
		...AS_ORDER,
		contentType: 'raw',
		rawContentType: 'application/json',
		body: AS_ORDER.jsonBody,
		options: { response: { response: { responseFormat: 'json' } } },
	},
	'Raw and text': {
		...AS_ORDER,
		contentType: 'raw',
		rawContentType: 'application/json',
		body: AS_ORDER.jsonBody,
		options: { response: { response: { responseFormat: 'text' } } },
	},
} as const;
const ANSWERED = [expect.objectContaining({ rt_cd: '0' })];

let stage: Stage;
let clock: Clock;
/** At another address, with the keys of one app. */
let elsewhere: Sandbox;

beforeAll(async () => {
	clock = await Clock.create();
	elsewhere = await new Sandbox({ apps: [apps.switched], now: clock.now }).start();
	stage = await Stage.start({
		apps,
		workflows,
		clock,
		tokenLifeMs: LIFE_MS,
		// The limit is no subject here: a computer that stalls must not make KIS refuse.
		requestsPerSecond: 1000,
		env: { N8N_LOG_LEVEL: 'debug' },
	});
});
afterAll(async () => {
	await elsewhere?.stop();
	await stage?.stop();
});

afterEach(() => {
	stage.sandbox.faults.length = 0;
	stage.sandbox.kis.switches.issueAfterRevoke = 'newToken';
});

function workflows(sandbox: Sandbox): WorkflowFile[] {
	const request = (name: Name, url: string, parameters = {}) =>
		requestWith(name, url, {
			sendHeaders: true,
			headerParameters: { parameters: [{ name: 'tr_id', value: 'FHKST01010100' }] },
			...parameters,
		});
	const order = { ...AS_ORDER, options: { timeout: 1000 } };
	const token = (name: Name, operation: string, more = {}) =>
		chain(`${operation} ${name}`, [kisToken('Token', name, { operation, ...more })]);
	const ofEach = (Object.keys(apps) as Name[]).flatMap((name) => [
		chain(`quote ${name}`, [request(name, sandbox.url + QUOTE)]),
		token(name, 'issue'),
		token(name, 'inspect', { tokenSource: 'credential', askKis: true }),
		token(name, 'revoke', { tokenSource: 'credential' }),
	]);
	return [
		...ofEach,
		...Object.entries(IN_FORMAT).map(([name, parameters]) =>
			chain(name, [
				request('answers', sandbox.url + ('method' in parameters ? ORDER : QUOTE), parameters),
			]),
		),
		chain('order', [request('orders', sandbox.url + ORDER, order)]),
		chain('quote elsewhere', [request('switched', elsewhere.url + QUOTE)]),
		// A token that Issue gives out is stored with the execution, unless the workflow says otherwise.
		...(['issue', 'again'] as const).map((name) => ({
			...token(name, 'issue'),
			id: `unstored ${name}`,
			settings: {
				saveManualExecutions: false,
				saveDataSuccessExecution: 'none' as const,
				saveDataErrorExecution: 'none' as const,
			},
		})),
	];
}

/** What the sandbox saw of a path, by app. */
const seen = (path: string, { appkey }: App) =>
	stage.sandbox.calls.filter((call) => call.appkey === appkey && call.path.split('?')[0] === path);
const results = (path: string, app: App) => seen(path, app).map(({ result }) => result);
const counts = (name: Name) => {
	const [issues, quotes, revokes] = [TOKEN, QUOTE, REVOKE].map(
		(path) => seen(path, apps[name]).length,
	);
	return { issues, quotes, revokes };
};

const orders = () => seen(ORDER, apps.orders);

const quote = async (name: Name) => await stage.api.run(`quote ${name}`);
const expectQuote = ({ run }: Execution) => {
	expect(run.resultData.error?.message).toBeUndefined();
	expect(jsonOf(itemsOf(run, 'Request'))).toEqual(ANSWERED);
};
const saysOf = ({ run }: Execution) => {
	const { message, description } = run.resultData.error ?? {};
	return [message, description].join('\n');
};

/** Another program revokes what n8n keeps. */
function revokeElsewhere(name: Name): void {
	const token = stage.sandbox.kis.tokensOf(apps[name].appkey).at(-1)?.value ?? '';
	stage.sandbox.kis.answer({
		method: 'POST',
		path: REVOKE,
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ ...apps[name], token }),
	});
	expect(stage.sandbox.kis.isLive(token)).toBe(false);
}

const DEAD =
	/^The request was not sent: KIS gave access token [0-9a-f]{12}, which is dead\. No other is requested before 20.*\n.*Issue in KIS Token asks KIS right away/s;

/** The same, and KIS gives it again: requests say so, without a loop. */
async function revokeElsewhereForGood(name: Name): Promise<void> {
	stage.sandbox.kis.switches.issueAfterRevoke = 'sameToken';
	revokeElsewhere(name);
	await clock.advance(11 * MINUTE_MS);
	for (let i = 0; i < 5; i++) expect(saysOf(await quote(name))).toMatch(DEAD);
	// One quote was to know whether it lives, one issue to get another, and that was all.
	expect(counts(name)).toEqual({ issues: 2, quotes: 2, revokes: 0 });
}

/** Runs Issue in a workflow of which n8n stores nothing. */
async function issueUnstored(name: 'issue' | 'again'): Promise<void> {
	const id = await stage.api.start(`unstored ${name}`);
	await until(async () => (await stage.api.call('GET', `/executions/${id}`)) === undefined);
}

async function change(
	data: Partial<App & Record<'environment' | 'baseUrl', string>>,
): Promise<void> {
	const credential = credentialFor(stage.sandbox, apps.switched, 'switched');
	await stage.api.call('PATCH', '/credentials/switched', {
		...credential,
		data: { ...credential.data, ...data },
	});
}

test('hours on one server: one issue for each life, before its end, and no quote is refused', async () => {
	for (let minute = 0; minute < 200; minute += 9) {
		expectQuote(await quote('hours'));
		await clock.advance(9 * MINUTE_MS);
	}
	// A night without executions.
	await clock.advance(8 * HOUR_MS);
	expectQuote(await quote('hours'));
	// Four of 54 minutes each, and one after the night.
	expect(results(TOKEN, apps.hours)).toEqual(Array(5).fill('200'));
	expect(new Set(results(QUOTE, apps.hours))).toEqual(new Set(['MCA00000']));
	const lives = stage.sandbox.kis.tokensOf(apps.hours.appkey);
	const early = lives.slice(1, -1).map(({ issuedAt }, i) => lives[i].expiresAt - issuedAt);
	for (const milliseconds of early) {
		expect(milliseconds).toBeGreaterThan(0);
		expect(milliseconds).toBeLessThanOrEqual(0.1 * LIFE_MS);
	}
});

test('20 concurrent executions and no token yet: one issue, and each has its quote', async () => {
	stage.sandbox.faults.push({ kind: 'delay', delayMs: 4000, processed: true, path: TOKEN });
	const executions = await Promise.all(
		Array.from({ length: 20 }, async () => await quote('burst')),
	);
	for (const execution of executions) expectQuote(execution);
	expect(results(TOKEN, apps.burst)).toEqual(['200']);
	expect(results(QUOTE, apps.burst)).toEqual(Array(20).fill('MCA00000'));
});

describe('a token that was revoked elsewhere', () => {
	test.each<['issue' | 'inspect' | 'revoke', () => Promise<void>]>([
		['issue', async () => await issueUnstored('issue')],
		[
			'inspect',
			async () => {
				const { run } = await stage.api.run('inspect inspect');
				expect(jsonOf(itemsOf(run, 'Token'))).toMatchObject([
					{ alive: false, reason: expect.stringContaining('EGW00121') },
				]);
			},
		],
		[
			'revoke',
			async () => {
				const { run } = await stage.api.run('revoke revoke');
				expect(jsonOf(itemsOf(run, 'Token'))).toMatchObject([{ outcome: 'alreadyInvalid' }]);
			},
		],
	])(
		'within ten minutes KIS refuses it, nothing is issued, and %s is a way out',
		async (name, wayOut) => {
			expectQuote(await quote(name));
			revokeElsewhere(name);
			await clock.advance(2 * MINUTE_MS);
			for (let i = 0; i < 3; i++) expect(saysOf(await quote(name))).toContain(INVALID);
			expect(counts(name)).toEqual({ issues: 1, quotes: 4, revokes: 0 });
			await wayOut();
			expectQuote(await quote(name));
			expect(results(TOKEN, apps[name])).toEqual(['200', '200']);
		},
	);

	test('later the credential asks KIS first, and gets another one', async () => {
		await clock.advance(2 * MINUTE_MS);
		revokeElsewhere('issue');
		await clock.advance(11 * MINUTE_MS);
		const { issues } = counts('issue');
		expectQuote(await quote('issue'));
		expect(results(TOKEN, apps.issue).slice(issues)).toEqual(['200']);
		expect(results(QUOTE, apps.issue).slice(-2)).toEqual(['EGW00121', 'MCA00000']);
	});

	test('where KIS gives it again, that is said, nothing more is sent, and Issue is a way out', async () => {
		expectQuote(await quote('again'));
		await revokeElsewhereForGood('again');
		for (const [operation, says, calls] of [
			['issue', /cannot be used: it is dead.* until 20/, { issues: 3, quotes: 2, revokes: 0 }],
			['inspect', /"alive":false/, { issues: 3, quotes: 3, revokes: 0 }],
			['revoke', /"outcome":"alreadyInvalid"/, { issues: 3, quotes: 3, revokes: 1 }],
		] as const) {
			const execution = await stage.api.run(`${operation} again`);
			const given = JSON.stringify(jsonOf(itemsOf(execution.run, 'Token')));
			expect(saysOf(execution) + given).toMatch(says);
			expect(saysOf(await quote('again'))).toMatch(DEAD);
			expect(counts('again')).toEqual(calls);
		}
		// KIS gives another one now.
		await clock.advance(6 * MINUTE_MS);
		expect(saysOf(await quote('again'))).toMatch(DEAD);
		await issueUnstored('again');
		expectQuote(await quote('again'));
		expect(counts('again')).toEqual({ issues: 4, quotes: 4, revokes: 1 });
	});

	test('where KIS gives it again, the credential asks for another one after six hours', async () => {
		expectQuote(await quote('sixHours'));
		await revokeElsewhereForGood('sixHours');
		await clock.advance(5.8 * HOUR_MS);
		expect(saysOf(await quote('sixHours'))).toMatch(DEAD);
		expect(counts('sixHours').issues).toBe(2);
		await clock.advance(0.2 * HOUR_MS);
		expectQuote(await quote('sixHours'));
		expect(counts('sixHours').issues).toBe(3);
	});
});

describe('the credential is changed while n8n runs', () => {
	test('another key pair: nothing goes out with the old keys or their token', async () => {
		expectQuote(await quote('switched'));
		const before = stage.sandbox.calls.length;
		await change(apps.other);
		for (let i = 0; i < 2; i++) expectQuote(await quote('switched'));
		const calls = stage.sandbox.calls.slice(before);
		expect(calls.map(({ path, result }) => `${path} ${result}`)).toEqual([
			`${TOKEN} 200`,
			`${QUOTE} MCA00000`,
			`${QUOTE} MCA00000`,
		]);
		const [token] = stage.sandbox.kis.tokensOf(apps.other.appkey);
		expect(new Set(calls.map(({ appkey }) => appkey))).toEqual(new Set([apps.other.appkey]));
		expect(calls.slice(1).map(({ tokenFingerprint }) => tokenFingerprint)).toEqual(
			Array(2).fill(fingerprint(token.value)),
		);
	});

	test('another secret: the token of the old one is not used', async () => {
		const before = stage.sandbox.calls.length;
		await change({ ...apps.other, appsecret: WRONG_SECRET });
		expect(saysOf(await quote('switched'))).toMatch(/no access token was issued: .*EGW00105/s);
		expect(stage.sandbox.calls.slice(before).map(({ path }) => path)).toEqual([TOKEN]);
	});

	test('another Base URL: it alone is called, with a token of its own', async () => {
		const before = stage.sandbox.calls.length;
		await change({ baseUrl: elsewhere.url });
		expect(saysOf(await quote('switched'))).toContain(
			`it is for ${elsewhere.url} only, and the request goes elsewhere. Nothing was sent.`,
		);
		expect(elsewhere.calls).toEqual([]);
		expectQuote(await stage.api.run('quote elsewhere'));
		expect(elsewhere.calls.map(({ path, result }) => `${path} ${result}`)).toEqual([
			`${TOKEN} 200`,
			`${QUOTE} MCA00000`,
		]);
		expect(stage.sandbox.calls).toHaveLength(before);
	});

	test('another environment: nothing goes to the old address', async () => {
		const before = [stage.sandbox.calls.length, elsewhere.calls.length];
		await change({ environment: 'paper' });
		for (const workflow of ['quote switched', 'quote elsewhere']) {
			expect(saysOf(await stage.api.run(workflow))).toContain('the request goes elsewhere');
		}
		expect([stage.sandbox.calls.length, elsewhere.calls.length]).toEqual(before);
	});

	test('back again: what was kept for it serves', async () => {
		const { issues } = counts('switched');
		await change({});
		expectQuote(await quote('switched'));
		expect(counts('switched').issues).toBe(issues);
	});
});

test.each(Object.keys(IN_FORMAT))('an answer as %s arrives', async (format) => {
	// Nothing that looks like a part of a token when n8n stores a file in base64.
	const answer = { kind: 'raw', status: 200, body: '{"x":[71500]}' } as const;
	stage.sandbox.faults.push({ ...answer, path: ORDER }, { ...answer, path: QUOTE });
	const { run } = await stage.api.run(format);
	expect(run.resultData.error?.message).toBeUndefined();
	const [{ json, binary }] = itemsOf(run, 'Request');
	if (format.startsWith('file')) expect(binary?.data.fileExtension).toBe('json');
	else expect(json).toEqual(format.endsWith('JSON') ? { x: [71500] } : { data: answer.body });
});

describe('an order', () => {
	test.each([
		['answered 401', { kind: 'raw', status: 401, body: '{}' }],
		[
			'answered 401 with a challenge',
			{ kind: 'raw', status: 401, headers: { 'www-authenticate': 'Basic' } },
		],
		['answered 500', { kind: 'raw', status: 500, body: '{"rt_cd":"1","msg_cd":"","msg1":""}' }],
		['answered with EGW00121', { kind: 'refuse', code: 'EGW00121', shape: 'uapi' }],
		['reset after it was processed', { kind: 'reset', processed: true }],
		['closed after it was processed', { kind: 'close', processed: true }],
		['answered too late', { kind: 'delay', delayMs: 3000, processed: true }],
	] as const)('that is %s arrives once', async (_name, fault) => {
		const before = orders().length;
		stage.sandbox.faults.push({ ...fault, path: ORDER });
		const execution = await stage.api.run('order');
		expect(execution.status).toBe('error');
		expect(orders().length - before).toBe(1);
	});
});

describe('what is left when n8n has ended', () => {
	const tokensOf = (appkey: string) =>
		[stage.sandbox, elsewhere].flatMap(({ kis }) => kis.tokensOf(appkey).map(({ value }) => value));
	const secrets = () => [
		WRONG_SECRET,
		...Object.values<App>(apps).flatMap(({ appkey, appsecret }) => [
			appkey,
			appsecret,
			...tokensOf(appkey),
		]),
	];

	beforeAll(async () => await stage.n8n.stop());

	test('no order has arrived since, and none has asked for another token', () => {
		expect(orders()).toHaveLength(7);
		expect(results(TOKEN, apps.orders)).toEqual(['200']);
	});

	test('no table holds a token or a key', async () => {
		const database = JSON.stringify(await readDatabase(stage.n8n));
		expect(database).toContain('71500');
		expect(found(database, secrets())).toBeUndefined();
	});

	test('nor do the bytes of the database', async () => {
		expect(found(await readDatabaseFiles(stage.n8n), secrets())).toBeUndefined();
	});

	test('nor does a file or the log', async () => {
		const texts = `${stage.n8n.log}\n${await readOtherFiles(stage.n8n)}`;
		expect(texts).toContain('debug');
		expect(found(texts, secrets())).toBeUndefined();
	});
});
