import type { Attempt } from './attempt';
import type { KisCredential } from './credential';
import { Connection, type ConnectionOptions } from './http/connection';
import type { Exchange } from './http/exchange';
import { limiterOf, type Place, type RateLimiter, type RequestEnd } from './rateLimit/rateLimiter';
import { asksToComeBack, retryAfterMs } from './retry';
import { sharedLimitOf } from './shared/sharedLimit';

export interface PacedOptions extends ConnectionOptions {
	/** Never more in any second, together with all else in this process that uses the app key. */
	readonly requestsPerSecond: number;
	/** Ends waiting and asking at once. */
	readonly cancel: AbortSignal;
}

/** The limiter of the credential's app key: for this process, and where the credential names a Redis for all that share it. */
export function limiterFor(credential: KisCredential): RateLimiter {
	const limiter = limiterOf(credential.appkey);
	limiter.passThrough(sharedLimitOf(credential));
	return limiter;
}

/**
 * Sends one request when the app key's limit has a place for it, over a connection of its own. Never throws, and leaves
 * the connection closed.
 *
 * @param send Sends it, and tells right before it is written.
 * @param read Reads how it ended.
 * @returns `null` if it was cancelled before it had a place.
 */
export async function sendPaced<A extends Attempt>(
	credential: KisCredential,
	options: PacedOptions,
	send: (connection: Connection, onWriting: () => void) => Promise<Exchange>,
	read: (exchange: Exchange) => A,
): Promise<{ readonly exchange: Exchange; readonly attempt: A } | null> {
	const limiter = limiterFor(credential);
	const connection = new Connection(options);
	limiter.join(connection, options.requestsPerSecond);
	try {
		const place = await limiter.acquire(options.cancel);
		if (!place) return null;
		const exchange = await send(connection, () => place.sent());
		const attempt = read(exchange);
		settlePlace(limiter, place, attempt);
		return { exchange, attempt };
	} finally {
		limiter.leave(connection);
		await connection.close();
	}
}

/**
 * Tells the limiter how a request has ended. Where the server has asked for a pause (`Retry-After`), everyone on the app
 * key makes it, unless it is longer than anyone waits here.
 */
export function settlePlace(limiter: RateLimiter, place: Place, attempt: Attempt): void {
	if (!asksToComeBack(attempt)) limiter.hold(retryAfterMs(attempt));
	place.release(requestEndOf(attempt));
}

/** How an attempt counts towards KIS's limit. An answer without a verdict may come from a relay that is still sending. */
export function requestEndOf({ verdict, rule }: Attempt): RequestEnd {
	if (verdict === 'unwritten') return 'unsent';
	if (verdict === 'noVerdict') return 'unanswered';
	return rule?.retry?.slowsEveryone ? 'refused' : 'answered';
}
