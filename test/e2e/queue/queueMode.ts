import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { Execution } from '../../../tools/n8n/api';
import { freePort, type Program } from '../../../tools/n8n/program';
import type { WorkflowFile } from '../../../tools/n8n/server';
import type { App } from '../../../tools/sandbox/apps';
import type { Sandbox } from '../../../tools/sandbox/server';
import { CleanUp } from '../cleanUp';
import { Stage } from '../stage';
import type { TokenSource } from '../tokenSource';
import { Postgres, Redis } from './services';

const POLL_MS = 500;
/** Holds nothing up when the tests have ended. */
const pause = async () => await delay(POLL_MS, undefined, { ref: false });
const NOT_ENDED = ['new', 'running', 'waiting', 'unknown'];

interface Options {
	readonly apps: Readonly<Record<string, App>>;
	/** Of these, the ones whose credentials name Redis. */
	readonly shared: readonly string[];
	readonly workflows: (sandbox: Sandbox, tokens: TokenSource) => readonly WorkflowFile[];
	readonly workers: number;
	/** Of the local KIS, instead of the real one's. */
	readonly requestsPerSecond?: number;
}

/** n8n in queue mode: a main process, workers, PostgreSQL and Redis. */
export class QueueMode {
	readonly workers: Program[] = [];

	private constructor(
		readonly stage: Stage,
		readonly postgres: Postgres,
		readonly redis: Redis,
		readonly cleanUp: CleanUp,
	) {}

	/** Leaves nothing behind if it fails half way. */
	static async start(options: Options): Promise<QueueMode> {
		const { apps, shared, workers } = options;
		return await CleanUp.onFailure(async (cleanUp) => {
			const postgres = await Postgres.start();
			cleanUp.add(async () => await postgres.stop());
			const redis = await Redis.start();
			cleanUp.add(async () => await redis.stop());
			const redisUrl = `redis://127.0.0.1:${redis.port}/1?prefix=kis:`;
			const withRedis = Object.fromEntries(shared.map((id) => [id, { ...apps[id], redisUrl }]));
			const stage = await Stage.start({
				...options,
				apps: { ...apps, ...withRedis },
				env: {
					...postgres.env,
					...redis.env,
					EXECUTIONS_MODE: 'queue',
					// n8n 3 knows nothing else.
					OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true',
					// n8n 1 would run again what a killed worker has left. n8n 2 never does, and has no such setting.
					QUEUE_WORKER_MAX_STALLED_COUNT: process.env.QUEUE_WORKER_MAX_STALLED_COUNT ?? '0',
					// Minutes, instead of three hours, until it sees that an execution has ended whose end it could not store.
					N8N_EXECUTIONS_QUEUE_RECOVERY_INTERVAL: '1',
					N8N_ENCRYPTION_KEY: randomBytes(24).toString('hex'),
				},
			});
			cleanUp.add(async () => await stage.stop());
			const queueMode = new QueueMode(stage, postgres, redis, cleanUp);
			for (let started = 0; started < workers; started++) await queueMode.startWorker();
			return queueMode;
		});
	}

	/** @param env Beside what every worker needs. */
	async startWorker(env: NodeJS.ProcessEnv = {}): Promise<Program> {
		const health = await freePort();
		const worker = await this.stage.n8n.spawn(['worker', '--concurrency=10'], {
			QUEUE_HEALTH_CHECK_ACTIVE: 'true',
			QUEUE_HEALTH_CHECK_PORT: String(health),
			...env,
		});
		await worker.until(
			async () => (await fetch(`http://127.0.0.1:${health}/healthz/readiness`)).ok,
		);
		this.workers.push(worker);
		return worker;
	}

	/** Calls the webhook of a workflow, which begins an execution on some worker. */
	async call(id: string, query = ''): Promise<Response> {
		return await fetch(`${this.stage.n8n.url}/webhook/${id}${query}`);
	}

	/** Calls the webhook of a workflow once with each query, at the same time. @returns The executions that begin by that. */
	async begin(id: string, queries: readonly string[] = ['']): Promise<string[]> {
		const before = new Set(await this.stage.api.executionsOf(id));
		await Promise.all(queries.map(async (query) => await this.call(id, query)));
		for (;;) {
			const begun = (await this.stage.api.executionsOf(id)).filter((one) => !before.has(one));
			if (begun.length === queries.length) return begun;
			await pause();
		}
	}

	/** Which workers have begun an execution; one that did so twice is named twice. */
	thatBegan(executionId: string): Program[] {
		const began = new RegExp(`Worker started execution ${executionId} `, 'g');
		return this.workers.flatMap((worker) => [...worker.log.matchAll(began)].map(() => worker));
	}

	/** Waits until n8n says of each execution how it ended, however long that takes, and its queue is empty. */
	async ended(executions: readonly string[]): Promise<Execution[]> {
		const { api } = this.stage;
		const hasEnded = async (id: string) => {
			const { status } = await api.call('GET', `/executions/${id}`);
			return !NOT_ENDED.includes(String(status));
		};
		const allHave = async () => (await Promise.all(executions.map(hasEnded))).every(Boolean);
		// The server may be away.
		while (this.redis.queued > 0 || !(await allHave().catch(() => false))) await pause();
		return await Promise.all(executions.map(async (id) => await api.ended(id)));
	}

	async stop(): Promise<void> {
		await this.cleanUp.run();
	}
}
