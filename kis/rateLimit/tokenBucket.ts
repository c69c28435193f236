import type { Clock } from './clock';

/** The most that a jittered request costs; on average it costs 1. */
const HIGHEST_COST = 1.5;

/** How fast requests may follow one another. */
export interface Pace {
	/** Requests per second. */
	readonly rate: number;
	/** How many may go together after a pause. */
	readonly burst: number;
	/** Whether to vary each interval by half: processes with the same rate would collide again and again. */
	readonly jitter: boolean;
}

/** Spreads requests over time: a token bucket with jitter. */
export class TokenBucket {
	readonly #clock: Clock;
	/** Requests in the bucket. */
	#saved = Infinity;
	#savedAt = 0;
	/** What the next request takes out of the bucket. */
	#cost = 1;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Returns when the next request may go. */
	nextAt(now: number, pace: Pace): number {
		this.#save(now, pace);
		return now + (Math.max(0, this.#cost - this.#saved) * 1000) / pace.rate;
	}

	/** Takes a request out of the bucket. */
	spend(now: number, pace: Pace): void {
		this.#save(now, pace);
		this.#saved -= this.#cost;
		this.#cost = pace.jitter ? this.#jittered() : 1;
	}

	/** Empties the bucket. */
	drain(now: number): void {
		this.#saved = 0;
		this.#savedAt = now;
		this.#cost = this.#jittered();
	}

	#save(now: number, { rate, burst }: Pace): void {
		const saved = this.#saved + ((now - this.#savedAt) * rate) / 1000;
		this.#saved = Math.min(saved, Math.max(burst, this.#cost));
		this.#savedAt = now;
	}

	#jittered(): number {
		return HIGHEST_COST - this.#clock.random();
	}
}
