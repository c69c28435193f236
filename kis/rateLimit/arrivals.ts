/** Below one request a second the window is longer; this is the lowest rate that anyone may ask for. */
export const MIN_REQUESTS_PER_SECOND = 0.1;
/** KIS counts the requests of any second, not of a calendar second. */
export const WINDOW_MS = 1000;
export const LONGEST_WINDOW_MS = WINDOW_MS / MIN_REQUESTS_PER_SECOND;
/** By so many recent answers, the shortest answer time is taken to be known. */
const ENOUGH_ANSWERS = 4;
const RECENT_MS = LONGEST_WINDOW_MS;
/** By so much may the ways of two requests to the server differ, without the answer times showing it. */
const LEEWAY_MS = 10;

/**
 * What a server may be counting: a log for its sliding window. When requests arrive there a client cannot see.
 *
 * A request has arrived by its answer. Of its answer time, what all have in common (the shortest of the last ten
 * seconds, as BBR estimates the round trip) is no reason to wait: the next request takes it, too. Only what it took
 * longer may have been the way there. So a request leaves the window one window after its answer, less the shortest
 * answer time: where answers are quick, that is a window after the answer; where all take as long, after sending.
 */
export class Arrivals {
	#underWay = 0;
	/** When requests were answered. */
	readonly #answered = new Log();
	/** By when the others have arrived. */
	readonly #others = new Log();
	/** Answer times, each shorter than all after it: the first is the shortest of all that are not too old. */
	#shortest: Array<{ readonly at: number; readonly tookMs: number }> = [];

	/** The last of all, in milliseconds; `-Infinity` if there was none. */
	get last(): number {
		return Math.max(this.#answered.fromEnd(1), this.#others.fromEnd(1));
	}

	/** From sending to the answer, the shortest of the recent ones, in milliseconds; 0 before the first. */
	get shortestAnswerTime(): number {
		return this.#shortest[0]?.tookMs ?? 0;
	}

	/** A request is about to be sent: it counts until it ends. */
	begin(): void {
		this.#underWay++;
	}

	/** It was not sent after all. */
	withdraw(): void {
		this.#underWay--;
	}

	/** It was answered after `tookMs`. */
	answer(now: number, tookMs: number): void {
		this.#underWay--;
		this.#answered.add(now, now);
		const shorter = this.#shortest.filter(
			(answer) => answer.tookMs < tookMs && answer.at > now - RECENT_MS,
		);
		this.#shortest = [...shorter, { at: now, tookMs }];
	}

	/** It ended otherwise; has arrived by then, if it ever does. */
	end(arrivedBy: number, now: number): void {
		this.#underWay--;
		this.add(arrivedBy, now);
	}

	/** Counts a request whose end nobody will see. */
	add(arrivedBy: number, now: number): void {
		this.#others.add(arrivedBy, now);
	}

	/** How many the server may be counting at a moment, those under way included. */
	countAt(now: number): number {
		const from = now - WINDOW_MS;
		const answered = this.#answered.countAfter(from + this.#sinceArrival());
		return this.#underWay + answered + this.#others.countAfter(from);
	}

	/** When one more fits into a window of so many; `Infinity` while that depends on a request that is under way. */
	roomAt(capacity: number, windowMs: number): number {
		let fitting = capacity - this.#underWay;
		if (fitting <= 0) return Infinity;
		if (fitting > this.#answered.length + this.#others.length) return -Infinity;
		// With one more request, only so many of the last ones and none before fit into the window.
		const sinceArrival = this.#sinceArrival();
		for (let answered = 1, others = 1; ; ) {
			const one = this.#answered.fromEnd(answered) - sinceArrival;
			const other = this.#others.fromEnd(others);
			if (--fitting === 0) return Math.max(one, other) + windowMs;
			if (one > other) answered++;
			else others++;
		}
	}

	/** How long before its answer a request has arrived at least, if none before it arrived later. */
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

	/** `-Infinity` if there are not so many. */
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
