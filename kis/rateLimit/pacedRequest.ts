import type { Attempt } from '../reply/attempt';
import { parseExchange, type ParsedExchange } from '../reply/reply';
import type { KisCredential } from '../input/credential';
import { Connection, type ConnectionOptions } from '../http/connection';
import type { Exchange } from '../http/exchange';
import { limiterFor } from './limiterFor';
import type { RateLimiter, RequestEnd } from './rateLimiter';
import { asksToComeBack, pauseLeft } from '../reply/retry';

/** How requests are sent, whatever they ask for. */
export interface SendingOptions extends Omit<ConnectionOptions, 'url'> {
	/** Never more in any second, together with all else in this process that uses the app key. */
	readonly requestsPerSecond: number;
	/** Ends waiting and sending immediately. */
	readonly cancel: AbortSignal;
}

/** A request that has ended, and what was read of its end. */
export interface Sent<A extends Attempt> extends ParsedExchange {
	readonly attempt: A;
}

/** Sends a request, and calls back right before it is written. */
type Send = (onWriting: () => void) => Promise<Exchange>;

/**
 * Sends one request when the app key's limit has a place for it, over a connection of its own, which is closed after it.
 *
 * @returns `null` if it was cancelled before it had a place.
 */
export async function sendPaced<A extends Attempt>(
	credential: KisCredential,
	options: SendingOptions & ConnectionOptions,
	send: (connection: Connection, onWriting: () => void) => Promise<Exchange>,
	read: (parsed: ParsedExchange) => A,
): Promise<Sent<A> | null> {
	const limiter = limiterFor(credential);
	const connection = new Connection(options);
	limiter.join(connection, options.requestsPerSecond);
	try {
		const sendOver: Send = async (onWriting) => await send(connection, onWriting);
		return await sendPermitted(limiter, options.cancel, sendOver, read);
	} finally {
		limiter.leave(connection);
		await connection.close();
	}
}

/**
 * Sends one request when the limiter has a place for it, and tells the limiter how it has ended. Where the server has
 * asked for a pause (`Retry-After`), everyone on the app key makes it, unless it is longer than anyone waits here.
 *
 * @param stopWaiting Ends waiting for a place.
 * @returns `null` if waiting was ended.
 */
export async function sendPermitted<A extends Attempt>(
	limiter: RateLimiter,
	stopWaiting: AbortSignal,
	send: Send,
	read: (parsed: ParsedExchange) => A,
): Promise<Sent<A> | null> {
	const place = await limiter.acquire(stopWaiting);
	if (!place) return null;
	try {
		const parsed = parseExchange(await send(() => place.sent()));
		const attempt = read(parsed);
		if (!asksToComeBack(attempt)) limiter.pause(pauseLeft(attempt));
		place.release(requestEndOf(attempt));
		return { ...parsed, attempt };
	} finally {
		// Should anything have been thrown: a place that is never released is lost to the app key.
		place.release('unanswered');
	}
}

/** How an attempt counts towards KIS's limit. An answer without a verdict may come from a relay that is still sending. */
export function requestEndOf({ verdict, rule }: Attempt): RequestEnd {
	if (verdict === 'unwritten') return 'unsent';
	if (verdict === 'noVerdict') return 'unanswered';
	return rule?.retry?.slowsEveryone ? 'refused' : 'answered';
}
