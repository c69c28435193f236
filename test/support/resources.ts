import { setImmediate as nextTurn } from 'node:timers/promises';

/** What keeps this process alive just now, such as `Timeout` or `TCPSocketWrap`: how many of each. */
export function resources(): Map<string, number> {
	const counts = new Map<string, number>();
	for (const name of process.getActiveResourcesInfo()) {
		counts.set(name, (counts.get(name) ?? 0) + 1);
	}
	return counts;
}

/** Of what there is more than before. */
export async function leftSince(before: ReadonlyMap<string, number>): Promise<string[]> {
	// A closed handle is let go of in the turn after.
	await nextTurn();
	return [...resources()]
		.filter(([name, count]) => name !== 'Immediate' && count > (before.get(name) ?? 0))
		.map(([name]) => name);
}
