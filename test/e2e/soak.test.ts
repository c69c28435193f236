// One execution a second on a real n8n: each issues a token, asks for a quote, orders, and revokes the token. Beside it, on
// another n8n, the same calls without this package. What does each n8n hold and use, after a while and at the end?
import { renderTable } from '../../tools/bench/report';
import type { WorkflowFile } from '../../tools/n8n/server';
import {
	AS_ORDER,
	chain,
	httpRequest,
	kisToken,
	requestWith,
	webhook,
} from '../../tools/n8n/workflows';
import { fingerprint, makeApp } from '../../tools/sandbox/apps';
import type { Sandbox } from '../../tools/sandbox/server';
import { FIGURES, Soaked } from './soak/soaked';
import { until } from './until';

const MINUTE_MS = 60_000;
const MINUTES = Number(process.env.SOAK_MINUTES ?? 60);
const LENGTH_MS = MINUTES * MINUTE_MS;
/** Nothing counts before; then the first window begins. The last one ends with the run. */
const WARM_UP_MS = LENGTH_MS / 12;
const WINDOW_MS = LENGTH_MS / 6;
const SAMPLE_MS = Math.max(1000, LENGTH_MS / 360);
/** KIS issues once a minute for each app key. Some more, since an execution may be late. */
const APPS = 72;

const TOKEN = '/oauth2/tokenP';
const QUOTE = '/uapi/domestic-stock/v1/quotations/inquire-price';
const ORDER = '/uapi/domestic-stock/v1/trading/order-cash';
const REVOKE = '/oauth2/revokeP';

const apps = Object.fromEntries(
	Array.from({ length: APPS }, (_, number) => [`app-${number}`, makeApp()]),
);
const NAMES = Object.keys(apps);

/** Local KIS does not know orders. */
const order = { ...AS_ORDER, options: { response: { response: { neverError: true } } } };
/** With what the last step gave out. */
const ANSWERS = { responseMode: 'lastNode' };
const issued = "{{ $('Issue').first().json.access_token }}";

function withPackage(name: string, { url }: Sandbox): WorkflowFile {
	const steps = [
		kisToken('Issue', name, { operation: 'issue' }),
		{ ...requestWith(name, url + QUOTE), name: 'Quote' },
		{ ...requestWith(name, url + ORDER, order), name: 'Order' },
		kisToken('Revoke', name, { operation: 'revoke', token: `=${issued}` }),
	];
	return chain(name, steps, webhook(name, ANSWERS));
}

function withoutPackage(name: string, { url }: Sandbox): WorkflowFile {
	const { appkey, appsecret } = apps[name];
	const post = (body: object) => ({
		method: 'POST',
		sendBody: true,
		specifyBody: 'json',
		jsonBody: `=${JSON.stringify(body)}`,
	});
	const headers = { authorization: `=Bearer ${issued}`, appkey, appsecret };
	const asUser = {
		sendHeaders: true,
		headerParameters: {
			parameters: Object.entries(headers).map(([header, value]) => ({ name: header, value })),
		},
	};
	const grant = { grant_type: 'client_credentials', appkey, appsecret };
	const steps = [
		httpRequest('Issue', url + TOKEN, { parameters: post(grant) }),
		httpRequest('Quote', url + QUOTE, { parameters: asUser }),
		httpRequest('Order', url + ORDER, { parameters: { ...order, ...asUser } }),
		httpRequest('Revoke', url + REVOKE, { parameters: post({ appkey, appsecret, token: issued }) }),
	];
	return chain(name, steps, webhook(name, ANSWERS));
}

let soaked: readonly Soaked[];
let begin: number;

beforeAll(async () => {
	const settings = { apps, sampleMs: SAMPLE_MS };
	// One after the other: on two cores both together take longer than n8n waits for itself.
	const first = await Soaked.start({ ...settings, workflow: withPackage });
	soaked = [first];
	soaked = [first, await Soaked.start({ ...settings, workflow: withoutPackage })];
	begin = Date.now();
}, 1_200_000);
afterAll(async () => {
	for (const one of soaked ?? []) await one.stop();
});

/** Says how it goes, so that an hour is not without a word. */
function sayHowItGoes(): void {
	const now = Date.now();
	const windows = soaked.map((one) => one.figures(now - WARM_UP_MS, now));
	const figures = Object.entries(FIGURES).map(
		([name, { show }]) => `${name}: ${windows.map((window) => show(window[name])).join(' / ')}`,
	);
	const minutes = ((now - begin) / MINUTE_MS).toFixed(1);
	process.stdout.write(
		`after ${minutes} minutes (with / without the package): ${figures.join(', ')}\n`,
	);
}

/** The first window and the last one. */
function windowsOf(one: Soaked) {
	const end = begin + LENGTH_MS;
	return {
		first: one.figures(begin + WARM_UP_MS, begin + WARM_UP_MS + WINDOW_MS),
		last: one.figures(end - WINDOW_MS, end),
	};
}

function sayWhatCameOut(): void {
	const heads = ['at the start', 'at the end', 'ratio'];
	const rows = Object.entries(FIGURES).map(([name, { show }]) => [
		name,
		...soaked.map(windowsOf).flatMap(({ first, last }) => {
			const ratio = first[name] === 0 ? '' : (last[name] / first[name]).toFixed(2);
			return [show(first[name]), show(last[name]), ratio];
		}),
	]);
	const head = ['', ...heads, ...heads.map((text) => `${text}, without the package`)];
	process.stdout.write(`${renderTable({ head, rows })}\n`);
	for (const { runs, stage } of soaked) {
		const { calls, connections } = stage.sandbox;
		process.stdout.write(
			`${runs.length} executions, ${calls.length} requests, ${connections} connections\n`,
		);
	}
}

test(
	`an execution a second, for ${MINUTES} minutes`,
	async () => {
		const saying = setInterval(sayHowItGoes, WARM_UP_MS);
		await Promise.all(soaked.map(async (one) => await one.run(LENGTH_MS / 1000)));
		clearInterval(saying);
		sayWhatCameOut();
	},
	LENGTH_MS + 10 * MINUTE_MS,
);

describe.each([
	['with the package', 0],
	['without it', 1],
])('%s', (_what, which) => {
	const callsTo = (path: string) =>
		soaked[which].stage.sandbox.calls.filter((call) => call.path === path);

	test('no execution fails', () => {
		expect(soaked[which].runs.flatMap(({ failure }) => failure ?? [])).toEqual([]);
	});

	test.each([
		[TOKEN, '200'],
		[QUOTE, 'MCA00000'],
		[ORDER, '404'],
		[REVOKE, '200'],
	])('each sends one request to %s, and KIS answers %s', (path, result) => {
		const calls = callsTo(path);
		expect(calls).toHaveLength(soaked[which].runs.length);
		expect(calls.filter((call) => call.result !== result)).toEqual([]);
	});

	test('each has its own token, and it is dead', () => {
		const { kis } = soaked[which].stage.sandbox;
		const tokens = NAMES.flatMap((name) => kis.tokensOf(apps[name].appkey));
		const ordered = new Set(callsTo(ORDER).map(({ tokenFingerprint }) => tokenFingerprint));
		expect(ordered).toEqual(new Set(tokens.map(({ value }) => fingerprint(value))));
		expect(ordered.size).toBe(soaked[which].runs.length);
		expect(tokens.filter(({ value }) => kis.isLive(value))).toEqual([]);
	});

	test('what is held does not grow', () => {
		const { first, last } = windowsOf(soaked[which]);
		const grown = Object.entries(FIGURES).filter(
			([name, { mayGrowBy = Infinity }]) => last[name] - first[name] > mayGrowBy,
		);
		expect(grown).toEqual([]);
	});

	test('no connection is left when n8n has ended', async () => {
		const { n8n, sandbox } = soaked[which].stage;
		await n8n.stop();
		await until(() => sandbox.sockets.size === 0);
	});
});
