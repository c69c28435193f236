import { setImmediate as nextTurn } from 'node:timers/promises';

import { until } from '../../tools/common/until';

/** What keeps this process alive just now, such as `Timeout` or `TCPSocketWrap`: how many of each. */
export function resources(): Map<string, number> {
	const counts = new Map<string, number>();
	for (const name of process.getActiveResourcesInfo()) {
		counts.set(name, (counts.get(name) ?? 0) + 1);
	}
	return counts;
}

/** Of what there is more than before, and stays so. */
export async function leftSince(before: ReadonlyMap<string, number>): Promise<string[]> {
	let left: string[] = [];
	// jest has short timers of its own where it runs tests in its own process.
	await until(
		async () => {
			// A closed handle is let go of in the turn after.
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
