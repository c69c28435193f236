import { Arrivals, LONGEST_WINDOW_MS, MIN_REQUESTS_PER_SECOND, WINDOW_MS } from './arrivals';
import { SYSTEM_CLOCK, type Clock } from './clock';
import { CongestionControl } from './congestionControl';
import { NO_LEASE, type Gate, type Lease, type RequestEnd } from './gate';
import { RefusalStreak } from './refusalStreak';
import { TokenBucket, type Pace } from './tokenBucket';

/** Requests that may go together after a pause. Four processes that start together stay within KIS's 18 a second. */
const BURST = 4;
/** How long after it was given up a request may still arrive. */
const LATE_ARRIVAL_MS = 250;
/**
 * How long after its permit a request of n8n's own has arrived. Measured with the HTTP Request node over TLS at a limit of
 * 18. Sent every 62 ms (the 19th comes 116 ms after the second is over) none was refused; every 58 ms, 1 to 4 of 200 were.
 */
const UNSEEN_ARRIVAL_MS = 116;
/** How long the server may count such a request after it {@link RateLimiter.pass | passed}. */
export const UNSEEN_WINDOW_MS = WINDOW_MS + UNSEEN_ARRIVAL_MS;
/**
 * Turns of the event loop that a new connection and its request take. On a busy host they take long, and requests that
 * passed earlier would arrive together with the next.
 */
const TURNS_TO_WRITE = 4;
/** How late a timer may fire. What it held up then goes without a further wait. */
const TIMER_LATENESS_MS = 10;
/** The rate may grow meanwhile, so the next request may go earlier than expected. */
const LOOK_AGAIN_MS = 250;

/** Permission to send one request. */
export interface Permit {
	/** Call it right before the request is written. Otherwise the request counts as sent when the permit was granted. */
	sent(): void;
	/** Call it when the request has ended. Further calls have no effect. */
	release(end: RequestEnd): void;
}

interface Waiter {
	readonly stop: AbortSignal;
	readonly resolve: (isGranted: boolean) => void;
}

/** One queue each. The first goes before the second (non-preemptive priority). */
const PRIORITIES = ['foreground', 'background'] as const;
type Priority = (typeof PRIORITIES)[number];

/**
 * Keeps all requests with one app key below a limit in any second, and finds its share of the limit if unseen others use
 * the key too. It decides who goes next. {@link Arrivals} knows what the server may be counting, {@link CongestionControl}
 * how fast to go, and {@link TokenBucket} how evenly.
 *
 * If nobody else uses the key, no request is refused, and `n` requests take little more than `floor((n − 1) / rate)`
 * seconds.
 */
export class RateLimiter {
	readonly #clock: Clock;
	readonly #arrivals = new Arrivals();
	readonly #control = new CongestionControl();
	readonly #bucket: TokenBucket;
	readonly #members = new Map<object, { readonly rate: number; readonly backlog: () => number }>();
	readonly #waiting: Record<Priority, Waiter[]> = { foreground: [], background: [] };
	/** Requests per second, of all processes together. */
	#wholeLimit = Number.MAX_SAFE_INTEGER;
	#pausedUntil = 0;
	/** When the next request may {@link pass}. */
	#passAt = 0;
	/** Over all members. */
	#refusals = new RefusalStreak();
	#cancelTimer = () => {};
	#gate: Gate | null = null;

	constructor(clock = SYSTEM_CLOCK) {
		this.#clock = clock;
		this.#bucket = new TokenBucket(clock);
	}

	/**
	 * Adds a member with its own limit. The lowest limit of all members applies.
	 *
	 * @param backlog Tells how many permits the member has yet to {@link acquire}. Only {@link expectedWait} asks.
	 */
	join(member: object, requestsPerSecond: number, backlog = () => 0): void {
		this.#members.set(member, { rate: requestsPerSecond, backlog });
		this.#setWholeLimit();
	}

	/** Removes a member, and its limit with it. */
	leave(member: object): void {
		this.#members.delete(member);
		this.#setWholeLimit();
		if (this.#members.size === 0) this.#refusals.end();
		this.#serve();
	}

	/** Sends everything through this gate from now on; through none if `null`. */
	passThrough(gate: Gate | null): void {
		this.#gate = gate;
	}

	/** The most requests that may be under way together. */
	get maxConcurrent(): number {
		return Math.max(1, Math.floor(this.#limit));
	}

	/** The shortest recent time from sending to the answer, in milliseconds; 0 before the first answer. */
	get shortestAnswerTime(): number {
		return this.#arrivals.shortestAnswerTime;
	}

	/** Whether every request has been refused for its rate for ten seconds, and at least four were. */
	get isRefusedThroughout(): boolean {
		return this.#refusals.isLong(this.#clock.now());
	}

	/** Returns whether the limiter can be forgotten: it has no member, and nothing would slow the next one down. */
	isIdle(now = this.#clock.now()): boolean {
		const slowedUntil = Math.max(this.#arrivals.last + LONGEST_WINDOW_MS, this.#pausedUntil);
		return this.#members.size === 0 && slowedUntil <= now && this.#control.isClear(now);
	}

	/**
	 * Waits for a permit, first come first served, and ahead of all who wait to {@link pass}.
	 *
	 * @returns A permit that the caller has to release; `null` if `stop` is aborted first.
	 */
	async acquire(stop: AbortSignal): Promise<Permit | null> {
		const lease = await this.#enter('foreground', stop);
		return lease && this.#permit(lease);
	}

	/**
	 * Waits until a request may go whose end nobody will see (open loop). Such requests are spaced, and stop counting after
	 * {@link UNSEEN_WINDOW_MS}.
	 *
	 * @returns Whether to send it: `false` if `stop` is aborted first.
	 */
	async pass(stop: AbortSignal): Promise<boolean> {
		const lease = await this.#enter('background', stop);
		lease?.pass();
		return lease !== null;
	}

	/** Counts a request like those that {@link pass}, except that it goes now, even if there is no room for it. */
	count(): void {
		this.#letPass(this.#clock.now());
		this.#gate?.count(this.#wholeLimit);
		this.#serve();
	}

	/** Estimates how long {@link pass} would take now, in milliseconds. */
	expectedWait(): number {
		const now = this.#clock.now();
		const interval = UNSEEN_WINDOW_MS / this.#paceAt(now).rate;
		const backlogs = [...this.#members.values()].map(({ backlog }) => backlog());
		const queues = Object.values(this.#waiting).map(({ length }) => length);
		const ahead = [...backlogs, ...queues].reduce((sum, count) => sum + count, 0);
		const next = this.#nextAt('background', now);
		return (next < Infinity ? Math.max(0, next - now) : interval) + ahead * interval;
	}

	/** Keeps everything on the app key from sending for a while. The rate stays as it is. */
	pause(milliseconds: number): void {
		this.#holdBack(milliseconds);
		if (milliseconds > 0) this.#gate?.pause(milliseconds);
	}

	#holdBack(milliseconds: number): void {
		this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + milliseconds);
	}

	/** This process's part of the limit, in requests per second. */
	get #limit(): number {
		const parts = this.#gate?.parts ?? 1;
		const whole = this.#wholeLimit;
		return parts === 1 ? whole : Math.max(MIN_REQUESTS_PER_SECOND, whole / parts);
	}

	#setWholeLimit(): void {
		const rates = [...this.#members.values()].map(({ rate }) => rate);
		this.#wholeLimit = Math.min(Number.MAX_SAFE_INTEGER, ...rates);
	}

	/** Waits for the limiter, and then for the gate. @returns `null` if `stop` is aborted first. */
	async #enter(priority: Priority, stop: AbortSignal): Promise<Lease | null> {
		while (await this.#wait(priority, stop)) {
			if (!this.#gate) return NO_LEASE;
			const entered = await this.#gate.enter(this.#wholeLimit, stop);
			if (typeof entered === 'object') return entered;
			// A request that was to pass unseen counts as gone.
			if (priority === 'foreground') this.#arrivals.drop();
			// What the gate granted before is sent within a window, and counts for another.
			if (entered === 'changed') this.#holdBack((2 * WINDOW_MS) / Math.min(1, this.#limit));
			this.#serve();
		}
		return null;
	}

	async #wait(priority: Priority, stop: AbortSignal): Promise<boolean> {
		if (stop.aborted) return false;
		return await new Promise((resolve) => {
			const waiter = { stop, resolve };
			this.#waiting[priority].push(waiter);
			this.#serve();
			if (this.#waiting[priority].at(-1) !== waiter) return;
			// Added once per signal, however many wait with it.
			stop.addEventListener('abort', this.#dismissStopped);
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
				// If it is Infinity, a request has to end first. Its release() serves again.
				if (lookAt < Infinity)
					this.#cancelTimer = this.#clock.after(Math.ceil(lookAt - now), () => this.#serve());
				return;
			}
			if (priority === 'foreground') this.#begin(now);
			else this.#letPass(now);
			this.#waiting[priority].shift()?.resolve(true);
		}
	}

	/** Returns when the next of a queue may go; `Infinity` if a request that is under way has to end first. */
	#nextAt(priority: Priority, now: number): number {
		const limit = this.#limit;
		const share = Math.max(1, Math.round(this.#control.rateAt(now, limit)));
		return Math.max(
			this.#pausedUntil,
			this.#arrivals.roomAt(Math.min(this.maxConcurrent, share), WINDOW_MS / Math.min(1, limit)),
			this.#bucket.nextAt(now, this.#paceAt(now)),
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
		this.#bucket.spend(now, this.#paceAt(now));
		this.#arrivals.begin();
	}

	#letPass(now: number): void {
		const pace = this.#paceAt(now);
		this.#bucket.spend(now, pace);
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

	#permit(lease: Lease): Permit {
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
				this.#refusals.end();
				return this.#arrivals.answer(now, now - sentAt);
			case 'refused':
				return this.#refuse(sentAt, now);
			case 'unanswered':
				return this.#arrivals.end(now + LATE_ARRIVAL_MS, now);
			case 'unsent':
				return this.#arrivals.drop();
		}
	}

	#refuse(sentAt: number, now: number): void {
		this.#refusals.add(now);
		this.#arrivals.drop();
		const accepted = this.#arrivals.countAt(now);
		if (this.#control.refuse(sentAt, now, this.#limit, accepted)) this.#bucket.drain(now);
		// Nobody knows whether KIS counts what it refuses. Assume that it does.
		this.#arrivals.add(now, now);
	}
}
