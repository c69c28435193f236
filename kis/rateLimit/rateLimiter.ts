import { Arrivals, LONGEST_WINDOW_MS, MIN_REQUESTS_PER_SECOND, WINDOW_MS } from './arrivals';
import { SYSTEM_CLOCK, type Clock } from './clock';
import { CongestionControl } from './congestionControl';
import type { Gate, Lease } from './gate';
import { Pacer, type Pace } from './pacer';

/** So many requests may go at the same time after a pause: four processes that begin together stay within KIS's 18 a second. */
const BURST = 4;
/** By then a request that was given up has arrived, if it ever does: on a connection that the server had just closed, say. */
const LATE_ARRIVAL_MS = 250;
/**
 * By then a request that somebody else sends has arrived. Measured with n8n's HTTP Request node over TLS, under a limit
 * of 18: sent every 62 ms, so that the 19th comes 116 ms after a second, none was refused; every 58 ms, 1 to 4 of 200.
 */
const UNSEEN_ARRIVAL_MS = 116;
/** So long after it {@link RateLimiter.pass | passed}, such a request may be among those that the server counts. */
export const UNSEEN_WINDOW_MS = WINDOW_MS + UNSEEN_ARRIVAL_MS;
/**
 * In so many turns of the event loop a new connection is made, and a request written. A busy host needs long for them:
 * by less of a delay for the next requests, several would arrive together.
 */
const TURNS_TO_WRITE = 4;
/** A timer may fire so much later than asked for: what it held up then goes immediately. */
const TIMER_LATENESS_MS = 10;
/** A rate that grows lets requests go earlier than could be told when they began to wait. */
const LOOK_AGAIN_MS = 250;

/** An app key that gets nothing through for so long, and is refused so often, gets nothing through later. */
const PATIENCE_MS = 10_000;
const MIN_REFUSALS = 4;
/** Refusals that are further apart are not in a row: longer than anyone waits before trying again. */
const REFUSALS_APART_MS = 90_000;

/**
 * How a request ended.
 *
 * - `answered`: by anything but a refusal for the rate.
 * - `refused`: for the rate.
 * - `unanswered`: KIS has not been heard. It may still be on its way.
 * - `unsent`: nothing of it was written.
 */
export type RequestEnd = 'answered' | 'refused' | 'unanswered' | 'unsent';

/** Permission to send one request. */
export interface Permit {
	/** The request is about to be written. Without this call it counts as sent when the place was granted. */
	sent(): void;
	/** The request has ended. Further calls have no effect. */
	release(end: RequestEnd): void;
}

const NO_LEASE: Lease = { pass() {}, release() {} };

const NO_REFUSALS = { count: 0, since: 0, last: 0 };

interface Waiter {
	readonly stop: AbortSignal;
	readonly resolve: (isGranted: boolean) => void;
}

/** A queue each; who waits in the first goes before all who wait in the second (non-preemptive priority). */
const PRIORITIES = ['foreground', 'background'] as const;
type Priority = (typeof PRIORITIES)[number];

/**
 * Keeps what runs at the same time on one app key below a number of requests in any second, and finds its share of that where
 * others, who cannot be seen, use the key too. It decides who goes next; what the server may be counting, how fast to
 * go, and how evenly are {@link Arrivals}, {@link CongestionControl} and {@link Pacer}.
 *
 * Where nobody else uses the key, no request is refused, and `n` take `floor((n − 1) / rate)` seconds, and little more.
 */
export class RateLimiter {
	readonly #clock: Clock;
	readonly #arrivals = new Arrivals();
	readonly #control = new CongestionControl();
	readonly #pacer: Pacer;
	readonly #members = new Map<object, { readonly rate: number; readonly backlog: () => number }>();
	readonly #waiting: Record<Priority, Waiter[]> = { foreground: [], background: [] };
	pausedUntil = 0;
	/** When the next request may pass whose end will not be seen. */
	#passAt = 0;
	/** In a row, over all who take part; when the first and the last of them came. */
	#refusals = NO_REFUSALS;
	#cancelTimer = () => {};
	#gate: Gate | null = null;

	constructor(clock = SYSTEM_CLOCK) {
		this.#clock = clock;
		this.#pacer = new Pacer(clock);
	}

	/**
	 * Someone takes part, at most at `requestsPerSecond`; the lowest rate of all who take part applies.
	 *
	 * @param backlog How many requests it has yet to {@link acquire} places for. Only {@link expectedWait} asks.
	 */
	join(member: object, requestsPerSecond: number, backlog = () => 0): void {
		this.#members.set(member, { rate: requestsPerSecond, backlog });
	}

	leave(member: object): void {
		this.#members.delete(member);
		if (this.#members.size === 0) this.#refusals = NO_REFUSALS;
		this.#serve();
	}

	/** From now on everything passes this, too; `null`: nothing more. */
	passThrough(gate: Gate | null): void {
		this.#gate = gate;
	}

	/** The most requests that may be under way at the same time. */
	get maxConcurrent(): number {
		return Math.max(1, Math.floor(this.#limit));
	}

	/** From sending to the answer, the shortest of the recent ones, in milliseconds; 0 before the first. */
	get shortestAnswerTime(): number {
		return this.#arrivals.shortestAnswerTime;
	}

	/** For ten seconds, and four times at least, whoever takes part was refused for the rate, and none of them let through. */
	get isRefusedThroughout(): boolean {
		const { count, since } = this.#refusals;
		return count >= MIN_REFUSALS && this.#clock.now() - since >= PATIENCE_MS;
	}

	/** Nobody takes part and nothing is remembered that would slow the next one down. */
	isIdle(now = this.#clock.now()): boolean {
		const slowedUntil = Math.max(this.#arrivals.last + LONGEST_WINDOW_MS, this.pausedUntil);
		return this.#members.size === 0 && slowedUntil <= now && this.#control.isClear(now);
	}

	/**
	 * Waits for a place, first come first served, and before all who wait to {@link pass}.
	 *
	 * @returns A place that has to be released; `null` if `stop` is aborted first.
	 */
	async acquire(stop: AbortSignal): Promise<Permit | null> {
		const lease = await this.#enter('foreground', stop);
		return lease && this.permit(lease);
	}

	/**
	 * Waits to let somebody else's request pass, whose end will not be seen (open loop): such requests are spaced, and
	 * each frees its place by itself.
	 *
	 * @returns Whether to send it: not if `stop` is aborted first.
	 */
	async pass(stop: AbortSignal): Promise<boolean> {
		const lease = await this.#enter('background', stop);
		lease?.pass();
		return lease !== null;
	}

	/** Counts a request like those that {@link pass}, but that goes now, whether there is room or not. */
	count(): void {
		this.#letPass(this.#clock.now());
		this.#gate?.count(this.#wholeLimit);
		this.#serve();
	}

	/** Estimates how long {@link pass} would take from now, in milliseconds. */
	expectedWait(): number {
		const now = this.#clock.now();
		const interval = UNSEEN_WINDOW_MS / this.#paceAt(now).rate;
		const backlogs = [...this.#members.values()].map(({ backlog }) => backlog());
		const queues = Object.values(this.#waiting).map(({ length }) => length);
		const ahead = [...backlogs, ...queues].reduce((sum, count) => sum + count, 0);
		const next = this.#nextAt('background', now);
		return (next < Infinity ? Math.max(0, next - now) : interval) + ahead * interval;
	}

	/** Nobody on the app key sends for so many milliseconds. The rate stays as it is. */
	pause(milliseconds: number): void {
		this.#holdBack(milliseconds);
		if (milliseconds > 0) this.#gate?.pause(milliseconds);
	}

	#holdBack(milliseconds: number): void {
		this.pausedUntil = Math.max(this.pausedUntil, this.#clock.now() + milliseconds);
	}

	/** Requests per second, of this process. */
	get #limit(): number {
		const { parts } = this.#gate ?? { parts: 1 };
		const whole = this.#wholeLimit;
		return parts === 1 ? whole : Math.max(MIN_REQUESTS_PER_SECOND, whole / parts);
	}

	/** Requests per second, of all processes together. */
	get #wholeLimit(): number {
		const rates = [...this.#members.values()].map(({ rate }) => rate);
		return Math.min(Number.MAX_SAFE_INTEGER, ...rates);
	}

	/** Waits for a place here, and then in the gate. @returns `null` if `stop` is aborted first. */
	async #enter(priority: Priority, stop: AbortSignal): Promise<Lease | null> {
		while (await this.#wait(priority, stop)) {
			if (!this.#gate) return NO_LEASE;
			const entered = await this.#gate.enter(this.#wholeLimit, stop);
			if (typeof entered === 'object') return entered;
			// Of what passes without an end nothing is known here but that it was let go.
			if (priority === 'foreground') this.#arrivals.withdraw();
			// What was promised before comes within a window, and counts for another one.
			if (entered === 'changed') this.#holdBack((2 * WINDOW_MS) / Math.min(1, this.#limit));
			this.#serve();
		}
		return null;
	}

	async #wait(priority: Priority, stop: AbortSignal): Promise<boolean> {
		if (stop.aborted) return false;
		return await new Promise((resolve) => {
			// Listens once, however many wait with the same signal.
			stop.addEventListener('abort', this.#dismissStopped);
			this.#waiting[priority].push({ stop, resolve });
			this.#serve();
		});
	}

	readonly #dismissStopped = (): void => {
		for (const priority of PRIORITIES) {
			const queue = this.#waiting[priority];
			this.#waiting[priority] = queue.filter(({ stop }) => !stop.aborted);
			for (const { stop, resolve } of queue) if (stop.aborted) resolve(false);
		}
		this.#serve();
	};

	#serve(): void {
		this.#cancelTimer();
		for (;;) {
			const priority = PRIORITIES.find((each) => this.#waiting[each].length > 0);
			if (!priority) return;
			const now = this.#clock.now();
			const at = this.#nextAt(priority, now);
			if (at > now) {
				const lookAt = this.#control.isClear(now) ? at : Math.min(at, now + LOOK_AGAIN_MS);
				// Else only an ending request makes room: its release() serves again.
				if (lookAt < Infinity)
					this.#cancelTimer = this.#clock.after(Math.ceil(lookAt - now), () => this.#serve());
				return;
			}
			if (priority === 'foreground') this.#begin(now);
			else this.#letPass(now);
			this.#waiting[priority].shift()?.resolve(true);
		}
	}

	/** When the next of a queue may go; `Infinity` while that depends on a request that is under way. */
	#nextAt(priority: Priority, now: number): number {
		const limit = this.#limit;
		const share = Math.max(1, Math.round(this.#control.rateAt(now, limit)));
		return Math.max(
			this.pausedUntil,
			this.#arrivals.roomAt(Math.min(this.maxConcurrent, share), WINDOW_MS / Math.min(1, limit)),
			this.#pacer.nextAt(now, this.#paceAt(now)),
			priority === 'background' ? this.#passAt : 0,
		);
	}

	#paceAt(now: number): Pace {
		const rate = Math.max(MIN_REQUESTS_PER_SECOND, this.#control.rateAt(now, this.#limit));
		const isAlone = this.#control.isClear(now);
		const burst = Math.max(
			isAlone ? Math.min(BURST, this.maxConcurrent) : 1,
			(rate * TIMER_LATENESS_MS) / 1000,
		);
		return { rate, burst, jitter: !isAlone };
	}

	#begin(now: number): void {
		this.#pacer.spend(now, this.#paceAt(now));
		this.#arrivals.begin();
	}

	#letPass(now: number): void {
		const pace = this.#paceAt(now);
		this.#pacer.spend(now, pace);
		this.#arrivals.begin();
		this.#afterTurns(TURNS_TO_WRITE, () => {
			const writtenAt = this.#clock.now();
			this.#arrivals.end(writtenAt + UNSEEN_ARRIVAL_MS, writtenAt);
			this.#serve();
		});
		const isTimerLate = now - this.#passAt < TIMER_LATENESS_MS;
		this.#passAt = (isTimerLate ? this.#passAt : now) + UNSEEN_WINDOW_MS / pace.rate;
	}

	#afterTurns(turns: number, callback: () => void): void {
		if (turns === 0) callback();
		else this.#clock.nextTurn(() => this.#afterTurns(turns - 1, callback));
	}

	permit(lease: Lease): Permit {
		let isHeld = true;
		let sentAt = this.#clock.now();
		return {
			sent: () => {
				sentAt = this.#clock.now();
			},
			release: (end) => {
				if (!isHeld) return;
				isHeld = false;
				const now = this.#clock.now();
				this.#end(end, sentAt, now);
				lease.release(end, now - sentAt);
				this.#serve();
			},
		};
	}

	#end(end: RequestEnd, sentAt: number, now: number): void {
		switch (end) {
			case 'answered':
				this.#refusals = NO_REFUSALS;
				return this.#arrivals.answer(now, now - sentAt);
			case 'refused':
				return this.#refuse(sentAt, now);
			case 'unanswered':
				return this.#arrivals.end(now + LATE_ARRIVAL_MS, now);
			case 'unsent':
				return this.#arrivals.withdraw();
		}
	}

	#refuse(sentAt: number, now: number): void {
		const { count, since, last } = this.#refusals;
		const isFirst = count === 0 || now - last > REFUSALS_APART_MS;
		this.#refusals = { count: isFirst ? 1 : count + 1, since: isFirst ? now : since, last: now };
		this.#arrivals.withdraw();
		const accepted = this.#arrivals.countAt(now);
		if (this.#control.refuse(sentAt, now, this.#limit, accepted)) this.#pacer.drain(now);
		// Whether KIS counts what it refuses is not known.
		this.#arrivals.add(now, now);
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
