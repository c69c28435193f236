// Queue mode: a main process, two workers, then three, PostgreSQL and Redis. Each worker has a limiter of its own, and KIS has
// one limit: once the workers do not know of each other, and once they share it through Redis.
import { ENVIRONMENTS } from '../../kis/input/environments';
import { jsonOf } from '../../tools/n8n/api';
import { itemsOf } from '../../tools/n8n/execution';
import { chain, httpRequest, kisToken, webhook } from '../../tools/n8n/workflows';
import { makeApp } from '../../tools/sandbox/apps';
import type { Sandbox } from '../../tools/sandbox/server';
import { found } from '../support/secrets';
import { QueueMode } from './queue/queueMode';
import type { TokenSource } from './tokenSource';
import { until } from './until';

const WORKERS = 2;
const EXECUTIONS = 10;
const TOKENS_EACH = 50;
const LIMIT = ENVIRONMENTS.real.requestsPerSecond;
/** What the documentation advises. */
const SHARE = LIMIT / WORKERS;

/** One for each test: a refusal slows an app key down for a while. */
const apps = { default: makeApp(), share: makeApp(), two: makeApp(), three: makeApp() };
/** Their credentials name Redis. */
const SHARED = ['two', 'three'] as const;
let queueMode: QueueMode;

beforeAll(async () => {
	queueMode = await QueueMode.start({ apps, shared: SHARED, workflows, workers: WORKERS });
}, 600_000);
afterAll(async () => await queueMode?.stop());

function workflows(_sandbox: Sandbox, tokens: TokenSource) {
	return [
		batches(tokens, 'default', 0),
		batches(tokens, 'share', SHARE),
		...SHARED.map((id) => batches(tokens, id, 0)),
	];
}

/** A webhook that revokes the batch it is told. */
function batches(tokens: TokenSource, id: keyof typeof apps, requestsPerSecond: number) {
	const steps = [
		httpRequest('Tokens', `=${tokens.urlOf('')}{{ $json.query.batch }}`),
		kisToken('Revoke', id, {
			operation: 'revoke',
			options: { requestsPerSecond, includeDetails: true },
		}),
	];
	return chain(id, steps, webhook(id));
}

test.each<[string, keyof typeof apps, string]>([
	['without a setting', 'default', 'KIS’s limit'],
	['with Requests per Second divided by the workers', 'share', String(SHARE)],
	['two workers that share through Redis', 'two', 'KIS’s limit, Redis'],
	['three workers that share through Redis', 'three', 'KIS’s limit, Redis, three workers'],
])('%s, every token of ten concurrent executions is revoked', async (_how, id, setting) => {
	const { stage } = queueMode;
	const all = Array.from({ length: EXECUTIONS }, (_, batch) => {
		const values = Array.from(
			{ length: TOKENS_EACH },
			() => stage.sandbox.kis.mint(apps[id].appkey).value,
		);
		stage.tokens.items.set(
			`${id}${batch}`,
			values.map((access_token) => ({ access_token })),
		);
		return values;
	}).flat();
	if (id === 'three') await queueMode.startWorker();
	await queueMode.stage.api.activate(id);
	const before = stage.sandbox.calls.length;
	await Promise.all(
		Array.from({ length: EXECUTIONS }, async (_, batch) => {
			const answer = await queueMode.call(id, `?batch=${id}${batch}`);
			expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
		}),
	);
	await until(async () => (await stage.api.executionsOf(id)).length === EXECUTIONS);
	const executions = [];
	for (const execution of await stage.api.executionsOf(id)) {
		executions.push(await stage.api.ended(execution));
	}

	const calls = stage.sandbox.calls.slice(before);
	const refused = calls.filter(({ result }) => result === 'EGW00201').length;
	const seconds = ((calls.at(-1)?.at ?? 0) - calls[0].at) / 1000;
	const dead = all.filter((token) => !stage.sandbox.kis.isLive(token)).length;
	process.stdout.write(
		`| ${setting} | ${dead} of ${all.length} | ${refused} | ${calls.length} | ${seconds.toFixed(1)} |\n`,
	);

	expect(executions.map(({ status }) => status)).toEqual(Array(EXECUTIONS).fill('success'));
	const outcomes = executions.flatMap(({ run }) =>
		jsonOf(itemsOf(run, 'Revoke')).map(({ details }) => (details as { outcome: string }).outcome),
	);
	expect(outcomes).toEqual(Array(all.length).fill('revoked'));
	expect(dead).toBe(all.length);
	if (id !== 'default') expect(refused).toBe(0);
	if (isShared(id)) {
		expect(executions.flatMap(({ run }) => sharedIn(run))).toEqual(Array(all.length).fill(true));
	}
});

function isShared(id: string): boolean {
	return SHARED.some((shared) => shared === id);
}

function sharedIn(run: Parameters<typeof itemsOf>[0]): unknown[] {
	return jsonOf(itemsOf(run, 'Revoke')).map(
		({ details }) => (details as { sharedWithWorkers?: unknown }).sharedWithWorkers,
	);
}

test('Redis holds no key', () => {
	const stored = queueMode.redis.dump();
	expect(stored).toContain('kis:limit:');
	const keys = Object.values(apps).flatMap(({ appkey, appsecret }) => [appkey, appsecret]);
	expect(found(stored, keys)).toBeUndefined();
});

test('each worker did its part', () => {
	for (const worker of queueMode.workers)
		expect(worker.log).toMatch(/Worker (started|finished) execution/);
});

test('PostgreSQL holds no key', async () => {
	const dump = await queueMode.postgres.dump();
	const keys = Object.values(apps).flatMap(({ appkey, appsecret }) => [appkey, appsecret]);
	expect(dump).toContain('Revoke');
	expect(found(dump, keys)).toBeUndefined();
});
