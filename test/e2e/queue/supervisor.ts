import type { Program } from '../../../tools/n8n/program';
import type { QueueMode } from './queueMode';

/** Starts another worker for each that ends. */
export class Supervisor {
	readonly #queueMode: QueueMode;
	/** Of each place, its worker, when it is ready. */
	readonly #places: Array<Promise<Program>> = [];
	readonly #lost = new Set<Program>();
	#computers = 0;
	#isDismissed = false;

	constructor(queueMode: QueueMode) {
		this.#queueMode = queueMode;
	}

	/** Starts one more worker. */
	async add(): Promise<void> {
		this.#fill(this.#places.length);
		await this.ready();
	}

	/** All workers, as soon as they are ready for executions. */
	async ready(): Promise<Program[]> {
		return await Promise.all(this.#places);
	}

	/** Ends a worker with all that it has stored, as when its computer fails. Another one takes its place. */
	async lose(worker: Program): Promise<void> {
		this.#lost.add(worker);
		await worker.kill();
	}

	/** Starts none from now on. */
	dismiss(): void {
		this.#isDismissed = true;
	}

	#fill(place: number, computer = `worker-${++this.#computers}`): void {
		const worker = this.#start(place, computer);
		// Whoever waits until it is ready is told.
		worker.catch(() => {});
		this.#places[place] = worker;
	}

	async #start(place: number, computer: string): Promise<Program> {
		const worker = await this.#queueMode.startWorker({
			// Of a file of its own. A worker that is started again reads there what it has left unfinished.
			N8N_EVENTBUS_LOGWRITER_LOGBASENAME: computer,
		});
		void worker.ended.then(() => {
			if (!this.#isDismissed) this.#fill(place, this.#lost.has(worker) ? undefined : computer);
		});
		return worker;
	}
}
