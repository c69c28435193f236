/** How often to look. */
const TICK_MS = 5;
/** A timer that was late no longer than this before a moment may have delayed what happened then. */
const REACH_MS = 300;

const ticks: Array<{ readonly at: number; readonly lateMs: number }> = [];
let dueAt = performance.now() + TICK_MS;
const timer = setInterval(() => {
	const now = performance.now();
	ticks.push({ at: now, lateMs: Math.max(0, now - dueAt) });
	dueAt = now + TICK_MS;
}, TICK_MS);
afterAll(() => clearInterval(timer));

/**
 * Returns by how much a busy computer may have delayed what happened at a moment of the monotonic clock, in milliseconds:
 * the total lateness of this process's timers around then.
 */
export function latenessAt(moment: number): number {
	return ticks
		.filter(({ at, lateMs }) => at > moment - REACH_MS && at - lateMs - TICK_MS <= moment)
		.reduce((sum, { lateMs }) => sum + lateMs, 0);
}

/** The most moments in any second of the monotonic clock, less the time by which the first of them may have been delayed. */
export function mostInAnySecond(moments: readonly number[]): number {
	const countFrom = (first: number) => {
		const end = first + 1000 - latenessAt(first);
		return moments.filter((at) => at >= first && at < end).length;
	};
	return Math.max(...moments.map(countFrom));
}
