import type { KisCredential } from '../input/credential';
import type { RedisServer } from '../redis/client';
import { namesOf } from '../redis/names';
import { PROCESS } from '../redis/process';
import { sharedStoreOf, type ScriptAnswer, type SharedStore } from '../redis/sharedStore';
import { untilStopped, wait } from '../waiting';
import { NO_LEASE, type Gate, type Lease, type RequestEnd } from './gate';

/** How often a request's lease is extended. It runs out after five seconds (`limit.lua`). */
const EXTEND_LEASE_MS = 2000;
/** Redis keeps an unused limit for two minutes, far longer than this. */
const REMEMBERED_MS = 30_000;
/** A server that started more recently may have forgotten what was sent before. */
const NEW_SERVER_MS = 60_000;
/** Assumed until Redis has reported how many there are. */
const UNKNOWN_PROCESSES = 2;
/** A Redis that comes back empty reports fewer processes than there are. Only after this time they are believed to be gone. */
const PROCESSES_KEPT_MS = 10 * 60 * 1000;
/** A longer timer fires immediately. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** A timer may fire early, by less than this. */
const TIMER_MS = 1;

/** What `limit.lua` can be told to do. */
type Action = 'enter' | 'extend' | 'back' | 'hold' | 'passed' | RequestEnd;

/** See {@link Gate.enter}. */
type Entry = Lease | 'stopped' | 'changed';

/**
 * Keeps all processes that share a Redis to one app key's limit. Redis does the counting (`limit.lua`). While it cannot be
 * used, each process keeps to its part: the limit divided by the number of processes last seen.
 */
export class SharedLimit implements Gate {
	readonly #store: SharedStore;
	readonly #keys: readonly string[];
	readonly #process: string;
	/** `apart`: Redis cannot be used, and each process is on its own. */
	#state: 'shared' | 'apart' = 'shared';
	/** The attempt to return to Redis, which all callers share. */
	#returning: Promise<boolean> | null = null;
	#processes = UNKNOWN_PROCESSES;
	/** When Redis last reported so many, or more. */
	#processesSeenAt = -Infinity;
	#heardAt = -Infinity;
	#requests = 0;
	/** Bookings go one at a time: concurrent ones would all be told the same moment. */
	#lastBooking: Promise<unknown> = Promise.resolve();

	/**
	 * @param name Identifies the app key.
	 * @param process Identifies this process.
	 */
	constructor(store: SharedStore, name: string, process: string = PROCESS) {
		this.#store = store;
		this.#process = process;
		// The braces keep all keys on one node of a cluster.
		this.#keys = ['underWay', 'answered', 'others', 'state', 'processes'].map(
			(part) => `limit:{${name}}:${part}`,
		);
	}

	get parts(): number {
		return this.#state === 'apart' ? this.#processes : 1;
	}

	async enter(requestsPerSecond: number, stop: AbortSignal): Promise<Entry> {
		if (this.#state === 'apart') {
			this.#returning ??= this.#return(requestsPerSecond);
			const isBack = await untilStopped(this.#returning, stop);
			if (isBack === null) return 'stopped';
			// Redis did not count what was sent meanwhile.
			return isBack ? 'changed' : NO_LEASE;
		}
		const booking = this.#lastBooking.then(async () => await this.#book(requestsPerSecond, stop));
		this.#lastBooking = booking;
		const booked = await untilStopped(booking, stop);
		if (booked === null) return 'stopped';
		if (typeof booked === 'string') return booked;
		const isReady = booked.waitMs === 0 || (await wait(booked.waitMs, stop));
		if (isReady) return this.#lease(booked, requestsPerSecond);
		this.#tell('unsent', booked.name, requestsPerSecond);
		return 'stopped';
	}

	count(requestsPerSecond: number): void {
		this.#tell('passed', this.#nextName(), requestsPerSecond);
	}

	pause(milliseconds: number): void {
		this.#tell('hold', '', Infinity, milliseconds);
	}

	async #book(
		requestsPerSecond: number,
		stop: AbortSignal,
	): Promise<Booking | 'stopped' | 'changed'> {
		for (;;) {
			if (stop.aborted) return 'stopped';
			if (this.#state === 'apart') return 'changed';
			const name = this.#nextName();
			const reply = await this.#run('enter', name, requestsPerSecond);
			if (!reply) {
				this.#state = 'apart';
				return 'changed';
			}
			const { isGiven, waitMs, beginsAt } = reply;
			if (!isGiven) {
				await wait(waitMs, stop);
			} else if (stop.aborted) {
				this.#tell('unsent', name, requestsPerSecond);
			} else {
				return { name, waitMs: waitMs > 0 ? waitMs + TIMER_MS : 0, beginsAt };
			}
		}
	}

	#lease({ name, beginsAt }: Booking, requestsPerSecond: number): Lease {
		const watchdog = setInterval(
			() => this.#tell('extend', name, requestsPerSecond),
			EXTEND_LEASE_MS,
		);
		watchdog.unref();
		return {
			pass: () => {
				clearInterval(watchdog);
				this.#tell('passed', name, requestsPerSecond);
			},
			release: (end, tookMs) => {
				clearInterval(watchdog);
				this.#tell(end, name, requestsPerSecond, end === 'refused' ? beginsAt : tookMs);
			},
		};
	}

	/** Sends without waiting for the reply: if it is lost, the lease runs out by itself. */
	#tell(action: Action, name: string, requestsPerSecond: number, value = 0): void {
		if (this.#state === 'shared') void this.#run(action, name, requestsPerSecond, value);
	}

	/** @returns `null` if Redis did not answer, or if the answer cannot be the script's. */
	async #run(
		action: Action,
		name: string,
		requestsPerSecond: number,
		value = 0,
	): Promise<LimitReply | null> {
		const argsFor = ({ id, startedAt }: RedisServer) => {
			const now = performance.now();
			const wasThere = now - this.#heardAt < REMEMBERED_MS || now - startedAt < NEW_SERVER_MS;
			const rate = String(Math.min(requestsPerSecond, Number.MAX_SAFE_INTEGER));
			return [action, name, this.#process, rate, id, wasThere ? '1' : '0', String(value)];
		};
		const reply = parseLimitReply(await this.#store.run('rateLimit/limit', this.#keys, argsFor));
		if (!reply) return null;
		this.#heardAt = performance.now();
		this.#noteProcesses(reply.processes, this.#heardAt);
		return reply;
	}

	#noteProcesses(count: number, now: number): void {
		if (count < this.#processes && now - this.#processesSeenAt < PROCESSES_KEPT_MS) return;
		this.#processes = count;
		this.#processesSeenAt = now;
	}

	async #return(requestsPerSecond: number): Promise<boolean> {
		const isBack = (await this.#run('back', '', requestsPerSecond, this.#processes)) !== null;
		if (isBack) this.#state = 'shared';
		this.#returning = null;
		return isBack;
	}

	#nextName(): string {
		this.#requests++;
		return `${this.#process}:${this.#requests}`;
	}
}

/** A lease that has yet to start. */
interface Booking {
	readonly name: string;
	readonly waitMs: number;
	/** In milliseconds on Redis's clock. */
	readonly beginsAt: number;
}

/** See `limit.lua`. */
interface LimitReply {
	readonly isGiven: boolean;
	readonly waitMs: number;
	readonly processes: number;
	readonly beginsAt: number;
}

function parseLimitReply(answer: ScriptAnswer): LimitReply | null {
	if (!('reply' in answer) || !Array.isArray(answer.reply) || answer.reply.length !== 4)
		return null;
	const [isGiven, waitMs, processes, beginsAt] = answer.reply.map(Number);
	const isGrant = isGiven === 1 && beginsAt >= 0 && beginsAt < Infinity;
	// A wait that is no number would not wait, and a refusal without a wait would be repeated immediately.
	const isSound = waitMs >= 0 && waitMs <= LONGEST_TIMER_MS && processes >= 1;
	if (!isSound || !(isGrant || (isGiven === 0 && waitMs > 0))) return null;
	return { isGiven: isGrant, waitMs, processes, beginsAt };
}

const limits = new WeakMap<SharedStore, Map<string, SharedLimit>>();

/** Returns this process's shared limit for an app key; `null` if the credential names no Redis. */
export function sharedLimitOf(credential: KisCredential): SharedLimit | null {
	const { appkey, redis } = credential;
	if (!redis) return null;
	const store = sharedStoreOf(redis);
	const name = namesOf(credential).of(`limit ${appkey}`);
	const known = limits.get(store) ?? new Map<string, SharedLimit>();
	limits.set(store, known);
	const limit = known.get(name) ?? new SharedLimit(store, name);
	known.set(name, limit);
	return limit;
}
