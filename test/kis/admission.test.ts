// Requests that n8n sends with the credential, within the app key's limit: when they may go, what they delay, and how long
// they count.
import type { KisCredential } from '../../kis/input/credential';
import type { EnvironmentName } from '../../kis/input/environments';
import { limiterOfAppKey } from '../../kis/rateLimit/limiterFor';
import {
	LONGEST_ADMISSION_MS,
	readIntervalMs,
	admitRequest,
	type NotAdmitted,
} from '../../kis/rateLimit/admission';
import { credentialFor, makeKeyPair } from '../support/tokens';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const never = () => new AbortController().signal;
const credentialOf = (environment: EnvironmentName): KisCredential => ({
	...credentialFor(makeKeyPair(), 'https://relay.example'),
	environment,
});
const read = async (credential: KisCredential, cancel = never()) =>
	await admitRequest(credential, { mayWait: true, cancel });
const write = async (credential: KisCredential) =>
	await admitRequest(credential, { mayWait: false, cancel: never() });
const reads = (credential: KisCredential, count: number) => {
	const ended: Array<{ readonly at: number; readonly notAdmitted: NotAdmitted | null }> = [];
	const started = performance.now();
	for (let sent = 0; sent < count; sent++) {
		void read(credential).then((notAdmitted) =>
			ended.push({ at: performance.now() - started, notAdmitted }),
		);
	}
	return ended;
};
const pass = async (milliseconds: number) => await jest.advanceTimersByTimeAsync(milliseconds);
/** The most requests under way; `null` if there is no limit for want of members. */
const placesOf = ({ appkey }: KisCredential) => {
	const { maxConcurrent } = limiterOfAppKey(appkey);
	return maxConcurrent > 1000 ? null : maxConcurrent;
};

test.each([
	['real', 62],
	['custom', 62],
	['paper', 1116],
] as const)('reads on %s go one by one, every %d ms', async (environment, intervalMs) => {
	const credential = credentialOf(environment);
	expect(readIntervalMs(credential)).toBe(intervalMs);
	const ended = reads(credential, 20);
	await pass(20 * (intervalMs + 1));
	expect(ended.map(({ notAdmitted }) => notAdmitted)).toEqual(Array(20).fill(null));
	for (const [i, { at }] of ended.slice(1).entries()) {
		expect(at - ended[i].at).toBeGreaterThanOrEqual(intervalMs);
	}
});

test('200 concurrent reads on a paper account are all admitted', async () => {
	const ended = reads(credentialOf('paper'), 200);
	await pass(LONGEST_ADMISSION_MS);
	expect(ended.map(({ notAdmitted }) => notAdmitted)).toEqual(Array(200).fill(null));
});

test('a read that would wait too long is told immediately, and how long', async () => {
	const credential = credentialOf('paper');
	const ended = reads(credential, 300);
	await pass(0);
	const refused = ended.filter(({ notAdmitted }) => notAdmitted !== null);
	expect(refused.length).toBeGreaterThan(50);
	for (const { at, notAdmitted } of refused) {
		expect(at).toBe(0);
		expect(notAdmitted).toMatchObject({ because: 'tooLong', waitMs: expect.any(Number) });
		// Refused ones make nobody wait.
		expect(notAdmitted).toEqual(refused[0].notAdmitted);
	}
	const { waitMs } = refused[0].notAdmitted as Extract<NotAdmitted, { because: 'tooLong' }>;
	expect(waitMs).toBeGreaterThan(LONGEST_ADMISSION_MS);
	expect(waitMs).toBeLessThan(LONGEST_ADMISSION_MS + 1116);
	// The last was admitted at the bound, and timers count whole milliseconds.
	await pass(LONGEST_ADMISSION_MS + 2000);
	expect(ended).toHaveLength(300);
});

test('a request that may not wait never does, however many wait, and they make room for it', async () => {
	const credential = credentialOf('real');
	const ended = reads(credential, 10);
	await pass(70);
	expect(ended).toHaveLength(2);
	const orders = Promise.all(Array.from({ length: 18 }, async () => await write(credential)));
	expect(await orders).toEqual(Array(18).fill(null));
	await pass(1000);
	expect(ended).toHaveLength(2);
	await pass(1000);
	expect(ended).toHaveLength(10);
});

test("the client's own requests go before all waiting reads", async () => {
	const credential = credentialOf('real');
	for (let orders = 0; orders < 18; orders++) await write(credential);
	const ended = reads(credential, 3);
	let readsBefore: number | null = null;
	void limiterOfAppKey(credential.appkey)
		.acquire(never())
		.then((permit) => {
			readsBefore = ended.length;
			permit?.release('answered');
		});
	await pass(2000);
	expect([readsBefore, ended.length]).toEqual([0, 3]);
});

test('a stopped request is not sent, and holds nobody up', async () => {
	const credential = credentialOf('paper');
	const stop = new AbortController();
	await read(credential);
	const stopped = Promise.all(
		Array.from({ length: 5 }, async () => await read(credential, stop.signal)),
	);
	const ended = reads(credential, 1);
	stop.abort();
	expect(await stopped).toEqual(Array(5).fill({ because: 'cancelled' }));
	await pass(1130);
	expect(ended).toHaveLength(1);
	expect(await read(credential, AbortSignal.abort())).toEqual({ because: 'cancelled' });
});

describe('the rate of a request applies to all', () => {
	test('while it waits, and until KIS no longer counts it', async () => {
		const credential = credentialOf('real');
		const limiter = limiterOfAppKey(credential.appkey);
		limiter.pause(500);
		const ended = reads(credential, 1);
		await pass(0);
		expect(placesOf(credential)).toBe(18);
		await pass(499);
		expect([ended.length, placesOf(credential)]).toEqual([0, 18]);
		await pass(1);
		expect([ended.length, placesOf(credential)]).toEqual([1, 18]);
		await pass(1115);
		expect(placesOf(credential)).toBe(18);
		await pass(1);
		expect(placesOf(credential)).toBeNull();
	});

	test('until the last of them is no longer counted', async () => {
		const credential = credentialOf('real');
		await write(credential);
		await pass(1000);
		await write(credential);
		await pass(1000);
		expect(placesOf(credential)).toBe(18);
		await pass(116);
		expect(placesOf(credential)).toBeNull();
	});

	test('the lowest, where one app key has several', async () => {
		const real = credentialOf('real');
		await write(real);
		await write({ ...real, environment: 'paper' });
		expect(placesOf(real)).toBe(1);
	});

	test.each<[string, (credential: KisCredential) => Promise<unknown>]>([
		['is stopped', async (credential) => await read(credential, AbortSignal.abort())],
		[
			'would wait too long',
			async (credential) => {
				limiterOfAppKey(credential.appkey).pause(LONGEST_ADMISSION_MS + 1);
				await read(credential);
			},
		],
	])('no longer, if it %s', async (_name, send) => {
		const credential = credentialOf('paper');
		await send(credential);
		expect(placesOf(credential)).toBeNull();
	});

	test('and keeps no process alive', async () => {
		jest.useRealTimers();
		const timers = () =>
			process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
		const before = timers();
		await write(credentialOf('real'));
		expect(timers()).toBe(before);
	});
});

test('an app key is forgotten once its last request no longer counts', async () => {
	const credential = credentialOf('real');
	const limiter = limiterOfAppKey(credential.appkey);
	await write(credential);
	await pass(10_000);
	expect(limiter.isIdle()).toBe(false);
	await pass(1116);
	expect(limiter.isIdle()).toBe(true);
});
