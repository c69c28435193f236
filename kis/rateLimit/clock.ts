/** Time and chance as a limiter sees them, so that tests can simulate both. */
export interface Clock {
	/** Milliseconds on a monotonic clock. */
	now(): number;
	/** Calls back once, after so many milliseconds. @returns A function that cancels it. */
	after(milliseconds: number, callback: () => void): () => void;
	/** Calls back in the next turn of the event loop, after its incoming data. */
	nextTurn(callback: () => void): void;
	/** Returns a number from 0 to 1, evenly distributed. */
	random(): number;
}

export const SYSTEM_CLOCK: Clock = {
	now: () => performance.now(),
	after(milliseconds, callback) {
		const timer = setTimeout(callback, milliseconds);
		return () => clearTimeout(timer);
	},
	nextTurn: (callback) => void setImmediate(callback),
	random: () => Math.random(),
};
