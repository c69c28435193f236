// The token that the credential brings, in queue mode, where the workers share it through Redis: a hundred executions that
// need one, a revoke in the midst of them, and a worker that is killed while KIS answers.
import { setTimeout as delay } from 'node:timers/promises';

import type { Execution } from '../../tools/n8n/api';
import { chain, kisToken, requestWith, webhook } from '../../tools/n8n/workflows';
import { fingerprint, makeApp, type App } from '../../tools/sandbox/apps';
import type { Sandbox } from '../../tools/sandbox/server';
import { found } from '../support/secrets';
import { QueueMode } from './queue/queueMode';
import { until } from './until';

const EXECUTIONS = 100;
const QUOTES = 30;
/** KIS issues once in so long. */
const MINUTE_MS = 60_000;
const QUOTE = '/uapi/domestic-stock/v1/quotations/inquire-price';
const TOKEN = '/oauth2/tokenP';
const REVOKE = '/oauth2/revokeP';

const RACES = ['race0', 'race1', 'race2', 'race3'];
const apps = Object.fromEntries(['hundred', ...RACES, 'killed'].map((id) => [id, makeApp()]));
let queueMode: QueueMode;

beforeAll(async () => {
	queueMode = await QueueMode.start({
		apps,
		shared: Object.keys(apps),
		workflows,
		workers: 2,
		// The limit is no subject here: a computer that stalls must not make KIS refuse.
		requestsPerSecond: 1000,
	});
	for (const id of Object.keys(apps)) await queueMode.stage.api.activate(`quote-${id}`);
	for (const id of RACES) await queueMode.stage.api.activate(`revoke-${id}`);
}, 600_000);
afterAll(async () => await queueMode?.stop());

function workflows(sandbox: Sandbox) {
	const request = (id: string) =>
		requestWith(id, sandbox.url + QUOTE, {
			sendHeaders: true,
			headerParameters: { parameters: [{ name: 'tr_id', value: 'FHKST01010100' }] },
		});
	const quote = (id: string) => chain(`quote-${id}`, [request(id)], webhook(`quote-${id}`));
	const revoke = (id: string) => {
		const parameters = { operation: 'revoke', tokenSource: 'credential' };
		return chain(`revoke-${id}`, [kisToken('Revoke', id, parameters)], webhook(`revoke-${id}`));
	};
	const byHand = chain('by-hand', [request('hundred')]);
	return [...Object.keys(apps).map(quote), ...RACES.map(revoke), byHand];
}

/** What the sandbox saw of a path, by app. */
const seen = (path: string, { appkey }: App) =>
	queueMode.stage.sandbox.calls.filter(
		(call) => call.appkey === appkey && call.path.split('?')[0] === path,
	);
const quote = async (id: string, count: number) =>
	await Promise.all(Array.from({ length: count }, async () => await queueMode.call(`quote-${id}`)));

/** Waits until all executions of a workflow have ended. */
async function ended(id: string, count: number): Promise<Execution[]> {
	const { api } = queueMode.stage;
	await until(async () => (await api.executionsOf(id)).length >= count);
	const executions = [];
	for (const execution of await api.executionsOf(id)) executions.push(await api.ended(execution));
	return executions;
}

/** Why executions failed, each reason once. */
const failures = (executions: readonly Execution[]) => [
	...new Set(executions.flatMap(({ run }) => run.resultData.error?.message ?? [])),
];

test('a hundred executions on two workers that need a token get one issue', async () => {
	await quote('hundred', EXECUTIONS);
	const executions = await ended('quote-hundred', EXECUTIONS);
	expect(failures(executions)).toEqual([]);
	expect(seen(TOKEN, apps.hundred)).toHaveLength(1);
	expect(new Set(seen(QUOTE, apps.hundred).map((call) => call.result)).size).toBe(1);
	for (const worker of queueMode.workers) expect(worker.log).toMatch(/Worker finished execution/);
});

test('a manual execution that is sent to a worker, as n8n 3 always does, uses the same token', async () => {
	const { id, run } = await queueMode.stage.api.run('by-hand');
	expect(run.resultData.error?.message).toBeUndefined();
	expect(queueMode.thatBegan(id)).toHaveLength(1);
	expect(seen(TOKEN, apps.hundred)).toHaveLength(1);
	expect(new Set(seen(QUOTE, apps.hundred).map((call) => call.tokenFingerprint)).size).toBe(1);
});

test('no request goes out with a token after its revoke on another worker is confirmed', async () => {
	let confirm = () => {};
	const confirmed = new Promise<void>((resolve) => (confirm = resolve));
	const fault = { kind: 'delay', path: REVOKE, processed: true, until: confirmed } as const;
	queueMode.stage.sandbox.faults.push(...RACES.map(() => fault));
	await Promise.all(
		RACES.map(async (id) => {
			await quote(id, 1);
			await ended(`quote-${id}`, 1);
			const quotes = quote(id, QUOTES);
			await until(() => seen(QUOTE, apps[id]).length > 5);
			await queueMode.call(`revoke-${id}`);
			await until(() => seen(REVOKE, apps[id]).length > 0);
			// What was let through before the revoke began arrives meanwhile, however slow the workers are.
			await quotes;
			await ended(`quote-${id}`, 1 + QUOTES);
		}),
	);
	const sent = RACES.map((id) => seen(QUOTE, apps[id]).length);
	confirm();
	const late = RACES.map(async (id, race) => {
		await ended(`revoke-${id}`, 1);
		await quote(id, QUOTES);
		await ended(`quote-${id}`, 1 + 2 * QUOTES);
		const [revoked] = seen(REVOKE, apps[id]);
		expect(revoked).toMatchObject({ result: '200' });
		expect(seen(TOKEN, apps[id]).filter(({ result }) => result === '200').length).toBeLessThan(3);
		const quotes = seen(QUOTE, apps[id]);
		expect(revoked.tokenFingerprint).toBe(quotes[0].tokenFingerprint);
		return quotes
			.slice(sent[race])
			.filter(({ tokenFingerprint }) => tokenFingerprint === revoked.tokenFingerprint);
	});
	expect((await Promise.all(late)).flat()).toEqual([]);
}, 400_000);

test('a worker that is killed while KIS answers: the other waits for the minute, and issues once', async () => {
	const { stage, workers } = queueMode;
	const before = workers.map(({ log }) => log.length);
	stage.sandbox.faults.push({ kind: 'delay', path: TOKEN, delayMs: 30_000, processed: true });
	await quote('killed', 1);
	await until(() => seen(TOKEN, apps.killed).length === 1);
	const asking = workers.findIndex(({ log }, i) =>
		log.slice(before[i]).includes('Worker started execution'),
	);
	await workers[asking].kill();
	workers.splice(asking, 1);
	const [survivor] = workers;
	const from = survivor.log.length;
	// n8n's queue may give one of them to the worker that is gone.
	const count = (what: 'started' | 'finished') =>
		survivor.log.slice(from).split(`Worker ${what} execution`).length - 1;
	await quote('killed', 10);
	// Longer than `until` waits.
	await delay(MINUTE_MS);
	await until(
		() => count('finished') > 0 && count('finished') === count('started'),
		() => survivor.log.slice(-3000),
	);
	expect(seen(QUOTE, apps.killed)).toHaveLength(count('started'));
	const issues = seen(TOKEN, apps.killed);
	expect(issues.map(({ result }) => result)).toEqual(['200', '200']);
	expect(issues[1].at - issues[0].at).toBeGreaterThanOrEqual(MINUTE_MS);
	expect(new Set(seen(QUOTE, apps.killed).map(({ result }) => result)).size).toBe(1);
}, 400_000);

test('Redis holds neither key nor token', async () => {
	const stored = queueMode.redis.dump();
	expect(stored).toContain('kis:kept:');
	const { kis } = queueMode.stage.sandbox;
	const secrets = Object.values(apps).flatMap(({ appkey, appsecret }) => {
		const { access_token } = kis.answer({
			method: 'POST',
			path: TOKEN,
			headers: {},
			body: JSON.stringify({ grant_type: 'client_credentials', appkey, appsecret }),
		}).json as { access_token?: string };
		return [appkey, appsecret, access_token ?? appkey];
	});
	expect(found(stored, secrets)).toBeUndefined();
	expect(secrets.map(fingerprint).filter((name) => stored.includes(name))).toEqual([]);
});
