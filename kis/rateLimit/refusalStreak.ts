/** An app key that gets nothing through for this long, and is refused this often, will not get anything through later. */
const LONG_MS = 10_000;
const MIN_REFUSALS = 4;
/** Refusals further apart than this are not consecutive. No retry waits as long. */
const APART_MS = 90_000;

/** The refusals for the rate since the last request that got through. */
export class RefusalStreak {
	#count = 0;
	#since = 0;
	#last = 0;

	/** Counts a refusal. */
	add(now: number): void {
		if (now - this.#last > APART_MS) this.end();
		if (this.#count === 0) this.#since = now;
		this.#count++;
		this.#last = now;
	}

	/** A request got through, or nobody sends any more. */
	end(): void {
		this.#count = 0;
	}

	/** Returns whether the app key will not get anything through later either. */
	isLong(now: number): boolean {
		return this.#count >= MIN_REFUSALS && now - this.#since >= LONG_MS;
	}
}
