import { setImmediate } from 'node:timers/promises';

/** How long a turn of the event loop may take here, in milliseconds; the rest of the host waits meanwhile. */
const TURN_MS = 10;

/** One clock for the whole process: executions that run at the same time take turns. */
let endsAt = 0;
let last: Promise<void> = Promise.resolve();

/**
 * Whether the rest of the host is to have its turn. To be asked right before each piece of work, and again after waiting,
 * since somebody else may have used the turn up: `while (turnIsOver()) await nextTurn();`
 */
export function turnIsOver(): boolean {
	return performance.now() >= endsAt;
}

/** Waits for a later turn of the event loop: first come, first served, each in one of its own. */
export async function nextTurn(): Promise<void> {
	last = last
		.then(async () => await setImmediate())
		.then(() => {
			endsAt = performance.now() + TURN_MS;
		});
	await last;
}

/** Maps what may be many items, as `Array.map` does, in as many turns as that takes. */
export async function mapInTurns<T, U>(
	items: readonly T[],
	map: (item: T, index: number) => U,
): Promise<U[]> {
	const mapped: U[] = [];
	for (const item of items) {
		while (turnIsOver()) await nextTurn();
		mapped.push(map(item, mapped.length));
	}
	return mapped;
}
