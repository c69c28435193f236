const SECOND_MS = 1000;

/** Counts requests in a sliding second, on the server's own monotonic clock. */
export class RateWindow {
	readonly #limit: number;
	readonly #elapsed: () => number;
	readonly #accepted: number[] = [];

	/** @param elapsed Milliseconds on a monotonic clock. */
	constructor(limit: number, elapsed: () => number) {
		this.#limit = limit;
		this.#elapsed = elapsed;
	}

	/** Whether a request that arrives now is within the limit. A refused one does not count. */
	accepts(): boolean {
		const now = this.#elapsed();
		while (this.#accepted.length > 0 && this.#accepted[0] <= now - SECOND_MS)
			this.#accepted.shift();
		if (this.#accepted.length >= this.#limit) return false;
		this.#accepted.push(now);
		return true;
	}
}
