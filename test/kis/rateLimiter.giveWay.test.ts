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

const never = () => new AbortController().signal;

function waitFor(limiter: RateLimiter): { granted: boolean } {
	const waiting = { granted: false };
	void limiter.acquire(never()).then(() => (waiting.granted = true));
	return waiting;
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
	await pass(4_000);
	expect(await sendForASecond(limiter)).toBe(9);
	await pass(1_000);
	expect(await sendForASecond(limiter)).toBe(10);
});

test('at one a second, as for paper accounts, the next may come after two', async () => {
	const limiter = limiterAt(1);
	(await limiter.acquire(never()))?.release();
	limiter.hold(0);
	const next = waitFor(limiter);
	await pass(1700);
	expect(next.granted).toBe(false);
	await pass(300);
	expect(next.granted).toBe(true);
});

test('however often KIS refuses, one in ten seconds is sent', async () => {
	const limiter = limiterAt(0.1);
	(await limiter.acquire(never()))?.release();
	for (let times = 0; times < 50; times++) {
		limiter.hold(1);
		await pass(1);
	}
	const next = waitFor(limiter);
	await pass(10_000);
	expect(next.granted).toBe(true);
});

test('a rate that grows serves who waits, though no request ends', async () => {
	const limiter = limiterAt(18);
	for (let times = 0; times < 6; times++) {
		limiter.hold(1);
		await pass(1);
	}
	await limiter.acquire(never());
	const next = waitFor(limiter);
	await pass(1000);
	expect(next.granted).toBe(false);
	await pass(9000);
	expect(next.granted).toBe(true);
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
