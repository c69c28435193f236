// Several processes share one limit without knowing of each other. Simulates KIS's sliding second, travel and answer times,
// and batches, around the real limiter. Each figure is taken over five seeds.
import { RateLimiter } from '../../kis/rateLimit/rateLimiter';
import { SimulatedKis, Simulation, simulateRun } from '../support/simulation';

const LIMIT = 18;
const SEEDS = [1, 2, 3, 4, 5];

interface Scenario {
	readonly workers: number;
	readonly executions: number;
	readonly tokens: number;
	readonly answerMs?: readonly [number, number];
	readonly limit?: number;
	readonly requestsPerSecond?: number;
}

interface Result {
	/** Divided by the shortest time possible. */
	readonly timesTheFloor: number;
	readonly refusedShare: number;
	readonly rejected: number;
}

/** Executions that start together, spread over workers. */
async function simulate(scenario: Scenario, seed: number): Promise<Result> {
	const { workers, executions, tokens, answerMs = [1, 3] } = scenario;
	const { limit = LIMIT, requestsPerSecond = LIMIT } = scenario;
	const time = new Simulation(seed);
	const kis = new SimulatedKis(time, limit, () => time.between(...answerMs));
	const limiters = Array.from({ length: workers }, () => new RateLimiter(time));
	const all = Array.from({ length: executions }, async (_, i) => {
		await time.sleep(time.between(0, 50));
		const [limiter, from] = [limiters[i % workers], `worker ${i % workers}`];
		const batch = { limiter, kis, from, tokens: tokens / executions, requestsPerSecond };
		return await simulateRun(time, batch);
	});
	const rejected = (await time.run(Promise.all(all))).reduce((sum, count) => sum + count);
	return {
		timesTheFloor: time.now() / 1000 / Math.floor((tokens - 1) / limit),
		refusedShare: kis.refused / kis.arrivals.length,
		rejected,
	};
}

async function simulateAll(scenario: Scenario): Promise<Result[]> {
	const results = [];
	for (const seed of SEEDS) results.push(await simulate(scenario, seed));
	return results;
}

const median = (values: number[]) =>
	[...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];

describe.each<[string, readonly [number, number]]>([
	['immediately', [1, 3]],
	['after 5 to 40 ms', [5, 40]],
	['after 700 ms', [700, 700]],
])('where KIS answers %s', (_when, answerMs) => {
	test.each([
		[2, 10, 500],
		[3, 9, 495],
		[4, 12, 492],
	])('%d workers, %d executions, %d tokens', async (workers, executions, tokens) => {
		const results = await simulateAll({ workers, executions, tokens, answerMs });
		expect(results.map(({ rejected }) => rejected)).toEqual(SEEDS.map(() => 0));
		expect(median(results.map(({ timesTheFloor }) => timesTheFloor))).toBeLessThan(1.5);
		expect(Math.max(...results.map(({ refusedShare }) => refusedShare))).toBeLessThan(0.08);
	});

	test('one process alone is refused nothing, and takes little more than the floor', async () => {
		const [result] = await simulateAll({ workers: 1, executions: 1, tokens: 200, answerMs });
		// The first call goes alone, and the last answer has to be awaited.
		const answers = (2 * answerMs[1]) / 11_000;
		expect(result).toMatchObject({ refusedShare: 0, rejected: 0 });
		expect(result.timesTheFloor).toBeLessThan(1.03 + answers);
	});

	test('one of two workers alone has all executions', async () => {
		const [result] = await simulateAll({ workers: 1, executions: 10, tokens: 500, answerMs });
		expect(result).toMatchObject({ refusedShare: 0, rejected: 0 });
		expect(result.timesTheFloor).toBeLessThan(1.1);
	});

	test('the whole limit is back within ten seconds after others have gone', async () => {
		for (const seed of SEEDS) {
			const time = new Simulation(seed);
			const kis = new SimulatedKis(time, LIMIT, () => time.between(...answerMs));
			const start = async (from: string, tokens: number) => {
				const limiter = new RateLimiter(time);
				const batch = { limiter, kis, from, tokens, requestsPerSecond: LIMIT };
				return await simulateRun(time, batch);
			};
			const stays = start('stays', 600);
			await time.run(Promise.all([start('goes', 60), start('goes too', 90)]));
			const gone = time.now();
			await time.run(stays);
			// In the eleventh second, give or take timers and answer times.
			expect(kis.acceptedFrom('stays', gone + 10_000, gone + 11_000)).toBeGreaterThanOrEqual(17);
		}
	});
});

describe("a new customer's key, which has 3 requests a second", () => {
	test.each([3, 18, 100, 1_000_000])('settles there, with %d set', async (requestsPerSecond) => {
		const scenario = { workers: 1, executions: 1, tokens: 40, limit: 3, requestsPerSecond };
		for (const { rejected, timesTheFloor } of await simulateAll(scenario)) {
			expect(rejected).toBe(0);
			expect(timesTheFloor).toBeLessThan(1.3);
		}
	});

	test('is not slowed by what was learnt before, once 3 are set', async () => {
		for (const seed of SEEDS) {
			const time = new Simulation(seed);
			const kis = new SimulatedKis(time, 3);
			const limiter = new RateLimiter(time);
			const run = async (tokens: number, requestsPerSecond: number) => {
				const batch = { limiter, kis, from: 'user', tokens, requestsPerSecond };
				await time.run(simulateRun(time, batch));
			};
			await run(40, LIMIT);
			const [before, refusedBefore] = [time.now(), kis.refused];
			await run(60, 3);
			expect(kis.refused).toBe(refusedBefore);
			// 19 s is the floor.
			expect(time.now() - before).toBeLessThan(21_000);
		}
	});
});

test("requests of other senders are spaced so that none is refused, beside the node's own", async () => {
	for (const [reads, revokes] of [
		[200, 0],
		[150, 50],
	]) {
		const time = new Simulation();
		const kis = new SimulatedKis(time, LIMIT);
		const limiter = new RateLimiter(time);
		limiter.join({}, LIMIT);
		const never = new AbortController().signal;
		// They travel as long as those of the HTTP Request node, which makes a connection for each.
		const read = async () => {
			await limiter.pass(never);
			await time.sleep(time.between(5, 60));
			kis.arrive('HTTP Request');
		};
		const batch = { limiter, kis, from: 'KIS Token', tokens: revokes, requestsPerSecond: LIMIT };
		const all = Array.from({ length: reads }, read);
		await time.pass(2000);
		await time.run(Promise.all([...all, revokes > 0 && simulateRun(time, batch)]));
		expect(kis.refused).toBe(0);
		expect(kis.arrivals).toHaveLength(reads + revokes);
		expect(time.now() / 11_000).toBeLessThan(1.15);
	}
});
