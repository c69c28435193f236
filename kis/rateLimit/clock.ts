/** What a limiter knows of time and chance, so that a test can run many of them on a clock of its own. */
export interface Clock {
	/** Milliseconds on a monotonic clock. */
	now(): number;
	/** Calls back once, so many milliseconds from now. @returns Calls it off. */
	after(milliseconds: number, callback: () => void): () => void;
	/** Calls back in the next turn of the event loop, after what has arrived by then. */
	nextTurn(callback: () => void): void;
	/** From 0 to 1, each as likely as any other. */
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
