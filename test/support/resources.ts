import { setImmediate as nextTurn } from 'node:timers/promises';

import { until } from '../../tools/common/until';

/** Counts what keeps this process alive at the moment, by name, such as `Timeout` or `TCPSocketWrap`. */
export function resources(): Map<string, number> {
	const counts = new Map<string, number>();
	for (const name of process.getActiveResourcesInfo()) {
		counts.set(name, (counts.get(name) ?? 0) + 1);
	}
	return counts;
}

/** Returns the names of resources of which there are more than before. Waits for them to go first. */
export async function leftSince(before: ReadonlyMap<string, number>): Promise<string[]> {
	let left: string[] = [];
	// jest has short timers of its own where it runs tests in its own process.
	await until(
		async () => {
			// A closed handle is released in the next turn.
			await nextTurn();
			left = [...resources()]
				.filter(([name, count]) => name !== 'Immediate' && count > (before.get(name) ?? 0))
				.map(([name]) => name);
			return left.length === 0;
		},
		{ looks: 100, everyMs: 20 },
	);
	return left;
}
