import { setImmediate } from 'node:timers/promises';

/** How long one turn of the event loop may take here, in milliseconds. The rest of the host waits meanwhile. */
const TURN_MS = 10;

/** One clock for the whole process, so that concurrent executions share a turn's time. */
let endsAt = 0;
let last: Promise<void> = Promise.resolve();

/**
 * Returns whether it is time to let the rest of the host run. Ask right before each piece of work, and again after waiting:
 * someone else may have used up the next turn.
 *
 * @example
 * while (turnIsOver()) await nextTurn();
 */
export function turnIsOver(): boolean {
	return performance.now() >= endsAt;
}

/** Waits for a later turn of the event loop. Callers are served in order, each in another turn. */
export async function nextTurn(): Promise<void> {
	last = last
		.then(async () => await setImmediate())
		.then(() => {
			endsAt = performance.now() + TURN_MS;
		});
	await last;
}

/** Maps many items like `Array.map`, in as many turns of the event loop as it takes. */
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
