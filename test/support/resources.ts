import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** jest has short timers of its own where it runs tests in its own process. */
const PATIENCE_MS = 2000;

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
	const deadline = performance.now() + PATIENCE_MS;
	for (;;) {
		// A closed handle is let go of in the turn after.
		await nextTurn();
		const left = [...resources()]
			.filter(([name, count]) => name !== 'Immediate' && count > (before.get(name) ?? 0))
			.map(([name]) => name);
		if (left.length === 0 || performance.now() > deadline) return left;
		await sleep(20, undefined, { ref: false });
	}
}
