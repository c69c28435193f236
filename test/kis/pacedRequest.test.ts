// Whatever goes wrong while a request is sent or read, its permit is released.
import { sendPermitted } from '../../kis/rateLimit/pacedRequest';
import { limiterOfAppKey } from '../../kis/rateLimit/limiterFor';
import { RateLimiter, type Permit } from '../../kis/rateLimit/rateLimiter';
import type { Exchange } from '../../kis/http/exchange';
import { revoke } from '../support/revoke';
import { closeServers, CONFIRMATION, startServer } from '../support/scriptedServer';
import { makeKeyPair, makeTokens } from '../support/tokens';
import { Simulation } from '../support/simulation';

afterEach(closeServers);

const never = new AbortController().signal;
const LOST: Exchange = {
	kind: 'unanswered',
	transportCode: 'ECONNRESET',
	httpStatus: null,
	onStaleConnection: false,
};

async function takePermit(limiter: RateLimiter): Promise<Permit> {
	const permit = await limiter.acquire(never);
	if (!permit) throw new Error('no permit');
	return permit;
}

test('a permit is released though the answer cannot be read', async () => {
	const time = new Simulation();
	const limiter = new RateLimiter(time);
	limiter.join(time, 1);
	const unreadable = sendPermitted(
		limiter,
		await takePermit(limiter),
		async () => await Promise.resolve(LOST),
		() => {
			throw new RangeError('cannot be read');
		},
	);
	await expect(unreadable).rejects.toThrow('cannot be read');
	expect(await time.run(limiter.acquire(never))).not.toBeNull();
});

test('a permit is released where the request is not to be sent after all', async () => {
	const time = new Simulation();
	const limiter = new RateLimiter(time);
	limiter.join(time, 1);
	const read = () => {
		throw new RangeError('nothing to read');
	};
	const permit = await takePermit(limiter);
	expect(
		await sendPermitted(limiter, permit, async () => await Promise.resolve(null), read),
	).toBeNull();
	expect(await time.run(limiter.acquire(never))).not.toBeNull();
	// Nothing was sent: nobody waits for its late arrival.
	expect(time.now()).toBe(1000);
});

test('a batch joins its limiter before its first wait, so that the limiter is not forgotten', async () => {
	const keys = makeKeyPair();
	const limiter = limiterOfAppKey(keys.appkey);
	const server = await startServer({ answer: () => CONFIRMATION });
	const running = revoke(server.url, makeTokens(2, keys.appkey), { keys });
	limiterOfAppKey(makeKeyPair().appkey);
	expect(limiterOfAppKey(keys.appkey)).toBe(limiter);
	await running;
});
