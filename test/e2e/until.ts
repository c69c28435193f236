import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 100;
const PATIENCE_MS = 60_000;

/** Waits for something to come about. @throws Error with what `context` says, if it does not within a minute. */
export async function until(
	holds: () => boolean | Promise<boolean>,
	context: () => string = () => '',
): Promise<void> {
	for (const since = performance.now(); !(await holds()); await delay(POLL_MS)) {
		if (performance.now() - since > PATIENCE_MS) {
			throw new Error(`It did not come about. ${context()}`);
		}
	}
}
