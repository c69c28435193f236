// Where KIS counts more than this process sends: how much is left to the others, and when it comes back. On a clock of
// the test's own.
import { limiterOf, RateLimiter } from '../../kis/rateLimiter';

beforeEach(() => {
	jest.useFakeTimers();
	jest.spyOn(performance, 'now').mockImplementation(() => Date.now());
});
afterEach(() => {
	jest.restoreAllMocks();
	jest.useRealTimers();
});

const pass = async (ms: number) => await jest.advanceTimersByTimeAsync(ms);

/** Sends as fast as it may for a second. @returns How many requests that were. */
async function sendForASecond(limiter: RateLimiter): Promise<number> {
	const stop = new AbortController();
	let sent = 0;
	const sending = (async () => {
		for (let slot; (slot = await limiter.acquire(stop.signal)); sent++) slot.release();
	})();
	await pass(999);
	stop.abort();
	await sending;
	return sent;
}

function limiterAt(rate: number): RateLimiter {
	const limiter = new RateLimiter();
	limiter.join({}, rate);
	return limiter;
}

test('half is left to the others at first', async () => {
	const limiter = limiterAt(10);
	limiter.hold(1000);
	await pass(1000);
	expect(await sendForASecond(limiter)).toBe(5);
});

test('what KIS says while everyone waits is one finding', async () => {
	const limiter = limiterAt(10);
	for (let refused = 0; refused < 8; refused++) limiter.hold(1000);
	await pass(1000);
	expect(await sendForASecond(limiter)).toBe(5);
});

test('what it says afterwards is another: there are more than two', async () => {
	const limiter = limiterAt(16);
	for (let times = 0; times < 2; times++) {
		limiter.hold(1000);
		await pass(1000);
	}
	expect(await sendForASecond(limiter)).toBe(4);
});

test('half comes back in half a minute, bit by bit', async () => {
	const limiter = limiterAt(10);
	limiter.hold(1000);
	await pass(1000 + 24_000);
	expect(await sendForASecond(limiter)).toBe(9);
	await pass(6_000);
	expect(await sendForASecond(limiter)).toBe(10);
});

test('however often KIS refuses, something is sent', async () => {
	const limiter = limiterAt(18);
	for (let times = 0; times < 50; times++) {
		limiter.hold(1);
		await pass(2);
	}
	await pass(1000);
	expect(await sendForASecond(limiter)).toBe(1);
});

test('an app key that was slowed down is not forgotten before it is whole again', async () => {
	const member = {};
	const limiter = limiterOf('slowed');
	limiter.join(member, 10);
	limiter.hold(1000);
	limiter.leave(member);
	await pass(20_000);
	limiterOf('another');
	expect(limiterOf('slowed')).toBe(limiter);
	await pass(20_000);
	limiterOf('another');
	expect(limiterOf('slowed')).not.toBe(limiter);
});
