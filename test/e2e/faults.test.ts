// Queue mode while its parts fail: a main process, two workers, PostgreSQL, Redis and KIS, one of which goes away in
// mid-batch. Then everything is revoked again, as a user would.
import { setTimeout as delay } from 'node:timers/promises';

import { meansDead } from '../../kis/reply/revokeOutcome';
import { jsonOf, type Execution } from '../../tools/n8n/api';
import { itemsOf } from '../../tools/n8n/execution';
import type { Program } from '../../tools/n8n/program';
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
import type { Fault as SandboxFault } from '../../tools/sandbox/faults';
import type { Sandbox } from '../../tools/sandbox/server';
import { found } from '../support/secrets';
import { QueueMode } from './queue/queueMode';
import {
	falseReports,
	repeatedRevokes,
	reportedBy,
	revokesIn,
	type Reported,
} from './queue/record';
import { Supervisor } from './queue/supervisor';
import type { TokenSource } from './tokenSource';
import { until } from './until';

const WORKERS = 2;
const EXECUTIONS = 10;
const TOKENS_EACH = 50;
/** One of so many is no JWT, so that "invalid" alone proves nothing of it. */
const OPAQUE_EVERY = 25;
/** How long KIS takes to answer a revoke, after it is done: whatever fails leaves some of them open. */
const ANSWER_MS = 200;
/** Of the 500 tokens, how many are revoked when something fails: another moment with FAULT_AT. */
const MID_BATCH = Number(process.env.FAULT_AT ?? 150);
/** How long an order takes: what fails meanwhile fails while its answer is outstanding. */
const ORDER_MS = 20_000;
const KIS_AWAY_MS = 30_000;
/** Longer than a worker waits for Redis before it sends on. */
const QUIET_MS = 20_000;
/** n8n takes a minute and a half to see that a worker is gone. */
const TEST_MS = 900_000;

const ISSUE = '/oauth2/tokenP';
const QUOTE = '/uapi/domestic-stock/v1/quotations/inquire-price';
const ORDER = '/uapi/domestic-stock/v1/trading/order-cash';
const LATE: SandboxFault = {
	kind: 'delay',
	delayMs: ANSWER_MS,
	processed: true,
	path: '/oauth2/revokeP',
};

const apps = {
	worker: makeApp(),
	computer: makeApp(),
	main: makeApp(),
	redis: makeApp(),
	killedRedis: makeApp(),
	postgres: makeApp(),
	killedPostgres: makeApp(),
	kis: makeApp(),
};
type Name = keyof typeof apps;
const NAMES = Object.keys(apps) as Name[];

let queueMode: QueueMode;
let supervisor: Supervisor;

interface Fault {
	readonly what: string;
	/** @param worker The one that waits for the answer to an order. */
	readonly strike: (worker: Program) => Promise<void>;
}

const FAULTS: Readonly<Record<Name, Fault>> = {
	worker: {
		what: 'kill -9 of a worker, which is started again',
		strike: async (worker) => await worker.kill(),
	},
	computer: {
		what: 'kill -9 of a worker and loss of its files, another one is started',
		strike: async (worker) => await supervisor.lose(worker),
	},
	main: {
		what: 'kill -9 of main, which is started again',
		async strike() {
			const { n8n } = queueMode.stage;
			await n8n.main?.kill();
			await n8n.start();
		},
	},
	redis: {
		what: 'Redis is restarted, empty',
		strike: async () => await queueMode.redis.restart('SIGTERM'),
	},
	killedRedis: {
		what: 'kill -9 of Redis, which is started again, empty',
		strike: async () => await queueMode.redis.restart('SIGKILL'),
	},
	postgres: {
		what: 'PostgreSQL is restarted',
		strike: async () => await queueMode.postgres.restart('SIGINT'),
	},
	killedPostgres: {
		what: 'kill -9 of PostgreSQL, which is started again',
		strike: async () => await queueMode.postgres.restart('SIGKILL'),
	},
	kis: {
		what: 'KIS is away for 30 s',
		async strike() {
			const { sandbox } = queueMode.stage;
			await sandbox.stop();
			await delay(KIS_AWAY_MS);
			await sandbox.start();
		},
	},
};

beforeAll(async () => {
	queueMode = await QueueMode.start({
		apps,
		shared: NAMES,
		workflows: (sandbox, tokens) => NAMES.flatMap((name) => workflowsOf(name, sandbox, tokens)),
		workers: 0,
	});
	supervisor = new Supervisor(queueMode);
	while (queueMode.workers.length < WORKERS) await supervisor.add();
}, 600_000);
afterAll(async () => {
	supervisor?.dismiss();
	await queueMode?.stop();
});

function workflowsOf(name: Name, sandbox: Sandbox, tokens: TokenSource): WorkflowFile[] {
	const order = { ...AS_ORDER, options: { response: { response: { neverError: true } } } };
	const revoke = [
		httpRequest('Tokens', `=${tokens.urlOf('')}{{ $json.query.batch }}`),
		kisToken(
			'Revoke',
			name,
			{ operation: 'revoke', options: { includeDetails: true } },
			{ onError: 'continueRegularOutput' },
		),
	];
	return [
		chain(`revoke-${name}`, revoke, webhook(`revoke-${name}`)),
		chain(`quote-${name}`, [requestWith(name, sandbox.url + QUOTE)], webhook(`quote-${name}`)),
		chain(
			`order-${name}`,
			[requestWith(name, sandbox.url + ORDER, order)],
			webhook(`order-${name}`),
		),
	];
}

/** Quotes until each worker has asked for one. */
async function quoteOnEachWorker(name: Name): Promise<void> {
	const served = new Set<Program>();
	while ((await supervisor.ready()).some((worker) => !served.has(worker))) {
		const [{ id, status, run }] = await queueMode.ended(await queueMode.begin(`quote-${name}`));
		expect([status, run.resultData.error?.message]).toEqual(['success', undefined]);
		expect(jsonOf(itemsOf(run, 'Request'))).toEqual([expect.objectContaining({ rt_cd: '0' })]);
		for (const worker of queueMode.thatBegan(id)) served.add(worker);
	}
}

/** Gives each execution its tokens, and KIS one more: the one that it gives whoever asks for one. */
function mint(name: Name): { readonly batches: string[]; readonly tokens: Map<string, string> } {
	const { sandbox, tokens: source } = queueMode.stage;
	const tokens = new Map<string, string>();
	const batches = Array.from({ length: EXECUTIONS }, (_, batch) => {
		const items = Array.from({ length: TOKENS_EACH }, (_one, i) => {
			const form = i % OPAQUE_EVERY === 0 ? 'opaque' : 'named';
			const { value } = sandbox.kis.mint(apps[name].appkey, undefined, form);
			tokens.set(fingerprint(value), value);
			return { access_token: value };
		});
		source.items.set(`${name}${batch}`, items);
		return `?batch=${name}${batch}`;
	});
	sandbox.kis.mint(apps[name].appkey);
	return { batches, tokens };
}

/** Once Redis has come back empty, n8n may call executions crashed whose workers go on with them. */
async function nothingIsSent(): Promise<void> {
	const { calls } = queueMode.stage.sandbox;
	for (let before = -1; before !== calls.length; await delay(QUIET_MS)) before = calls.length;
}

const callsOf = (name: Name, since = 0) =>
	queueMode.stage.sandbox.calls.slice(since).filter(({ appkey }) => appkey === apps[name].appkey);
const callsTo = (path: string, name: Name) => callsOf(name).filter((call) => call.path === path);

const outcomes = (reports: readonly Reported[]) => reports.map(({ outcome }) => outcome);
const reportsOf = (executions: readonly Execution[]): Reported[] =>
	executions.flatMap(({ run }) => jsonOf(itemsOf(run, 'Revoke')).map(reportedBy));

function count(things: readonly string[]): string {
	const counts = new Map<string, number>();
	for (const thing of things) counts.set(thing, (counts.get(thing) ?? 0) + 1);
	return [...counts].map(([thing, times]) => `${times} ${thing}`).join(', ');
}

test.each(NAMES.map((name) => [FAULTS[name].what, name] as const))(
	'%s in mid-batch: nothing false is said, and nothing is sent twice',
	async (what, name) => {
		const { sandbox } = queueMode.stage;
		const { batches, tokens } = mint(name);
		const isLive = (token: string) => sandbox.kis.isLive(tokens.get(token) ?? '');
		const live = () => [...tokens.keys()].filter(isLive);
		for (const id of ['revoke', 'quote', 'order'])
			await queueMode.stage.api.activate(`${id}-${name}`);
		await quoteOnEachWorker(name);

		const since = sandbox.calls.length;
		sandbox.faults.push(...Array<SandboxFault>(tokens.size).fill(LATE));
		const revoking = await queueMode.begin(`revoke-${name}`, batches);
		await until(() => revokesIn(callsOf(name, since)).size >= MID_BATCH);
		sandbox.faults.push({ kind: 'delay', delayMs: ORDER_MS, processed: true, path: ORDER });
		const ordering = await queueMode.begin(`order-${name}`);
		await until(() => callsTo(ORDER, name).length > 0);
		await until(() => queueMode.thatBegan(ordering[0]).length > 0);
		await FAULTS[name].strike(queueMode.thatBegan(ordering[0])[0]);
		await supervisor.ready();
		const executions = await queueMode.ended([...revoking, ...ordering]);
		if (executions.some(({ status }) => status === 'crashed')) await nothingIsSent();
		sandbox.faults.length = 0;

		const said = reportsOf(executions);
		const calls = callsOf(name, since);
		const dead = tokens.size - live().length;
		const falsehoods = falseReports(said, calls, isLive);

		const sinceAgain = sandbox.calls.length;
		const again = await queueMode.ended(await queueMode.begin(`revoke-${name}`, batches));
		const saidAgain = reportsOf(again);
		const callsAgain = callsOf(name, sinceAgain);
		const isWhole = ({ tokenFingerprint }: Reported) => tokens.get(tokenFingerprint)?.includes('.');
		const whole = saidAgain.filter(isWhole);
		const opaque = saidAgain.filter((one) => !isWhole(one));
		await quoteOnEachWorker(name);
		const issues = callsTo(ISSUE, name).length;
		const orders = callsTo(ORDER, name).length;
		const refused = calls.filter(({ result }) => result === 'EGW00201').length;
		const cells = [
			what,
			count(executions.slice(0, EXECUTIONS).map(({ status }) => status)),
			`${count(outcomes(said))}; ${dead} dead`,
			`${count(outcomes(whole))}; no JWT: ${count(outcomes(opaque))}`,
			`${orders}, ${executions[EXECUTIONS].status}`,
			issues,
			refused,
		];
		process.stdout.write(`| ${cells.join(' | ')} |\n`);

		expect(orders).toBe(1);
		// n8n runs nothing a second time.
		for (const id of [...revoking, ...ordering]) expect(queueMode.thatBegan(id)).toHaveLength(1);
		expect(falsehoods).toEqual([]);
		expect(repeatedRevokes(calls)).toEqual([]);
		expect(falseReports(saidAgain, callsAgain, isLive)).toEqual([]);
		expect(repeatedRevokes(callsAgain)).toEqual([]);
		expect(again.map(({ status }) => status)).toEqual(Array(EXECUTIONS).fill('success'));
		expect(live()).toEqual([]);
		expect(new Set(saidAgain.map(({ tokenFingerprint }) => tokenFingerprint))).toEqual(
			new Set(tokens.keys()),
		);
		expect(outcomes(whole).filter((outcome) => !meansDead(outcome))).toEqual([]);
		expect(issues).toBeLessThanOrEqual(2);
		const kept = sandbox.kis.tokensOf(apps[name].appkey).at(-1)?.value ?? '';
		expect(sandbox.kis.isLive(kept)).toBe(true);
		expect(callsTo(QUOTE, name).at(-1)?.tokenFingerprint).toBe(fingerprint(kept));
	},
	TEST_MS,
);

test('nothing is sent when n8n has ended, and no log holds a key or a token', async () => {
	const { sandbox, n8n } = queueMode.stage;
	const before = sandbox.calls.length;
	supervisor.dismiss();
	await n8n.stop();
	expect(sandbox.calls).toHaveLength(before);
	const secrets = Object.values(apps).flatMap(({ appkey, appsecret }) => [
		appkey,
		appsecret,
		...sandbox.kis.tokensOf(appkey).map(({ value }) => value),
	]);
	expect(found(n8n.log, secrets)).toBeUndefined();
});
