// Which senders of a batch are counted as waiting, since nobody joins them while one is.
import { RateLimiter } from '../../kis/rateLimit/rateLimiter';
import { Senders } from '../../kis/revoke/senders';

const TOKENS = new Map(['one', 'two', 'three'].map((token) => [token, token]));
const PERMIT = Promise.resolve();

/**
 * Lets the first sender wait, and then hear KIS.
 *
 * @param isOver Whether the wait is over by then.
 * @returns How many senders took tokens, and which ones they took.
 */
async function sendersAfter(wait: Promise<unknown>, isOver = true) {
	const senders = new Senders(new RateLimiter());
	const taken: string[] = [];
	let started = 0;
	await senders.run(TOKENS, async (take) => {
		started++;
		for (let token = take(); token; token = take()) {
			taken.push(token);
			if (taken.length > 1) continue;
			const waited = senders.whileWaiting(wait).catch(() => null);
			if (isOver) await waited;
			senders.noteHeard();
		}
	});
	return { started, taken };
}

test.each<[string, () => Promise<unknown>]>([
	['with a permit', async () => await PERMIT],
	['without one', async () => await new RateLimiter().acquire(AbortSignal.abort())],
	['with an error', async () => await Promise.reject(new Error('no permit'))],
])('a wait that has ended %s keeps nobody from joining', async (_name, wait) => {
	expect(await sendersAfter(wait())).toEqual({ started: 2, taken: [...TOKENS.keys()] });
});

test('a wait that goes on does', async () => {
	expect(await sendersAfter(PERMIT, false)).toEqual({ started: 1, taken: [...TOKENS.keys()] });
});
