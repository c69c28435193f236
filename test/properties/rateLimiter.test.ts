// What is tried: any rate and any requests on a simulated clock: when each asks, who sends it, how long it takes, whether it
// gives up waiting, how it ends, and when the server asks for a pause.

import fc from 'fast-check';

import type { RequestEnd } from '../../kis/rateLimit/gate';
import { RateLimiter } from '../../kis/rateLimit/rateLimiter';
import { property } from '../support/properties';
import { Simulation } from '../support/simulation';

/** How much the travel times of two requests may differ. Unseen requests may travel longer. */
const JITTER_MS = 10;
const UNSEEN_MS = 116;
const LATE_MS = 250;

interface Asked {
	readonly atMs: number;
	/** How much longer than others it travels. */
	readonly jitterMs: number;
	/** From its arrival to its end. */
	readonly forMs: number;
	readonly end: RequestEnd;
	/** How long after asking it gives up. */
	readonly patienceMs: number | null;
	/** Whether n8n sends it, so that its end is not seen. */
	readonly isForeign: boolean;
}

interface Sent {
	readonly grantedAt: number;
	/** When the server counts it; `null` if it was not sent. */
	readonly countedAt: number | null;
}

async function send(
	time: Simulation,
	limiter: RateLimiter,
	wayMs: number,
	asked: Asked,
): Promise<Sent | null> {
	await time.sleep(asked.atMs);
	const stop = new AbortController();
	if (asked.patienceMs !== null) time.after(asked.patienceMs, () => stop.abort());
	if (asked.isForeign) {
		if (!(await limiter.pass(stop.signal))) return null;
		const grantedAt = time.now();
		return { grantedAt, countedAt: grantedAt + asked.jitterMs * (UNSEEN_MS / JITTER_MS) };
	}
	const permit = await limiter.acquire(stop.signal);
	if (!permit) return null;
	const grantedAt = time.now();
	const arrivedMs = wayMs + asked.jitterMs;
	const wasGivenUp = asked.end === 'unanswered';
	await time.sleep(wasGivenUp ? asked.forMs : arrivedMs + asked.forMs);
	permit.release(asked.end);
	if (asked.end === 'unsent') return { grantedAt, countedAt: null };
	// A request that was given up may arrive a while later.
	const late = (asked.jitterMs / JITTER_MS) * (asked.forMs + LATE_MS);
	return { grantedAt, countedAt: grantedAt + (wasGivenUp ? late : arrivedMs) };
}

const anyRequest = fc.record<Asked>({
	atMs: fc.nat(3000),
	jitterMs: fc.nat(JITTER_MS),
	forMs: fc.oneof(fc.nat(20), fc.nat(1500)),
	end: fc.constantFrom('answered', 'answered', 'answered', 'unanswered', 'unsent'),
	patienceMs: fc.option(fc.nat(3000)),
	isForeign: fc.boolean(),
});

/** Then the limiter lets the next ones go as early as it ever may. */
const manyThatTakeAsLong = fc
	.tuple(fc.nat(1500), fc.array(fc.nat(JITTER_MS), { minLength: 30, maxLength: 60 }))
	.map(([forMs, jitters]) =>
		jitters.map((jitterMs): Asked => {
			return { atMs: 0, jitterMs, forMs, end: 'answered', patienceMs: null, isForeign: false };
		}),
	);

property(
	'no server can count more than the rate in any window, nobody is forgotten, and pauses are kept',
	[
		fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(0.1, 0.5, 1.5, 2.9)),
		fc.oneof(fc.array(anyRequest, { minLength: 1, maxLength: 40 }), manyThatTakeAsLong),
		fc.nat(500),
		fc.nat(3000),
		fc.nat(3000),
	],
	async (rate, asked, wayMs, holdAtMs, holdMs) => {
		const time = new Simulation();
		const limiter = new RateLimiter(time);
		limiter.join({}, rate);
		time.after(holdAtMs, () => limiter.pause(holdMs));
		const all = asked.map(async (each) => await send(time, limiter, wayMs, each));
		// Throws if a request is forgotten.
		const sent = await time.run(Promise.all(all));

		const windowMs = 1000 / Math.min(1, rate);
		expect(asked.filter(({ patienceMs }, i) => patienceMs === null && !sent[i])).toEqual([]);
		const counted = sent
			.map((each) => each?.countedAt ?? null)
			.filter((at) => at !== null)
			.sort((one, other) => one - other);
		const places = Math.max(1, Math.floor(rate));
		for (const [i, at] of counted.slice(places).entries()) {
			// Except for rounding.
			expect(at - counted[i]).toBeGreaterThan(windowMs - 0.001);
		}
		const held = sent.filter(
			(each) => each && each.grantedAt > holdAtMs && each.grantedAt < holdAtMs + holdMs,
		);
		expect(held).toEqual([]);
	},
);
