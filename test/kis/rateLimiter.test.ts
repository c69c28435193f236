// No server can count more than the limit, whoever sends and however long answers take; who goes first; and what is
// remembered. The clock is simulated.
import { Arrivals } from '../../kis/rateLimit/arrivals';
import { limiterOfAppKey } from '../../kis/rateLimit/limiterFor';
import type { RequestEnd } from '../../kis/rateLimit/gate';
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

interface Use {
	readonly from: number;
	readonly to: number;
}

/** Sends requests that each take `ms`. @returns When each was granted and released. */
async function use(limiter: RateLimiter, count: number, ms = 0): Promise<Use[]> {
	return await time.run(
		Promise.all(
			Array.from({ length: count }, async () => {
				const permit = await limiter.acquire(never());
				const from = time.now();
				if (ms > 0) await time.sleep(ms);
				permit?.release('answered');
				return { from, to: time.now() };
			}),
		),
	);
}

/** The most requests that a server can have seen in any window. A request counts from its grant to its release. */
function mostInAnyWindow(uses: readonly Use[], windowMs = 1000): number {
	return Math.max(
		...uses.map(
			({ to: end }) => uses.filter(({ from, to }) => to >= end && from < end + windowMs).length,
		),
	);
}

async function take(limiter: RateLimiter): Promise<Permit> {
	const permit = await time.run(limiter.acquire(never()));
	if (!permit) throw new Error('no permit');
	return permit;
}

/** A request that ends as soon as it is granted. */
async function send(limiter: RateLimiter, end: RequestEnd = 'answered'): Promise<void> {
	(await take(limiter)).release(end);
}

/** What waits for a permit, and when it got one. */
function waitFor(limiter: RateLimiter): { grantedAt: number | null } {
	const waiting: { grantedAt: number | null } = { grantedAt: null };
	void limiter.acquire(never()).then(() => (waiting.grantedAt = time.now()));
	return waiting;
}

test.each([
	[20, 41, 0],
	[18, 200, 1],
	[5, 8, 10],
	[2.9, 4, 0],
	[1, 2, 100],
])('never more than %d in any second (%d requests of %d ms)', async (rate, count, ms) => {
	const uses = await use(limiterAt(rate), count, ms);
	expect(mostInAnyWindow(uses)).toBeLessThanOrEqual(rate);
	const floor = Math.floor((count - 1) / rate) * 1000;
	const took = uses[count - 1].from - uses[0].from;
	expect(took).toBeGreaterThanOrEqual(floor);
	// A window begins with an answer, and timers count whole milliseconds.
	if (rate === 18) expect(took).toBeLessThanOrEqual(floor + 11 * 3);
});

test('below one a second the window is longer', async () => {
	const uses = await use(limiterAt(0.5), 2);
	expect(uses[1].from - uses[0].to).toBeGreaterThanOrEqual(2000);
});

test('after a pause a few go together, and the rest evenly', async () => {
	const limiter = limiterAt(10);
	for (const pause of [0, 5000]) {
		await time.pass(pause);
		const start = time.now();
		const uses = await use(limiter, 10);
		expect(uses.map(({ from }) => Math.round((from - start) / 100))).toEqual([
			0, 0, 0, 0, 1, 2, 3, 4, 5, 6,
		]);
	}
});

describe('a permit is available again', () => {
	test('one second after its request ended, not after it began', async () => {
		const uses = await use(limiterAt(1), 2, 600);
		expect(uses[1].from - uses[0].to).toBeGreaterThanOrEqual(1000);
	});

	test('a second release of a permit has no effect', async () => {
		const limiter = limiterAt(2);
		const permits = [await take(limiter), await take(limiter)];
		permits[0].release('answered');
		permits[0].release('answered');
		await take(limiter);
		const next = waitFor(limiter);
		await time.pass(60_000);
		expect(next.grantedAt).toBeNull();
		permits[1].release('answered');
		await time.pass(1000);
		expect(next.grantedAt).not.toBeNull();
	});

	test.each<[RequestEnd, number]>([
		['answered', 1000],
		['unanswered', 1250],
		['unsent', 0],
	])('after a request that ended as %s: in %d ms', async (end, ms) => {
		const limiter = limiterAt(1000);
		limiter.join({}, 1);
		// Then only the window holds up the next.
		await time.pass(5000);
		const permit = await take(limiter);
		await time.pass(3000);
		permit.release(end);
		const ended = time.now();
		const next = waitFor(limiter);
		await time.pass(5000);
		expect(next.grantedAt).toBe(ended + ms);
	});
});

describe('with slow answers', () => {
	test('when all answers take equally long, the window counts from sending', async () => {
		const uses = await use(limiterAt(5), 60, 700);
		// Until answer times are known, it counts from the answer.
		const known = uses.slice(10);
		for (const [i, { from }] of known.slice(5).entries()) {
			expect(from - known[i].from).toBeGreaterThanOrEqual(1000);
			expect(from - known[i].from).toBeLessThanOrEqual(1020);
		}
	});

	test('the window counts from the write, which a new connection delays', async () => {
		const limiter = limiterAt(2);
		const revoke = async (handshakeMs: number) => {
			const permit = await limiter.acquire(never());
			await time.sleep(handshakeMs);
			permit?.sent();
			await time.sleep(300);
			permit?.release('answered');
		};
		await time.run(Promise.all([500, 400, 300, 200].map(revoke)));
		expect(limiter.shortestAnswerTime).toBeCloseTo(300);
	});

	test('of which some take longer, those may have travelled longer', () => {
		const arrivals = new Arrivals();
		for (const now of [300, 600, 900]) {
			arrivals.begin();
			arrivals.answer(now, 300);
		}
		arrivals.begin();
		arrivals.answer(1600, 700);
		// Each has arrived by its answer, less 300 ms, plus a leeway of 10.
		expect([4, 3, 2, 1].map((capacity) => arrivals.roomAt(capacity, 1000))).toEqual([
			1010, 1310, 1610, 2310,
		]);
	});

	test('unseen requests count from when they have arrived', () => {
		const arrivals = new Arrivals();
		for (const now of [300, 600, 900, 1200]) {
			arrivals.begin();
			arrivals.answer(now, 300);
		}
		arrivals.add(500, 500);
		arrivals.add(700, 700);
		expect([1, 2, 3, 4, 5, 6, 7].map((capacity) => arrivals.roomAt(capacity, 1000))).toEqual([
			1910,
			1700,
			1610,
			1500,
			1310,
			1010,
			-Infinity,
		]);
		expect(arrivals.countAt(1600)).toBe(3);
	});

	test('the shortest time is trusted after four answers of the last ten seconds', () => {
		const arrivals = new Arrivals();
		const answer = (now: number, tookMs: number) => {
			arrivals.begin();
			arrivals.answer(now, tookMs);
			// With a leeway of 10 ms.
			return now + 1000 - arrivals.roomAt(1, 1000);
		};
		expect([answer(100, 100), answer(200, 80), answer(300, 90)]).toEqual([0, 0, 0]);
		expect(answer(400, 120)).toBe(70);
		expect([answer(10_000, 140), answer(10_100, 130)]).toEqual([70, 70]);
		expect(answer(10_300, 150)).toBe(110);
		expect(answer(30_000, 50)).toBe(0);
	});
});

describe('concurrent members', () => {
	test('share one limit, and the lowest rate applies', async () => {
		const limiter = limiterAt(1000);
		limiter.join({}, 2);
		limiter.join({}, 50);
		expect(mostInAnyWindow(await use(limiter, 5))).toBe(2);
		expect(limiter.maxConcurrent).toBe(2);
	});

	test('who leave speed up the others, waiting ones too', async () => {
		const limiter = limiterAt(1000);
		const slow = {};
		limiter.join(slow, 0.1);
		await send(limiter);
		const waiting = Array.from({ length: 20 }, () => waitFor(limiter));
		limiter.leave(slow);
		await time.pass(100);
		expect(waiting.filter(({ grantedAt }) => grantedAt === null)).toEqual([]);
	});

	test('who join with a lower rate slow down those that wait already', async () => {
		const limiter = limiterAt(10);
		await use(limiter, 10);
		const later = use(limiter, 3);
		limiter.join({}, 1);
		expect(mostInAnyWindow(await later)).toBe(1);
	});
});

describe('stop', () => {
	test('ends its own waits immediately, and no others', async () => {
		const limiter = limiterAt(0.1);
		await send(limiter);
		const [stop, other] = [new AbortController(), new AbortController()];
		const stopped = [limiter.acquire(stop.signal), limiter.acquire(stop.signal)];
		const behind = limiter.acquire(other.signal);
		const passing = limiter.pass(stop.signal);
		const before = time.now();
		stop.abort();
		expect(await time.run(Promise.all(stopped))).toEqual([null, null]);
		expect(await time.run(passing)).toBe(false);
		expect(time.now()).toBe(before);
		expect(await time.run(behind)).not.toBeNull();
	});

	test('before asking gives no permit', async () => {
		const limiter = limiterAt(1);
		expect(await limiter.acquire(AbortSignal.abort())).toBeNull();
		expect(await limiter.pass(AbortSignal.abort())).toBe(false);
		expect(await time.run(limiter.acquire(never()))).not.toBeNull();
	});

	test('is listened to once, however many wait', async () => {
		const { signal } = new AbortController();
		const listened = jest.spyOn(signal, 'addEventListener');
		const limiter = limiterAt(1);
		for (let i = 0; i < 100; i++) void limiter.acquire(signal);
		// Adding the same listener again has no effect.
		expect(new Set(listened.mock.calls.map(([, listener]) => listener)).size).toBe(1);
	});
});

describe('a pause', () => {
	test('nobody sends meanwhile, and nobody waits longer', async () => {
		const limiter = limiterAt(2);
		await use(limiter, 2);
		const waiting = waitFor(limiter);
		limiter.pause(1600);
		limiter.pause(1);
		const held = time.now();
		const passing = limiter.pass(never()).then(() => time.now());
		expect((await use(limiter, 1))[0].from).toBe(held + 1600);
		expect(waiting.grantedAt).toBe(held + 1600);
		expect(await time.run(passing)).toBeGreaterThan(held + 1600);
	});

	test('leaves the rate as it is', async () => {
		const limiter = limiterAt(18);
		limiter.pause(500);
		const uses = await use(limiter, 18);
		expect(uses[17].from - uses[0].from).toBeLessThan(1000);
	});
});

describe('who goes first', () => {
	test('permits are granted in the order of asking', async () => {
		const limiter = limiterAt(4);
		const order: number[] = [];
		const all = Array.from({ length: 8 }, async (_, i) => {
			const permit = await limiter.acquire(never());
			order.push(i);
			permit?.release('answered');
		});
		await time.run(Promise.all(all));
		expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
	});

	test('unseen requests wait for all of those, in their order', async () => {
		const limiter = limiterAt(4);
		const order: string[] = [];
		const pass = async (name: string) => {
			await limiter.pass(never());
			order.push(name);
		};
		const acquire = async (name: string) => {
			const permit = await limiter.acquire(never());
			order.push(name);
			permit?.release('answered');
		};
		await use(limiter, 4);
		const all = [pass('read 1'), pass('read 2'), acquire('revoke 1'), acquire('revoke 2')];
		await time.run(Promise.all(all));
		expect(order).toEqual(['revoke 1', 'revoke 2', 'read 1', 'read 2']);
	});
});

describe('unseen requests', () => {
	test('are spaced, and stop counting by themselves', async () => {
		const limiter = limiterAt(18);
		const passed: number[] = [];
		const pass = async () => {
			if (await limiter.pass(never())) passed.push(time.now());
		};
		await time.run(Promise.all(Array.from({ length: 200 }, pass)));
		// Timers count whole milliseconds.
		for (const [i, at] of passed.slice(1).entries()) {
			expect(at - passed[i]).toBeGreaterThanOrEqual(62);
			expect(at - passed[i]).toBeLessThanOrEqual(63);
		}
	});

	test('go on time though timers are late, and never more than 18 in a window', async () => {
		const limiter = new RateLimiter({
			now: () => time.now(),
			after: (milliseconds, callback) => time.after(milliseconds + 5, callback),
			nextTurn: (callback) => time.nextTurn(callback),
			random: () => time.random(),
		});
		limiter.join({}, 18);
		const passed: number[] = [];
		const pass = async () => {
			if (await limiter.pass(never())) passed.push(time.now());
		};
		await time.run(Promise.all(Array.from({ length: 181 }, pass)));
		expect(passed[180] - passed[0]).toBeLessThan(180 * 62 + 180);
		for (const [i, at] of passed.slice(18).entries()) {
			expect(at - passed[i]).toBeGreaterThanOrEqual(1116);
		}
	});

	test('count from when a busy host has written them', async () => {
		const limiter = limiterAt(18);
		const written: number[] = [];
		const pass = async () => {
			if (!(await limiter.pass(never()))) return;
			await time.sleep(4 * time.turnMs);
			written.push(time.now());
		};
		time.turnMs = 60;
		const early = Array.from({ length: 10 }, pass);
		await time.run(Promise.all(early));
		time.turnMs = 0;
		await time.run(Promise.all(Array.from({ length: 40 }, pass)));
		for (const [i, at] of written.slice(18).entries()) {
			expect(at - written[i]).toBeGreaterThanOrEqual(1116);
		}
	});

	test('that cannot wait are counted, beyond the limit too, and others wait for them', async () => {
		const limiter = limiterAt(3);
		for (let orders = 0; orders < 5; orders++) limiter.count();
		const waiting = waitFor(limiter);
		await time.pass(1115);
		expect(waiting.grantedAt).toBeNull();
		await time.pass(1000);
		expect(waiting.grantedAt).not.toBeNull();
	});

	test('know how long they would wait', async () => {
		const limiter = limiterAt(18);
		const within = async (count: number) => {
			const expected = limiter.expectedWait();
			const before = time.now();
			await time.run(Promise.all(Array.from({ length: count }, () => limiter.pass(never()))));
			expect(time.now() - before).toBeGreaterThanOrEqual(expected);
		};
		expect(limiter.expectedWait()).toBe(0);
		await within(1);
		expect(limiter.expectedWait()).toBeCloseTo(62);
		await within(10);
		for (let waiting = 0; waiting < 100; waiting++) void limiter.pass(never());
		const expected = limiter.expectedWait();
		const before = time.now();
		await time.run(limiter.pass(never()));
		expect((time.now() - before) / expected).toBeCloseTo(1, 1);
	});

	test('take the batches before them into account', async () => {
		const limiter = limiterAt(18);
		limiter.join({}, 18, () => 1000);
		expect(limiter.expectedWait()).toBeCloseTo(62_000);
		const permits = Array.from({ length: 18 }, () => limiter.acquire(never()));
		await time.run(Promise.all(permits));
		// All permits are in use: nobody knows until when.
		expect(limiter.expectedWait()).toBeCloseTo(62_062);
	});

	test('200 on a paper account fit into the longest wait', () => {
		const limiter = limiterAt(1);
		for (let waiting = 0; waiting < 200; waiting++) void limiter.pass(never());
		expect(limiter.expectedWait()).toBeLessThan(225_000);
	});
});

describe('an app key counts as refused throughout', () => {
	/** Refused, one second after the other. */
	async function refuse(limiter: RateLimiter, times: number): Promise<void> {
		for (let sent = 0; sent < times; sent++) {
			await send(limiter, 'refused');
			await time.pass(4000);
		}
	}

	test('after ten seconds and four refusals', async () => {
		const limiter = limiterAt(18);
		await refuse(limiter, 3);
		expect(limiter.isRefusedThroughout).toBe(false);
		await refuse(limiter, 1);
		expect(limiter.isRefusedThroughout).toBe(true);
	});

	test('not sooner, however often it is refused', async () => {
		const limiter = limiterAt(18);
		const permits: Permit[] = [];
		while (permits.length < 5) permits.push(await take(limiter));
		for (const permit of permits) permit.release('refused');
		expect(limiter.isRefusedThroughout).toBe(false);
	});

	test('whatever was unanswered or unsent in between', async () => {
		const limiter = limiterAt(18);
		await refuse(limiter, 3);
		await send(limiter, 'unanswered');
		await send(limiter, 'unsent');
		await refuse(limiter, 1);
		expect(limiter.isRefusedThroughout).toBe(true);
	});

	test('unless KIS lets one through', async () => {
		const limiter = limiterAt(18);
		await refuse(limiter, 3);
		await send(limiter, 'answered');
		await refuse(limiter, 3);
		expect(limiter.isRefusedThroughout).toBe(false);
	});

	test('or nobody tried for long in between', async () => {
		const limiter = limiterAt(18);
		await refuse(limiter, 4);
		await time.pass(2 * 60_000);
		await send(limiter, 'refused');
		expect(limiter.isRefusedThroughout).toBe(false);
	});

	test('or everyone left in between', async () => {
		const limiter = new RateLimiter(time);
		limiter.join(time, 18);
		await refuse(limiter, 4);
		limiter.leave(time);
		expect(limiter.isRefusedThroughout).toBe(false);
	});
});

test('at a million a second timers hold nothing up', async () => {
	const limiter = limiterAt(1_000_000);
	for (let batches = 0; batches < 100; batches++) await use(limiter, 1000);
	// A tenth of a second, give or take the whole milliseconds of timers.
	expect(time.now()).toBeLessThanOrEqual(101);
});

test('tidying up after many requests makes no room for more', async () => {
	const limiter = limiterAt(1_000_000);
	const uses = await use(limiter, 1000);
	limiter.join({}, 5);
	await take(limiter);
	expect(time.now() - uses[999].to).toBeGreaterThanOrEqual(1000);
});

describe('the limiter of an app key', () => {
	test('is shared by everything in this process while it matters', async () => {
		const member = {};
		const first = limiterOfAppKey('app one');
		first.join(member, 1);
		const permit = await first.acquire(never());
		expect(limiterOfAppKey('app two')).not.toBe(first);
		expect(limiterOfAppKey('app one')).toBe(first);
		permit?.release('answered');
		first.leave(member);
		// Its last request still counts at the server.
		limiterOfAppKey('app two');
		expect(limiterOfAppKey('app one')).toBe(first);
	});

	test('is forgotten when another is requested after it has ceased to matter', async () => {
		const member = {};
		const used = limiterOfAppKey('used');
		used.join(member, 0.1);
		const inUse = limiterOfAppKey('in use');
		inUse.join({}, 1);
		const began = performance.now();
		(await used.acquire(never()))?.release('answered');
		used.leave(member);
		const ended = performance.now();

		limiterOfAppKey('another', began + 9000);
		expect(limiterOfAppKey('used')).toBe(used);
		limiterOfAppKey('another', ended + 10_000);
		expect(limiterOfAppKey('used')).not.toBe(used);
		expect(limiterOfAppKey('in use')).toBe(inUse);
	});

	test('is kept while it is paused, and until its rate is whole again', async () => {
		const [held, slowed] = [new RateLimiter(time), new RateLimiter(time)];
		held.pause(5000);
		expect([held.isIdle(4999), held.isIdle(5000)]).toEqual([false, true]);
		slowed.join(held, 18);
		await send(slowed, 'refused');
		slowed.leave(held);
		expect([slowed.isIdle(9999), slowed.isIdle(10_000)]).toEqual([false, true]);
	});

	test('a name that objects inherit is an app key like any other', () => {
		expect(limiterOfAppKey('__proto__')).toBeInstanceOf(RateLimiter);
		expect(limiterOfAppKey('constructor')).not.toBe(limiterOfAppKey('toString'));
	});
});
