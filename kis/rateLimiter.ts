/** KIS counts the requests of any second, not of a calendar second. */
const WINDOW_MS = 1000;
/** Below one request a second the window is longer; this is the lowest rate that anyone may ask for. */
export const MIN_REQUESTS_PER_SECOND = 0.1;
/** By then a request that was given up has arrived, if it ever does: on a connection that the server had just closed, say. */
const LATE_ARRIVAL_MS = 250;
const LONGEST_WINDOW_MS = WINDOW_MS / MIN_REQUESTS_PER_SECOND;
/** How long it takes from no rate at all back to the whole one. */
const RECOVERY_MS = 60 * 1000;
/** A rate that grows frees slots without any request ending. */
const LOOK_AGAIN_MS = 250;

/** A place in the window, held from before a request is sent until one window after it ended. */
export interface Slot {
	/**
	 * The request has ended.
	 *
	 * @param mayArrive It was not answered, so that it may still be on its way.
	 */
	release(mayArrive?: boolean): void;
}

interface Waiter {
	grant(slot: Slot | null): void;
}

/**
 * Keeps what runs at once below a number of requests in any second.
 *
 * KIS counts arrivals, which a client cannot see. An answer comes after its request's arrival, so a slot that is free
 * again one second after its *answer* can never be too early; spacing by the time of sending was measured to overrun.
 * What was not answered counts a little later than it ended.
 * Where KIS counts more than is sent from here, others share its limit, or it is lower: the rate is halved, and grows
 * back slowly.
 * `n` requests take at least `floor((n − 1) / rate)` seconds.
 */
export class RateLimiter {
	readonly #rates = new Map<object, number>();
	readonly #waiting: Waiter[] = [];
	/** When requests ended, oldest first, on the monotonic clock. */
	#ended: number[] = [];
	#tidyAt = 1000;
	#underWay = 0;
	#heldUntil = 0;
	/** Of the rate, what was left to this process, and since when it has been growing. */
	#share = { left: 1, since: 0 };
	#timer: NodeJS.Timeout | null = null;

	/** Someone takes part, at most at `requestsPerSecond`; the lowest rate of all who take part applies. */
	join(member: object, requestsPerSecond: number): void {
		this.#rates.set(member, requestsPerSecond);
	}

	leave(member: object): void {
		this.#rates.delete(member);
		this.#serve();
	}

	/** Nobody takes part and nothing is remembered that would slow the next one down. */
	isIdle(now = performance.now()): boolean {
		const lastEnd = this.#ended.at(-1) ?? -Infinity;
		const slowedUntil = Math.max(lastEnd + LONGEST_WINDOW_MS, this.#heldUntil);
		return this.#rates.size === 0 && slowedUntil <= now && this.#shareAt(now) === 1;
	}

	/** Waits for a slot, first come first served; `null` if `stop` is aborted first. */
	async acquire(stop: AbortSignal): Promise<Slot | null> {
		if (stop.aborted) return null;
		return await new Promise((resolve) => {
			const onStop = () => {
				this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
				waiter.grant(null);
				this.#serve();
			};
			const waiter: Waiter = {
				grant(slot) {
					stop.removeEventListener('abort', onStop);
					resolve(slot);
				},
			};
			stop.addEventListener('abort', onStop);
			this.#waiting.push(waiter);
			this.#serve();
		});
	}

	/**
	 * Nobody gets a slot for so many milliseconds, and half as many as before from then on: the server has said that its
	 * count is full. What it says while they wait is the same finding.
	 */
	hold(milliseconds: number): void {
		const now = performance.now();
		const until = now + milliseconds;
		if (this.#heldUntil <= now) this.#share = { left: this.#shareAt(now) / 2, since: until };
		this.#heldUntil = Math.max(this.#heldUntil, until);
	}

	#shareAt(now: number): number {
		const { left, since } = this.#share;
		return Math.min(1, left + Math.max(0, now - since) / RECOVERY_MS);
	}

	#serve(): void {
		if (this.#timer) clearTimeout(this.#timer);
		this.#timer = null;
		while (this.#waiting.length > 0) {
			const now = performance.now();
			const free = this.#nextFree(now);
			if (free > now) {
				const lookAt = this.#shareAt(now) < 1 ? Math.min(free, now + LOOK_AGAIN_MS) : free;
				// Else only an ending request frees a slot: its release() serves again.
				if (lookAt < Infinity)
					this.#timer = setTimeout(() => this.#serve(), Math.ceil(lookAt - now));
				return;
			}
			this.#underWay++;
			this.#waiting.shift()?.grant(this.#slot());
		}
	}

	/** When the next slot is free; `Infinity` while that depends on a request that is under way. */
	#nextFree(now: number): number {
		const asked = Math.min(...this.#rates.values());
		const rate = Math.max(MIN_REQUESTS_PER_SECOND, asked * this.#shareAt(now));
		const slots = Math.max(1, Math.floor(rate));
		const window = WINDOW_MS / Math.min(1, rate);
		if (this.#underWay >= slots) return Infinity;
		// With one more request, only this end and the later ones fit into the window.
		const blocking = this.#ended.at(this.#underWay - slots) ?? -Infinity;
		return Math.max(this.#heldUntil, blocking + window);
	}

	#tidy(): void {
		if (this.#ended.length < this.#tidyAt) return;
		const oldest = performance.now() - LONGEST_WINDOW_MS;
		this.#ended = this.#ended.filter((end) => end > oldest);
		this.#tidyAt = 1000 + 2 * this.#ended.length;
	}

	#slot(): Slot {
		let held = true;
		return {
			release: (mayArrive = false) => {
				if (!held) return;
				held = false;
				this.#underWay--;
				const end = performance.now() + (mayArrive ? LATE_ARRIVAL_MS : 0);
				this.#ended.splice(this.#ended.findLastIndex((other) => other <= end) + 1, 0, end);
				this.#tidy();
				this.#serve();
			},
		};
	}
}

const limiters = new Map<string, RateLimiter>();

/** The limiter that everything in this process shares for one app key. Those of app keys no longer used are forgotten. */
export function limiterOf(appkey: string, now = performance.now()): RateLimiter {
	for (const [key, limiter] of limiters) {
		if (key !== appkey && limiter.isIdle(now)) limiters.delete(key);
	}
	const limiter = limiters.get(appkey) ?? new RateLimiter();
	limiters.set(appkey, limiter);
	return limiter;
}
