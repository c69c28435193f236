import { setTimeout as delay } from 'node:timers/promises';

/** Waits. @returns `true` when the time is over; `false`, immediately, if `stop` is aborted. */
export async function wait(milliseconds: number, stop: AbortSignal): Promise<boolean> {
	try {
		await delay(milliseconds, undefined, { signal: stop });
		return true;
	} catch {
		return false;
	}
}

/** Waits for work that goes on whatever happens. @returns Its result; `null`, immediately, if `stop` is aborted first. */
export async function untilStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T | null> {
	return await new Promise((resolve, reject) => {
		const leave = () => resolve(null);
		stop.addEventListener('abort', leave);
		if (stop.aborted) leave();
		void work.then(resolve, reject).finally(() => stop.removeEventListener('abort', leave));
	});
}

/**
 * Does work that has to end in time.
 *
 * Not with `AbortSignal.timeout`: inside `AbortSignal.any`, Node.js 20 loses that to garbage collection.
 *
 * @param milliseconds `null` for as long as it takes.
 * @param work Is given a signal that is aborted with `cancel`, and when the time is over.
 */
export async function withDeadline<T>(
	milliseconds: number | null,
	cancel: AbortSignal,
	work: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
	if (milliseconds === null) return await work(cancel);
	const over = new AbortController();
	const timer = setTimeout(() => over.abort(), milliseconds);
	try {
		return await work(AbortSignal.any([cancel, over.signal]));
	} finally {
		clearTimeout(timer);
	}
}

/** Returns a signal that is never aborted. A new one each time: Node.js warns of a leak above ten listeners to one. */
export function never(): AbortSignal {
	return new AbortController().signal;
}
