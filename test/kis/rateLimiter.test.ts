// Time is the subject here: only lower bounds are asserted, and windows are laid over what really happened.
import { limiterOf, RateLimiter, type Slot } from '../../kis/rateLimiter';

const never = () => new AbortController().signal;
const sleep = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms));

interface Use {
	readonly from: number;
	readonly to: number;
}

/** So many requests, each held for `ms`; when each was granted and given back. */
async function use(limiter: RateLimiter, count: number, ms = 0): Promise<Use[]> {
	return await Promise.all(
		Array.from({ length: count }, async () => {
			const slot = await limiter.acquire(never());
			const from = performance.now();
			if (ms > 0) await sleep(ms);
			const to = performance.now();
			slot?.release();
			return { from, to };
		}),
	);
}

/** The most requests that a server can have seen in any window: one counts from being granted until given back. */
function mostInAnyWindow(uses: readonly Use[], windowMs = 1000): number {
	return Math.max(
		...uses.map(
			({ to: end }) => uses.filter(({ from, to }) => to >= end && from < end + windowMs).length,
		),
	);
}

function limiterAt(rate: number): RateLimiter {
	const limiter = new RateLimiter();
	limiter.join({}, rate);
	return limiter;
}

test.concurrent.each([
	[20, 41, 0],
	[5, 8, 30],
	[2.9, 4, 0],
	[1, 2, 100],
])('never more than %d in any second (%d requests of %d ms)', async (rate, count, ms) => {
	const uses = await use(limiterAt(rate), count, ms);
	expect(mostInAnyWindow(uses)).toBeLessThanOrEqual(rate);
	const took = uses[count - 1].to - uses[0].from;
	expect(took).toBeGreaterThanOrEqual(Math.floor((count - 1) / rate) * 1000);
});

test.concurrent('below one a second the window is longer', async () => {
	const uses = await use(limiterAt(0.5), 2);
	expect(uses[1].from - uses[0].to).toBeGreaterThanOrEqual(2000);
});

test.concurrent(
	'a slot is free again one second after its request ended, not after it began',
	async () => {
		const uses = await use(limiterAt(1), 2, 600);
		expect(uses[1].from - uses[0].to).toBeGreaterThanOrEqual(1000);
	},
);

test.concurrent('a slot that is given back twice is free once', async () => {
	const limiter = limiterAt(2);
	const slots = [await limiter.acquire(never()), await limiter.acquire(never())];
	slots[0]?.release();
	slots[0]?.release();
	const next = await limiter.acquire(never());
	let served = false;
	const oneMore = limiter.acquire(never()).then(() => (served = true));
	await sleep(1300);
	expect(served).toBe(false);
	next?.release();
	slots[1]?.release();
	await oneMore;
});

test.concurrent('slots are given in the order of asking', async () => {
	const limiter = limiterAt(4);
	const order: number[] = [];
	await Promise.all(
		[0, 1, 2, 3, 4, 5, 6, 7].map(async (i) => {
			const slot = await limiter.acquire(never());
			order.push(i);
			slot?.release();
		}),
	);
	expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test.concurrent('a request that was not answered counts a little later than it ended', async () => {
	const limiter = limiterAt(2);
	const [late, early] = [await limiter.acquire(never()), await limiter.acquire(never())];
	const ended = performance.now();
	late?.release(true);
	early?.release();
	await limiter.acquire(never());
	const afterEarly = performance.now() - ended;
	await limiter.acquire(never());
	const afterLate = performance.now() - ended;
	expect(afterEarly).toBeGreaterThanOrEqual(1000);
	expect(afterLate).toBeGreaterThanOrEqual(1250);
});

describe('who takes part at once', () => {
	test.concurrent('shares one limit, and the lowest rate applies', async () => {
		const limiter = limiterAt(1000);
		limiter.join({}, 2);
		limiter.join({}, 50);
		const uses = (await Promise.all([use(limiter, 2), use(limiter, 3)])).flat();
		expect(mostInAnyWindow(uses)).toBeLessThanOrEqual(2);
	});

	test.concurrent('who leaves sets the others free, those that wait already too', async () => {
		const limiter = limiterAt(1000);
		const slow = {};
		limiter.join(slow, 0.1);
		await use(limiter, 1);
		const waiting = use(limiter, 20);
		limiter.leave(slow);
		const uses = await waiting;
		expect(uses[19].to - uses[0].from).toBeLessThan(5000);
	});

	test.concurrent(
		'who joins with a lower rate slows down those that wait already',
		async () => {
			const limiter = limiterAt(10);
			const first = use(limiter, 10);
			const later = use(limiter, 3);
			await first;
			limiter.join({}, 1);
			const uses = await later;
			expect(mostInAnyWindow(uses)).toBe(1);
		},
		10_000,
	);
});

describe('stop', () => {
	test.concurrent('ends waits at once', async () => {
		const limiter = limiterAt(0.1);
		(await limiter.acquire(never()))?.release();
		const stop = new AbortController();
		const stopped = [limiter.acquire(stop.signal), limiter.acquire(stop.signal)];
		stop.abort();
		expect(await Promise.all(stopped)).toEqual([null, null]);
	});

	test.concurrent('lets pass those behind', async () => {
		const limiter = limiterAt(1);
		const stop = new AbortController();
		(await limiter.acquire(never()))?.release();
		const stopped = limiter.acquire(stop.signal);
		const behind = limiter.acquire(never());
		stop.abort();
		expect(await stopped).toBeNull();
		expect(await behind).not.toBeNull();
	});

	test.concurrent('before asking gives no slot', async () => {
		const limiter = limiterAt(1);
		expect(await limiter.acquire(AbortSignal.abort())).toBeNull();
		expect(await limiter.acquire(never())).not.toBeNull();
	});
});

describe('hold', () => {
	test.concurrent('nobody gets a slot meanwhile, those that wait already neither', async () => {
		const limiter = limiterAt(2);
		await use(limiter, 2);
		const waiting = use(limiter, 1);
		const held = performance.now();
		limiter.hold(1600);
		const uses = [...(await waiting), ...(await use(limiter, 1))];
		for (const { from } of uses) expect(from - held).toBeGreaterThanOrEqual(1600);
	});

	test.concurrent('is not made shorter by a shorter one', async () => {
		const limiter = limiterAt(10);
		const held = performance.now();
		limiter.hold(700);
		limiter.hold(1);
		const [{ from }] = await use(limiter, 1);
		expect(from - held).toBeGreaterThanOrEqual(700);
	});
});

test.concurrent('a million a second are no burden', async () => {
	const limiter = limiterAt(1_000_000);
	const started = performance.now();
	for (let i = 0; i < 100_000; i++) (await limiter.acquire(never()))?.release();
	expect(performance.now() - started).toBeLessThan(10_000);
});

test.concurrent('what is tidied away of many requests makes no room for more', async () => {
	const limiter = new RateLimiter();
	limiter.join({}, 1_000_000);
	for (let i = 0; i < 1000; i++) (await limiter.acquire(never()))?.release();
	limiter.join({}, 5);
	const started = performance.now();
	await limiter.acquire(never());
	expect(performance.now() - started).toBeGreaterThan(900);
});

describe('the limiter of an app key', () => {
	test.concurrent('is one for everything in this process, as long as it matters', async () => {
		const member = {};
		const first = limiterOf('app one');
		first.join(member, 1);
		const slot: Slot | null = await first.acquire(never());
		expect(limiterOf('app two')).not.toBe(first);
		expect(limiterOf('app one')).toBe(first);
		slot?.release();
		first.leave(member);
		// Its last request still counts at the server.
		limiterOf('app two');
		expect(limiterOf('app one')).toBe(first);
	});

	test.concurrent(
		'is forgotten when another is asked for after it has ceased to matter',
		async () => {
			const member = {};
			const used = limiterOf('used');
			used.join(member, 0.1);
			const inUse = limiterOf('in use');
			inUse.join({}, 1);
			(await used.acquire(never()))?.release();
			used.leave(member);
			const ended = performance.now();

			limiterOf('another', ended + 9000);
			expect(limiterOf('used')).toBe(used);
			limiterOf('another', ended + 10_000);
			expect(limiterOf('used')).not.toBe(used);
			expect(limiterOf('in use')).toBe(inUse);
		},
	);

	test.concurrent('a name that objects inherit is an app key like any other', () => {
		expect(limiterOf('__proto__')).toBeInstanceOf(RateLimiter);
		expect(limiterOf('constructor')).not.toBe(limiterOf('toString'));
	});
});
