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
