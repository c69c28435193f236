/**
 * How a request ended.
 *
 * - `answered`: by anything but a refusal for its rate.
 * - `refused`: for its rate.
 * - `unanswered`: no answer came from KIS. The request may still be on its way.
 * - `unsent`: nothing of it was written.
 */
export type RequestEnd = 'answered' | 'refused' | 'unanswered' | 'unsent';

/** A limit that several processes share. Requests pass it after the limit of their own process. */
export interface Gate {
	/** Into how many parts the processes have to split the limit themselves; 1 while the gate does it for them. */
	readonly parts: number;
	/**
	 * Waits for a lease.
	 *
	 * @param requestsPerSecond The limit of all processes together.
	 * @returns `stopped` if `stop` is aborted first; `changed` if the limit is kept in another way from now on. Then the caller
	 * waits for two windows, and passes its own limit again.
	 */
	enter(requestsPerSecond: number, stop: AbortSignal): Promise<Lease | 'stopped' | 'changed'>;
	/** Counts a request that goes now, even if there is no room for it. */
	count(requestsPerSecond: number): void;
	/** Keeps all processes from sending for a while. */
	pause(milliseconds: number): void;
}

/** The right to send one request through a gate. Call one of the two, once. */
export interface Lease {
	/** The request goes, and nobody will see its end. */
	pass(): void;
	/** The request has ended. @param tookMs From sending to the end. */
	release(end: RequestEnd, tookMs: number): void;
}

/** Where no gate keeps count. */
export const NO_LEASE: Lease = { pass() {}, release() {} };
