import type { RateLimiter } from '../rateLimit/rateLimiter';

/** Enough for 3,200 requests a second where answers take 20 ms: more than one n8n process sends. */
const MAX_SENDERS = 64;
/** Started where needed however quick the answers are: while one is read, others are on their way. */
const FEW_SENDERS = 8;
/** The cap at first. It grows by one with each finished token: the first answers may be unusually slow. */
const SENDERS_AT_FIRST = 16;
/** What one batch can send. By Little's law, this times the answer time is how many requests are then under way. */
const MOST_REQUESTS_PER_SECOND = 2000;

/** The senders of a batch, one for each connection: one at first, and more as they are needed. */
export class Senders {
	readonly #limiter: RateLimiter;
	#untaken = 0;
	#finished = 0;
	#waiting = 0;
	#retrying = 0;
	#running = 0;
	#isAlone = true;
	#start = () => {};

	constructor(limiter: RateLimiter) {
		this.#limiter = limiter;
	}

	/** How many tokens no sender has taken yet. */
	get untaken(): number {
		return this.#untaken;
	}

	/**
	 * Resolves when all senders are done; rejects as soon as one fails.
	 *
	 * @param work What each sender does: takes tokens until there is none.
	 */
	async run<T>(
		tokens: ReadonlyMap<string, T>,
		work: (take: () => T | null) => Promise<void>,
	): Promise<void> {
		const queue = tokens.values();
		const take = () => {
			const { done, value } = queue.next();
			if (done) return null;
			this.#untaken--;
			return value;
		};
		this.#untaken = tokens.size;
		await new Promise<void>((resolve, reject) => {
			const onDone = () => {
				if (--this.#running === 0) resolve();
			};
			this.#start = () => {
				this.#running++;
				work(take).then(onDone, reject);
			};
			this.#start();
		});
	}

	/** Counts a sender as waiting, for a permit or for the answer to a question, until `wait` has ended in whatever way. */
	async whileWaiting<T>(wait: Promise<T>): Promise<T> {
		this.#waiting++;
		try {
			return await wait;
		} finally {
			this.#waiting--;
		}
	}

	/** Counts a sender as waiting to try again until `wait` has ended. */
	async whileRetrying<T>(wait: Promise<T>): Promise<T> {
		this.#retrying++;
		try {
			return await wait;
		} finally {
			this.#retrying--;
		}
	}

	/** A token has its outcome. */
	noteFinished(): void {
		this.#finished++;
		this.noteHeard();
	}

	/** Lets others join the first sender, which was alone until KIS was heard so that a bad key pair costs one call. */
	noteHeard(): void {
		if (!this.#isAlone) return;
		this.#isAlone = false;
		this.startIfNeeded();
	}

	/** Starts another sender if tokens are left, none of the others waits, and the cap allows it. */
	startIfNeeded(): void {
		const { maxConcurrent, shortestAnswerTime } = this.#limiter;
		const underWay = Math.ceil((MOST_REQUESTS_PER_SECOND * shortestAnswerTime) / 1000);
		const most = Math.min(
			MAX_SENDERS,
			maxConcurrent,
			SENDERS_AT_FIRST + this.#finished,
			// Where some have to try again, others may have to.
			this.#retrying > 0 ? FEW_SENDERS : Math.max(FEW_SENDERS, underWay),
		);
		const isNeeded = !this.#isAlone && this.#waiting === 0 && this.#untaken > 0;
		if (isNeeded && this.#running < most) this.#start();
	}
}
