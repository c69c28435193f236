import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Where a turn of the event loop takes longer, in milliseconds, time runs out for what nobody disturbed: handshakes and answers. */
export const BUSY_MS = 250;

/**
 * Begins to watch the event loop of this process.
 *
 * @returns Ends it, and returns the longest turn meanwhile, in milliseconds.
 */
export function watchTurns(): () => number {
	const turns = monitorEventLoopDelay();
	turns.enable();
	return () => {
		turns.disable();
		return turns.max / 1e6;
	};
}
