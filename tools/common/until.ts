import { setTimeout as delay } from 'node:timers/promises';

interface Patience {
	/** How often to look before giving up. */
	readonly looks?: number;
	/** The pause after each look, in milliseconds. */
	readonly everyMs?: number;
}

/**
 * Looks until something holds. Patience is counted in looks, not in seconds: on a busy computer each look takes longer,
 * and so does what is looked for.
 *
 * @returns Whether it came to hold.
 */
export async function until(
	holds: () => boolean | Promise<boolean>,
	{ looks = Infinity, everyMs = 5 }: Patience = {},
): Promise<boolean> {
	for (let look = 0; look < looks; look++) {
		if (await holds()) return true;
		await delay(everyMs);
	}
	return false;
}
