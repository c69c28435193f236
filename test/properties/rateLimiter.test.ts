// What is tried: any rate and any requests, on a clock of the test's own: how long each takes, when it asks, which give
// up waiting, and when the server asks for a pause.

import fc from 'fast-check';

import { RateLimiter } from '../../kis/rateLimiter';
import { property } from '../support/properties';

beforeAll(() => {
	jest.useFakeTimers();
	jest.spyOn(performance, 'now').mockImplementation(() => Date.now());
});
afterAll(() => {
	jest.restoreAllMocks();
	jest.useRealTimers();
});

interface Asked {
	readonly atMs: number;
	readonly forMs: number;
	/** Gives up so long after asking. */
	readonly patienceMs: number | null;
}

interface Use {
	readonly from: number;
	readonly to: number;
}

const sleep = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms));

async function use(limiter: RateLimiter, { atMs, forMs, patienceMs }: Asked): Promise<Use | null> {
	await sleep(atMs);
	const stop = new AbortController();
	if (patienceMs !== null) setTimeout(() => stop.abort(), patienceMs);
	const slot = await limiter.acquire(stop.signal);
	if (!slot) return null;
	const from = Date.now();
	await sleep(forMs);
	const to = Date.now();
	slot.release();
	return { from, to };
}

property(
	'no server can count more than the rate in any window, nobody is forgotten, and a hold is kept',
	[
		fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(0.1, 0.5, 1.5, 2.9)),
		fc.array(
			fc.record<Asked>({
				atMs: fc.nat(3000),
				forMs: fc.nat(1500),
				patienceMs: fc.option(fc.nat(3000)),
			}),
			{ minLength: 1, maxLength: 30 },
		),
		fc.nat(3000),
		fc.nat(3000),
	],
	async (rate, asked, holdAtMs, holdMs) => {
		const limiter = new RateLimiter();
		limiter.join({}, rate);
		const started = Date.now();
		setTimeout(() => limiter.hold(holdMs), holdAtMs);
		const waiting = Promise.all(asked.map(async (each) => await use(limiter, each)));
		const windowMs = 1000 / Math.min(1, rate);
		await jest.advanceTimersByTimeAsync(6000 + asked.length * (windowMs + 1500));

		const uses = await Promise.race([waiting, 'someone was forgotten' as const]);
		if (typeof uses === 'string') throw new Error(uses);
		const granted = uses.filter((use) => use !== null);
		expect(asked.filter(({ patienceMs }, i) => patienceMs === null && !uses[i])).toEqual([]);
		// The server can have seen a request at any time between its grant and its answer.
		for (const { to: end } of granted) {
			const seen = granted.filter(({ from, to }) => to >= end && from < end + windowMs);
			expect(seen.length).toBeLessThanOrEqual(Math.max(1, Math.floor(rate)));
		}
		const held = granted.filter(
			({ from }) => from - started > holdAtMs && from - started < holdAtMs + holdMs,
		);
		expect(held).toEqual([]);
	},
);
