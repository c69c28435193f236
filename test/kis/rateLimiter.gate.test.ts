// The limiter of one process in front of a limit that several share. The shared one is played here, on simulated time.
import type { Gate, Lease } from '../../kis/rateLimit/gate';
import { sendPermitted } from '../../kis/rateLimit/pacedRequest';
import { RateLimiter } from '../../kis/rateLimit/rateLimiter';
import { RefusalStreak } from '../../kis/rateLimit/refusalStreak';
import type { Attempt } from '../../kis/reply/attempt';
import { makeAttempt } from '../support/attempts';
import { Simulation } from '../support/simulation';

const never = new AbortController().signal;

let time: Simulation;
let limiter: RateLimiter;
let parts: number;
/** What it says to each request in turn; then a lease. */
let says: Array<'changed' | 'stopped'>;
const lease: jest.Mocked<Lease> = { pass: jest.fn(), release: jest.fn() };
const gate = {
	get parts() {
		return parts;
	},
	enter: jest.fn<ReturnType<Gate['enter']>, Parameters<Gate['enter']>>(
		async () => await Promise.resolve(says.shift() ?? lease),
	),
	count: jest.fn<void, [number]>(),
	pause: jest.fn<void, [number]>(),
};
beforeEach(() => {
	jest.clearAllMocks();
	parts = 1;
	says = [];
	time = new Simulation();
	limiter = new RateLimiter(time);
	limiter.passThrough(gate);
	limiter.join(time, 18);
});

const acquire = async () => {
	const permit = await time.run(limiter.acquire(never));
	if (!permit) throw new Error('no permit');
	return permit;
};

test.each([
	[1, 18],
	[3, 6],
	[4, 4],
	[1000, 1],
])('while %d processes have to split the limit, %d requests may be under way', (count, most) => {
	parts = count;
	expect(limiter.maxConcurrent).toBe(most);
});

test('no process goes slower than one request in ten seconds', async () => {
	parts = 1e6;
	(await acquire()).release('answered');
	const before = time.now();
	await acquire();
	expect(time.now() - before).toBe(10_000);
});

test('a request passes it with the whole limit, and tells how it ended', async () => {
	const permit = await acquire();
	expect(gate.enter).toHaveBeenCalledWith(18, never);
	permit.sent();
	await time.pass(30);
	permit.release('answered');
	permit.release('answered');
	expect(lease.release.mock.calls).toEqual([['answered', 30]]);
});

test('a read tells that it passed', async () => {
	expect(await time.run(limiter.pass(never))).toBe(true);
	expect(lease.pass).toHaveBeenCalledTimes(1);
});

test('a request that goes without asking is counted there', () => {
	limiter.count();
	expect(gate.count.mock.calls).toEqual([[18]]);
});

test('a pause is told, and none that is over', () => {
	limiter.pause(0);
	limiter.pause(-5);
	expect(gate.pause).not.toHaveBeenCalled();
	limiter.pause(250);
	expect(gate.pause.mock.calls).toEqual([[250]]);
});

test.each([
	[18, 2000],
	[1, 2000],
	[0.5, 4000],
])(
	'if it keeps the limit in another way, a limit of %d waits for two windows: %d ms',
	async (rate, ms) => {
		limiter.leave(time);
		limiter.join(time, rate);
		says = ['changed'];
		const before = time.now();
		await acquire();
		expect(time.now() - before).toBe(ms);
		expect(gate.enter).toHaveBeenCalledTimes(2);
	},
);

test('a request that was turned back does not count as under way', async () => {
	limiter.leave(time);
	limiter.join(time, 1);
	says = ['changed', 'changed', 'changed'];
	await acquire();
	// Each of the three would take the only place.
	expect(time.now()).toBe(6000);
});

test('a read that was turned back counts as gone', async () => {
	limiter.leave(time);
	limiter.join(time, 1);
	says = ['changed'];
	expect(await time.run(limiter.pass(never))).toBe(true);
	expect(lease.pass).toHaveBeenCalledTimes(1);
	expect(time.now()).toBeGreaterThanOrEqual(2000);
});

test('a stopped request neither waits nor gets a permit', async () => {
	const stop = new AbortController();
	gate.enter.mockImplementationOnce(async () => {
		stop.abort();
		return await Promise.resolve('stopped');
	});
	expect(await time.run(limiter.acquire(stop.signal))).toBeNull();
	expect(time.now()).toBe(0);
	const permit = await acquire();
	permit.release('unsent');
	expect(lease.release).toHaveBeenCalledWith('unsent', 0);
});

describe('a pause that the server asks for', () => {
	const pausing = (isTooLong: boolean): Attempt => ({
		...makeAttempt('noVerdict'),
		pause: { until: Date.now() + 60_000, isTooLong },
	});
	test.each([
		['holds everyone', false],
		['holds nobody if it is longer than anyone waits', true],
	])('%s', async (_name, isTooLong) => {
		const permit = await acquire();
		const attempt = pausing(isTooLong);
		const exchange = {
			kind: 'unanswered',
			transportCode: 'ECONNRESET',
			httpStatus: null,
			onStaleConnection: false,
		} as const;
		const sent = await sendPermitted(
			limiter,
			permit,
			async (onWriting) => {
				await time.pass(70);
				onWriting();
				return exchange;
			},
			() => attempt,
		);
		expect(sent?.attempt).toBe(attempt);
		expect(gate.pause).toHaveBeenCalledTimes(isTooLong ? 0 : 1);
		// It counts from when it was written.
		expect(lease.release.mock.calls).toEqual([[expect.any(String), 0]]);
	});
});

describe('a streak of refusals for the rate', () => {
	test('is long after four in ten seconds', () => {
		const streak = new RefusalStreak();
		[1000, 1001, 1002].forEach((at) => streak.add(at));
		expect(streak.isLong(60_000)).toBe(false);
		streak.add(1003);
		expect([streak.isLong(10_999), streak.isLong(11_000)]).toEqual([false, true]);
		streak.end();
		expect(streak.isLong(60_000)).toBe(false);
	});

	test('begins anew after a minute and a half without one', () => {
		const streak = new RefusalStreak();
		[0, 90_000, 180_000].forEach((at) => streak.add(at));
		streak.add(270_000);
		expect(streak.isLong(270_000)).toBe(true);
		streak.add(360_001);
		expect(streak.isLong(360_001)).toBe(false);
		[360_002, 360_003, 360_004].forEach((at) => streak.add(at));
		expect([streak.isLong(370_000), streak.isLong(370_001)]).toEqual([false, true]);
	});
});
