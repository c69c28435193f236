import type { Clock } from '../../kis/rateLimit/clock';
import type { RateLimiter } from '../../kis/rateLimit/rateLimiter';
import { waitBeforeRetry } from '../../kis/reply/retry';
import { RateWindow } from '../../tools/sandbox/rateWindow';
import { makeAttempt } from './attempts';

interface Event {
	readonly at: number;
	readonly happen: () => void;
}

/** A discrete-event simulation: time passes from event to event, and chance comes from a seed. */
export class Simulation implements Clock {
	/** How long a turn of the event loop takes. */
	turnMs = 0;
	#now = 0;
	#state: number;
	/** The earliest first. */
	readonly #events: Event[] = [];

	constructor(seed = 1) {
		this.#state = seed;
	}

	now(): number {
		return this.#now;
	}

	after(milliseconds: number, happen: () => void): () => void {
		const event = { at: this.#now + Math.max(0, milliseconds), happen };
		const before = this.#events.findLastIndex(({ at }) => at <= event.at);
		this.#events.splice(before + 1, 0, event);
		return () => {
			const index = this.#events.indexOf(event);
			if (index >= 0) this.#events.splice(index, 1);
		};
	}

	nextTurn(happen: () => void): void {
		this.after(this.turnMs, happen);
	}

	/** mulberry32: random enough here. */
	random(): number {
		this.#state = (this.#state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}

	between(least: number, most: number): number {
		return least + (most - least) * this.random();
	}

	async sleep(milliseconds: number): Promise<void> {
		await new Promise<void>((resolve) => this.after(milliseconds, resolve));
	}

	/**
	 * Lets time pass until some work is done.
	 *
	 * @throws Error if it never will be, since nothing is left to happen.
	 */
	async run<T>(work: Promise<T>): Promise<T> {
		let isDone = false;
		const end = () => (isDone = true);
		work.then(end, end);
		for (;;) {
			await allIsQuiet();
			if (isDone) return await work;
			const next = this.#events.shift();
			if (!next) throw new Error('Nothing is left to happen');
			this.#now = next.at;
			next.happen();
		}
	}

	async pass(milliseconds: number): Promise<void> {
		await this.run(this.sleep(milliseconds));
	}
}

/** Resolves when whatever does not wait for an event has run. */
async function allIsQuiet(): Promise<void> {
	await new Promise((resolve) => setImmediate(resolve));
}

interface Arrival {
	readonly at: number;
	readonly from: string;
	readonly isAccepted: boolean;
}

/** KIS's limit, and the ways there and back. */
export class SimulatedKis {
	readonly arrivals: Arrival[] = [];
	readonly #time: Simulation;
	readonly #window: RateWindow;
	readonly #answerMs: () => number;

	/** @param answerMs How long KIS thinks before it answers what it does not refuse for the rate. */
	constructor(time: Simulation, requestsPerSecond: number, answerMs = () => 1) {
		this.#time = time;
		this.#window = new RateWindow(requestsPerSecond, () => time.now());
		this.#answerMs = answerMs;
	}

	/** Counts a request. @returns Whether it is within the limit. */
	arrive(from: string): boolean {
		const isAccepted = this.#window.accepts();
		this.arrivals.push({ at: this.#time.now(), from, isAccepted });
		return isAccepted;
	}

	/** Takes a request over its way there, and the answer back. @returns Whether it was within the limit. */
	async answer(from: string): Promise<boolean> {
		const wayMs = () => this.#time.between(0.5, 3);
		await this.#time.sleep(wayMs());
		const isAccepted = this.arrive(from);
		if (isAccepted) await this.#time.sleep(this.#answerMs());
		await this.#time.sleep(wayMs());
		return isAccepted;
	}

	get refused(): number {
		return this.arrivals.filter(({ isAccepted }) => !isAccepted).length;
	}

	/** How many requests from someone it took in a span of time, in milliseconds. */
	acceptedFrom(sender: string, since: number, until: number): number {
		return this.arrivals.filter(
			({ from, at, isAccepted }) => from === sender && at >= since && at < until && isAccepted,
		).length;
	}
}

const CONNECTIONS = 16;
const MAX_RETRIES = 3;
const HANDSHAKE_MS = 5;
const REFUSED = makeAttempt('refused', { refusalCode: 'EGW00201' });

interface Batch {
	readonly limiter: RateLimiter;
	readonly kis: SimulatedKis;
	readonly from: string;
	readonly tokens: number;
	readonly requestsPerSecond: number;
}

/**
 * Revokes tokens as the node does: the first call alone, then several concurrently, and what is refused again.
 *
 * @returns How many tokens were refused for good.
 */
export async function simulateRun(
	time: Simulation,
	{ limiter, kis, from, tokens, requestsPerSecond }: Batch,
): Promise<number> {
	const never = new AbortController().signal;
	let queued = tokens;
	let rejected = 0;
	let onHeard = () => {};
	const heard = new Promise<void>((resolve) => (onHeard = resolve));

	const revokeOne = async () => {
		const attempts = [];
		for (;;) {
			const permit = await limiter.acquire(never);
			permit?.sent();
			const isAccepted = await kis.answer(from);
			permit?.release(isAccepted ? 'answered' : 'refused');
			onHeard();
			if (isAccepted) return;
			attempts.push(REFUSED);
			const waitMs = waitBeforeRetry(attempts, attempts.length - 1, MAX_RETRIES, time.random());
			if (waitMs === null) break;
			await time.sleep(waitMs);
		}
		rejected++;
	};
	const work = async () => {
		await time.sleep(HANDSHAKE_MS);
		while (queued-- > 0) await revokeOne();
	};

	limiter.join(limiter, requestsPerSecond);
	const first = work();
	await heard;
	await Promise.all([first, ...Array.from({ length: CONNECTIONS - 1 }, work)]);
	return rejected;
}
