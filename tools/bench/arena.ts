import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { App } from '../sandbox/apps';
import { makeCertificate } from '../sandbox/certificate';
import type { CandidateName } from './candidates';
import { UNLIMITED } from './candidates/candidate';
import type { Timing } from './candidates/timed';
import { Child } from './processes/child';
import type { LocalKisProcess, Seen } from './processes/localKis';
import type { WorkerProcess } from './processes/worker';

/** One candidate, once: what it took, and what the local KIS saw of it. */
export type Run = Timing & Seen;

/** KIS's second and some more: no request of an earlier run counts any more. */
const WINDOW_MS = 1100;

interface KisConditions {
	/** Requests that the local KIS allows in any second; `null` for any number. */
	readonly limit: number | null;
}

interface Where {
	readonly url: string;
	readonly app: App;
	readonly limit: number | null;
}

/** A local KIS over TLS, and the processes in which candidates run against it. */
export class Arena {
	readonly #kis: Child<LocalKisProcess>;
	readonly #where: Where;
	/** For processes that talk to the local KIS. */
	readonly #env: NodeJS.ProcessEnv;
	readonly #workers = new Map<CandidateName, Child<WorkerProcess>>();

	private constructor(kis: Child<LocalKisProcess>, where: Where, env: NodeJS.ProcessEnv) {
		this.#kis = kis;
		this.#where = where;
		this.#env = env;
	}

	static async within<T>({ limit }: KisConditions, work: (arena: Arena) => Promise<T>): Promise<T> {
		const folder = mkdtempSync(join(tmpdir(), 'kis-bench-'));
		const removeFolder = () => rmSync(folder, { recursive: true, force: true });
		process.once('exit', removeFolder);
		try {
			const certificate = await makeCertificate();
			const trusted = join(folder, 'certificate.pem');
			writeFileSync(trusted, certificate.cert);
			return await Child.within<LocalKisProcess, T>('localKis', async (kis) => {
				const requestsPerSecond = limit ?? UNLIMITED;
				const at = await kis.ask('start', { certificate, requestsPerSecond });
				const arena = new Arena(kis, { ...at, limit }, { NODE_EXTRA_CA_CERTS: trusted });
				try {
					return await work(arena);
				} finally {
					for (const worker of arena.#workers.values()) await worker.stop();
				}
			});
		} finally {
			process.off('exit', removeFolder);
			removeFolder();
		}
	}

	/** Runs a candidate, always in the same process. */
	async run(candidate: CandidateName, tokens: number): Promise<Run> {
		const worker = this.#workers.get(candidate) ?? new Child('worker', this.#env);
		this.#workers.set(candidate, worker);
		return await this.#runIn(worker, candidate, tokens);
	}

	/** Runs a candidate in a process that has run nothing before, so many times. */
	async runInNewProcess(candidate: CandidateName, tokens: number, times = 1): Promise<Run[]> {
		const work = async (worker: Child<WorkerProcess>) => {
			const runs: Run[] = [];
			while (runs.length < times) runs.push(await this.#runIn(worker, candidate, tokens));
			return runs;
		};
		return await Child.within('worker', work, this.#env);
	}

	async #runIn(
		worker: Child<WorkerProcess>,
		candidate: CandidateName,
		count: number,
	): Promise<Run> {
		const tokens = await this.#kis.ask('mint', count);
		if (this.#where.limit !== null) await delay(WINDOW_MS);
		const timing = await worker.ask('run', { candidate, task: { ...this.#where, tokens } });
		return { ...timing, ...(await this.#kis.ask('see', tokens)) };
	}
}
