import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { App } from '../sandbox/apps';
import { makeCertificate } from '../sandbox/certificate';
import type { CandidateName } from './candidates';
import type { Timing } from './candidates/timed';
import { Child } from './processes/child';
import type { LocalKisProcess, Seen } from './processes/localKis';
import type { WorkerProcess } from './processes/worker';

/** One candidate, once: what it took, and what KIS saw of it. */
export type Run = Timing & Seen;

const NO_LIMIT = 1_000_000;
/** Afterwards no request of an earlier run counts any more. */
const WINDOW_MS = 1100;

/** A local KIS over TLS and the candidates, each in a process of its own that stays, as n8n does. */
export class Arena {
	readonly #workers = new Map<CandidateName, Child<WorkerProcess>>();

	private constructor(
		private readonly kis: Child<LocalKisProcess>,
		private readonly at: { readonly url: string; readonly app: App },
		private readonly limit: number | null,
		private readonly env: NodeJS.ProcessEnv,
	) {}

	/** @param limit Requests that KIS allows in any second; `null` for any number. */
	static async within<T>(limit: number | null, work: (arena: Arena) => Promise<T>): Promise<T> {
		const folder = await mkdtemp(join(tmpdir(), 'kis-bench-'));
		const kis = new Child<LocalKisProcess>('localKis.ts');
		let arena: Arena | undefined;
		try {
			const certificate = await makeCertificate();
			const trusted = join(folder, 'certificate.pem');
			await writeFile(trusted, certificate.cert);
			const at = await kis.ask('start', { certificate, requestsPerSecond: limit ?? NO_LIMIT });
			arena = new Arena(kis, at, limit, { NODE_EXTRA_CA_CERTS: trusted });
			return await work(arena);
		} finally {
			await arena?.stopWorkers();
			await kis.stop();
			await rm(folder, { recursive: true });
		}
	}

	/** Runs a candidate, always in the same process. */
	async run(candidate: CandidateName, tokens: number): Promise<Run> {
		let worker = this.#workers.get(candidate);
		if (!worker) {
			worker = this.newWorker();
			this.#workers.set(candidate, worker);
		}
		return await this.runIn(worker, candidate, tokens);
	}

	/** Runs a candidate in a process that has run nothing before. */
	async runFresh(candidate: CandidateName, tokens: number): Promise<Run> {
		const [run] = await this.runsOfFresh(candidate, tokens, 1);
		return run;
	}

	/** The first runs of a process. */
	async runsOfFresh(candidate: CandidateName, tokens: number, times: number): Promise<Run[]> {
		const worker = this.newWorker();
		try {
			const runs: Run[] = [];
			while (runs.length < times) runs.push(await this.runIn(worker, candidate, tokens));
			return runs;
		} finally {
			await worker.stop();
		}
	}

	private newWorker(): Child<WorkerProcess> {
		return new Child('worker.ts', this.env);
	}

	private async runIn(
		worker: Child<WorkerProcess>,
		candidate: CandidateName,
		count: number,
	): Promise<Run> {
		const tokens = await this.kis.ask('mint', count);
		await this.kis.ask('see', []);
		if (this.limit !== null) await delay(WINDOW_MS);
		const task = { ...this.at, tokens, unlimited: this.limit === null };
		const timing = await worker.ask('run', { candidate, task });
		return { ...timing, ...(await this.kis.ask('see', tokens)) };
	}

	private async stopWorkers(): Promise<void> {
		for (const worker of this.#workers.values()) await worker.stop();
	}
}
