import type { RequestEnd } from './rateLimiter';

/** A limit that is wider than this process. What is to be sent passes it after the process's own limit. */
export interface Gate {
	/** How many processes have to share the limit; 1 while the gate sees to that. */
	readonly parts: number;
	/**
	 * Waits for a place.
	 *
	 * @param requestsPerSecond The limit of all together.
	 * @returns `stopped` if `stop` is aborted first; `changed` if something else than before keeps the limit from now on: two
	 * windows have to be waited for, and then the process's own limit once more.
	 */
	enter(requestsPerSecond: number, stop: AbortSignal): Promise<Lease | 'stopped' | 'changed'>;
	/** Counts a request that goes now, whether there is room or not. */
	count(requestsPerSecond: number): void;
	/** Nobody sends for so many milliseconds. */
	pause(milliseconds: number): void;
}

/** A place in a gate. One of the two has to be called, once. */
export interface Lease {
	/** Its request goes, and nobody will see how it ends. */
	pass(): void;
	/** @param tookMs From sending to the end. */
	release(end: RequestEnd, tookMs: number): void;
}
