import type { RateLimiter } from '../rateLimit/rateLimiter';

/** Enough for 3,200 requests a second where answers take 20 ms: more than one n8n process sends. */
const MAX_WORKERS = 64;
/** Started where needed however quick the answers are: while one is read, others are on their way. */
const FEW_WORKERS = 8;
/** The cap at first. It grows by one with each finished token: the first answers may be unusually slow. */
const WORKERS_AT_FIRST = 16;
/** What one batch can send. By Little's law, this times the answer time is how many requests are then under way. */
const MOST_REQUESTS_PER_SECOND = 2000;

/** The workers of a batch, one for each connection: one at first, and more as they are needed. */
export class Workers {
	/** How many wait for a permit, or for the answer to a question. */
	waiting = 0;
	/** How many wait to try again. */
	retrying = 0;
	/** How many tokens they have finished. */
	finished = 0;
	readonly #limiter: RateLimiter;
	readonly #work: () => Promise<void>;
	readonly #hasMore: () => boolean;
	#running = 0;
	#isAlone = true;
	#resolve: () => void = () => {};
	#reject: (reason: unknown) => void = () => {};

	/**
	 * @param work Takes tokens until none is left.
	 * @param hasMore Whether a token is left that no worker has taken.
	 */
	constructor(limiter: RateLimiter, work: () => Promise<void>, hasMore: () => boolean) {
		this.#limiter = limiter;
		this.#work = work;
		this.#hasMore = hasMore;
	}

	/** Resolves when all workers are done; rejects as soon as one fails. */
	async run(): Promise<void> {
		await new Promise<void>((resolve, reject) => {
			this.#resolve = resolve;
			this.#reject = reject;
			this.#start();
		});
	}

	/** Lets others join the first worker, which was alone until KIS was heard so that a bad key pair costs one call. */
	noteHeard(): void {
		if (!this.#isAlone) return;
		this.#isAlone = false;
		this.startIfNeeded();
	}

	/** Starts another worker if tokens are left, none of the others waits, and the cap allows it. */
	startIfNeeded(): void {
		const { maxConcurrent, shortestAnswerTime } = this.#limiter;
		const underWay = Math.ceil((MOST_REQUESTS_PER_SECOND * shortestAnswerTime) / 1000);
		const most = Math.min(
			MAX_WORKERS,
			maxConcurrent,
			WORKERS_AT_FIRST + this.finished,
			// Where some have to try again, others may have to.
			this.retrying > 0 ? FEW_WORKERS : Math.max(FEW_WORKERS, underWay),
		);
		const isNeeded = !this.#isAlone && this.waiting === 0 && this.#hasMore();
		if (isNeeded && this.#running < most) this.#start();
	}

	#start(): void {
		this.#running++;
		const onDone = () => {
			if (--this.#running === 0) this.#resolve();
		};
		this.#work().then(onDone, this.#reject);
	}
}
