// KIS counts more than this process sends: how much is left to the others, and when it comes back. The clock is simulated.
import { CongestionControl } from '../../kis/rateLimit/congestionControl';
import { RateLimiter, type Permit } from '../../kis/rateLimit/rateLimiter';
import { Simulation } from '../support/simulation';

const never = () => new AbortController().signal;

let time: Simulation;
beforeEach(() => {
	time = new Simulation();
});

function limiterAt(requestsPerSecond: number): RateLimiter {
	const limiter = new RateLimiter(time);
	limiter.join({}, requestsPerSecond);
	return limiter;
}

async function take(limiter: RateLimiter): Promise<Permit> {
	const permit = await time.run(limiter.acquire(never()));
	if (!permit) throw new Error('no permit');
	return permit;
}

/** Sends as fast as it may for so many seconds. @returns The mean number of requests per second. */
async function sendFor(limiter: RateLimiter, seconds: number): Promise<number> {
	const stop = new AbortController();
	let sent = 0;
	const sending = async () => {
		for (let permit; (permit = await limiter.acquire(stop.signal)); sent++)
			permit.release('answered');
	};
	const ended = sending();
	await time.pass(seconds * 1000 - 1);
	stop.abort();
	await time.run(ended);
	return sent / seconds;
}

describe('the rate after a refusal', () => {
	const at = (control: CongestionControl, seconds: number, limit = 18) =>
		control.rateAt(seconds * 1000, limit);

	test('is four fifths of what was accepted, however far that is below what is set', () => {
		for (const limit of [18, 100, 1_000_000]) {
			const control = new CongestionControl();
			expect(control.refuse(0, 0, limit, 5)).toBe(true);
			expect(at(control, 0, limit)).toBeCloseTo(4);
		}
	});

	test('is at most four fifths of what it was', () => {
		const control = new CongestionControl();
		control.refuse(0, 0, 18, 40);
		expect(at(control, 0)).toBeCloseTo(14.4);
	});

	test('grows: fast at first, slowly near the peak, and whole within ten seconds', () => {
		for (const accepted of [0, 1, 5, 9, 14]) {
			const control = new CongestionControl();
			control.refuse(0, 0, 18, accepted);
			const rates = Array.from({ length: 101 }, (_, i) => at(control, i / 10));
			expect(rates).toEqual([...rates].sort((one, other) => one - other));
			expect(rates[90]).toBeGreaterThan(13);
			expect(rates[100]).toBe(18);
			expect([control.isClear(9999), control.isClear(10_000)]).toEqual([false, true]);
		}
		const control = new CongestionControl();
		control.refuse(0, 0, 18, 9);
		const [start, soon, near, later, late] = [0, 2, 4, 5, 8].map((seconds) => at(control, seconds));
		expect(soon - start).toBeGreaterThan(2 * (near - soon));
		expect(near).toBeCloseTo(9, 1);
		expect(late - later).toBeGreaterThan(2);
	});

	test('is a rate, not a share: a lower setting is not slowed further', () => {
		const control = new CongestionControl();
		control.refuse(0, 0, 18, 9);
		expect(at(control, 0, 3)).toBeLessThanOrEqual(3);
		expect(at(control, 0, 3)).toBeGreaterThan(2);
		expect(at(control, 5, 3)).toBe(3);
	});

	test('falls once for all requests that were sent before the refusal was heard', () => {
		const control = new CongestionControl();
		control.refuse(900, 1000, 18, 9);
		expect(control.refuse(950, 1050, 18, 9)).toBe(false);
		// That one had counted as accepted.
		expect(at(control, 1)).toBeCloseTo(0.8 * 8);
	});

	test('falls again for one that was sent later', () => {
		const control = new CongestionControl();
		control.refuse(900, 1000, 18, 9);
		expect(control.refuse(1000, 1100, 18, 9)).toBe(true);
		expect(at(control, 1.1)).toBeLessThan(0.8 * 8);
	});

	test('halves each time while nothing at all is accepted', () => {
		const control = new CongestionControl();
		control.refuse(0, 0, 18, 0);
		expect(at(control, 0)).toBeCloseTo(0.4);
		control.refuse(1, 1, 18, 0);
		expect(at(control, 0.001)).toBeLessThan(0.2);
	});
});

test('after a refusal requests are jittered, so that two processes do not keep colliding', async () => {
	const limiter = limiterAt(18);
	for (let i = 0; i < 10; i++) (await take(limiter)).release('answered');
	(await take(limiter)).release('refused');
	const granted: number[] = [];
	for (let i = 0; i < 8; i++) {
		(await take(limiter)).release('answered');
		granted.push(time.now());
	}
	const intervals = granted.slice(1).map((at, i) => at - granted[i]);
	expect(new Set(intervals).size).toBeGreaterThan(4);
	// Of eight to ten a second.
	for (const interval of intervals) {
		expect(interval).toBeGreaterThan(45);
		expect(interval).toBeLessThan(190);
	}
});

test('the whole rate comes back within ten seconds', async () => {
	const limiter = limiterAt(18);
	await sendFor(limiter, 2);
	(await take(limiter)).release('refused');
	const first = await sendFor(limiter, 2);
	const later = await sendFor(limiter, 8);
	expect(first).toBeLessThan(16);
	expect(later).toBeGreaterThan(first);
	expect(await sendFor(limiter, 1)).toBeGreaterThanOrEqual(17);
});

test('at one a second, as for paper accounts, the next may come after three', async () => {
	const limiter = limiterAt(1);
	(await take(limiter)).release('answered');
	(await take(limiter)).release('refused');
	const refused = time.now();
	await take(limiter);
	expect(time.now() - refused).toBeGreaterThanOrEqual(1000);
	expect(time.now() - refused).toBeLessThanOrEqual(4000);
});

test('however often KIS refuses, one request in ten seconds is sent, and half as many again', async () => {
	const limiter = limiterAt(18);
	for (let times = 0; times < 50; times++) {
		const before = time.now();
		(await take(limiter)).release('refused');
		expect(time.now() - before).toBeLessThanOrEqual(15_001);
	}
});

test('a growing rate serves waiters, though no request ends', async () => {
	const limiter = limiterAt(18);
	for (let times = 0; times < 4; times++) (await take(limiter)).release('refused');
	const before = time.now();
	await take(limiter);
	const first = time.now() - before;
	// At the present rate it would take as long again.
	await take(limiter);
	await take(limiter);
	expect(time.now() - before).toBeLessThan(3 * first);
});

test('unseen requests are slowed too', async () => {
	const limiter = limiterAt(18);
	for (let i = 0; i < 9; i++) (await take(limiter)).release('answered');
	(await take(limiter)).release('refused');
	const before = time.now();
	for (let i = 0; i < 4; i++) await time.run(limiter.pass(never()));
	// Of seven to eight a second.
	expect(time.now() - before).toBeGreaterThanOrEqual(3 * 120);
});
