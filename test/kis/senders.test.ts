// How many senders a batch has: one at first, and more as they are needed. The limiter is played here.
import type { RateLimiter } from '../../kis/rateLimit/rateLimiter';
import { Senders } from '../../kis/revoke/senders';

const limiter = { maxConcurrent: 1000, shortestAnswerTime: 0 };
let senders: Senders;
let takers: Array<() => number | null>;
let ends: Array<() => void>;
let run: Promise<void>;
beforeEach(() => {
	Object.assign(limiter, { maxConcurrent: 1000, shortestAnswerTime: 0 });
	senders = new Senders(limiter as RateLimiter);
	takers = [];
	ends = [];
});
afterEach(async () => {
	ends.forEach((end) => end());
	await run;
});

/** Each sender begins when it is started, and waits until it is told to end. */
const start = (tokens = 1000) => {
	run = senders.run(
		new Map(Array.from({ length: tokens }, (_, i) => [String(i), i])),
		async (take) => {
			takers.push(take);
			await new Promise<void>((resolve) => ends.push(resolve));
		},
	);
};
/** As many as are started now. */
const started = () => {
	for (let i = 0; i < 200; i++) senders.startIfNeeded();
	return takers.length;
};

test('one at first, until KIS was heard', () => {
	start();
	expect(started()).toBe(1);
	senders.noteHeard();
	expect(takers).toHaveLength(2);
	expect(started()).toBe(8);
});

test('as many as are then under way: two thousand a second, for as long as an answer takes', () => {
	start();
	senders.noteHeard();
	limiter.shortestAnswerTime = 5;
	expect(started()).toBe(10);
	limiter.shortestAnswerTime = 100;
	expect(started()).toBe(16);
	for (let i = 0; i < 4; i++) senders.noteFinished();
	expect(started()).toBe(20);
	for (let i = 0; i < 1000; i++) senders.noteFinished();
	expect(started()).toBe(64);
});

test('no more than the limiter has room for', () => {
	start();
	senders.noteHeard();
	limiter.maxConcurrent = 3;
	expect(started()).toBe(3);
});

test('none while another one waits, whether its wait succeeds or not', async () => {
	start();
	senders.noteHeard();
	const waits = [Promise.resolve(1), Promise.reject(new Error('no'))];
	const waiting = waits.map(async (wait) => await senders.whileWaiting(wait).catch(() => {}));
	expect(started()).toBe(2);
	await Promise.all(waiting);
	expect(started()).toBe(8);
});

test('eight while one has to try again, whether its wait succeeds or not', async () => {
	start();
	senders.noteHeard();
	limiter.shortestAnswerTime = 100;
	const waits = [Promise.resolve(1), Promise.reject(new Error('no'))];
	const retrying = waits.map(async (wait) => await senders.whileRetrying(wait).catch(() => {}));
	expect(started()).toBe(8);
	await Promise.all(retrying);
	expect(started()).toBe(16);
});

test('none where no token is left', () => {
	start(2);
	senders.noteHeard();
	const [take] = takers;
	expect([senders.untaken, take(), senders.untaken]).toEqual([2, 0, 1]);
	expect([take(), senders.untaken, take(), senders.untaken]).toEqual([1, 0, null, 0]);
	expect(started()).toBe(2);
});

test('the run is over when all have ended, and fails as soon as one fails', async () => {
	start();
	senders.noteHeard();
	let isOver = false;
	void run.then(() => (isOver = true));
	ends[0]();
	await Promise.resolve();
	expect(isOver).toBe(false);
	ends[1]();
	await run;
	const failing = new Senders(limiter as RateLimiter).run(new Map([['0', 0]]), async () => {
		await Promise.reject(new Error('failed'));
	});
	await expect(failing).rejects.toThrow('failed');
});
