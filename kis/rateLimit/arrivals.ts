/** The lowest rate that users may set. Below one request a second, the window is longer. */
export const MIN_REQUESTS_PER_SECOND = 0.1;
/** KIS counts in a sliding window, not by calendar seconds. */
export const WINDOW_MS = 1000;
export const LONGEST_WINDOW_MS = WINDOW_MS / MIN_REQUESTS_PER_SECOND;
/** Recent answers needed before their shortest time is trusted. */
const ENOUGH_ANSWERS = 4;
const RECENT_MS = LONGEST_WINDOW_MS;
/** How much the travel times of two requests may differ without the answer times showing it. */
const LEEWAY_MS = 10;

/**
 * Estimates what the server is counting, with a log for its sliding window. A client cannot see when its requests arrive.
 *
 * A request has arrived by the time of its answer. All answers take at least the shortest answer time of the last ten
 * seconds (BBR estimates round trips like this). The next request takes that long too, so it need not be waited for. Only
 * the rest of the answer time may have been spent on the way there. A request therefore leaves the window one window after
 * its answer, less the shortest answer time.
 */
export class Arrivals {
	#underWay = 0;
	/** When requests were answered. */
	readonly #answered = new Log();
	/** By when requests without an answer have arrived. */
	readonly #others = new Log();
	/** Recent answer times, each shorter than all after it: the first is the shortest. */
	#shortest: Array<{ readonly at: number; readonly tookMs: number }> = [];

	/** When the last request arrived, in milliseconds; `-Infinity` if none did. */
	get last(): number {
		return Math.max(this.#answered.fromEnd(1), this.#others.fromEnd(1));
	}

	/** The shortest recent time from sending to the answer, in milliseconds; 0 before the first answer. */
	get shortestAnswerTime(): number {
		return this.#shortest[0]?.tookMs ?? 0;
	}

	/** Counts a request that is about to be sent, until it ends. */
	begin(): void {
		this.#underWay++;
	}

	/** Stops counting a request that was about to be sent: it was not, or it is {@link add | counted} in another way. */
	drop(): void {
		this.#underWay--;
	}

	/** The request was answered after `tookMs`. */
	answer(now: number, tookMs: number): void {
		this.#underWay--;
		this.#answered.add(now, now);
		const shorter = this.#shortest.filter(
			(answer) => answer.tookMs < tookMs && answer.at > now - RECENT_MS,
		);
		this.#shortest = [...shorter, { at: now, tookMs }];
	}

	/** The request ended without an answer. If it ever arrives, it does by `arrivedBy`. */
	end(arrivedBy: number, now: number): void {
		this.#underWay--;
		this.add(arrivedBy, now);
	}

	/** Counts a request whose end nobody sees. */
	add(arrivedBy: number, now: number): void {
		this.#others.add(arrivedBy, now);
	}

	/** Returns how many requests the server may be counting now, including those under way. */
	countAt(now: number): number {
		const from = now - WINDOW_MS;
		const answered = this.#answered.countAfter(from + this.#sinceArrival());
		return this.#underWay + answered + this.#others.countAfter(from);
	}

	/** Returns when one more request fits into a window; `Infinity` if one that is under way has to end first. */
	roomAt(capacity: number, windowMs: number): number {
		let fitting = capacity - this.#underWay;
		if (fitting <= 0) return Infinity;
		if (fitting > this.#answered.length + this.#others.length) return -Infinity;
		// Walk back over the latest requests until the window is full.
		const sinceArrival = this.#sinceArrival();
		for (let answered = 1, others = 1; ; ) {
			const one = this.#answered.fromEnd(answered) - sinceArrival;
			const other = this.#others.fromEnd(others);
			if (--fitting === 0) return Math.max(one, other) + windowMs;
			if (one > other) answered++;
			else others++;
		}
	}

	/** Returns how long before its answer a request has arrived at least. */
	#sinceArrival(): number {
		const last = this.#answered.fromEnd(1);
		const isKnown = this.#answered.fromEnd(ENOUGH_ANSWERS) > last - RECENT_MS;
		return isKnown ? Math.max(0, this.shortestAnswerTime - LEEWAY_MS) : 0;
	}
}

/** Moments in order, as far back as the longest window reaches. */
class Log {
	#times: number[] = [];
	#tidyAt = 1000;

	get length(): number {
		return this.#times.length;
	}

	/** Returns the nth moment from the end; `-Infinity` if there are fewer. */
	fromEnd(position: number): number {
		return this.#times.at(-position) ?? -Infinity;
	}

	countAfter(moment: number): number {
		return this.#times.length - 1 - this.#times.findLastIndex((time) => time <= moment);
	}

	add(moment: number, now: number): void {
		this.#times.splice(this.#times.findLastIndex((time) => time <= moment) + 1, 0, moment);
		if (this.#times.length < this.#tidyAt) return;
		this.#times = this.#times.filter((time) => time > now - LONGEST_WINDOW_MS);
		this.#tidyAt = 1000 + 2 * this.#times.length;
	}
}
