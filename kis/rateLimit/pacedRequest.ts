import type { Connection, ConnectionOptions } from '../http/connection';
import type { Exchange } from '../http/exchange';
import type { KisCredential } from '../input/credential';
import type { Attempt } from '../reply/attempt';
import { parseExchange, type ParsedExchange } from '../reply/reply';
import { asksToComeBack, pauseLeft } from '../reply/retry';
import type { RequestEnd } from './gate';
import { limiterFor } from './limiterFor';
import type { Permit, RateLimiter } from './rateLimiter';

/** How to send a request, whatever it asks for. */
export interface SendingOptions extends Omit<ConnectionOptions, 'url'> {
	/** Maximum requests in any second, shared with all else that uses the app key: here, and in all workers that share a Redis. */
	readonly requestsPerSecond: number;
	/** Ends waiting and sending immediately. */
	readonly cancel: AbortSignal;
	/** Ends waiting in place of `cancel`, but lets a request that is under way come to its end. */
	readonly stopWaiting?: AbortSignal;
}

/** A request that has ended, and what its answer means. */
export interface Sent<A extends Attempt> extends ParsedExchange {
	readonly attempt: A;
}

/** Sends a request, and calls `onWriting` right before it is written. Gives `null` if it is not to be sent after all. */
type Send = (onWriting: () => void) => Promise<Exchange | null>;

/**
 * Sends one request when the app key's limit permits it, over a new connection that is closed afterwards.
 *
 * @returns `null` if it was cancelled before it got its permit, or `send` has not sent it.
 */
export async function sendPaced<A extends Attempt>(
	credential: KisCredential,
	options: SendingOptions & ConnectionOptions,
	send: (connection: Connection, onWriting: () => void) => Promise<Exchange | null>,
	read: (parsed: ParsedExchange) => A,
): Promise<Sent<A> | null> {
	// Loaded on first use: it contains the HTTP client.
	const { Connection } = await import('../http/connection');
	const { requestsPerSecond, cancel, stopWaiting = cancel } = options;
	const limiter = limiterFor(credential);
	const connection = new Connection(options);
	limiter.join(connection, requestsPerSecond);
	try {
		const permit = await limiter.acquire(stopWaiting);
		if (!permit) return null;
		const sendOver: Send = async (onWriting) => await send(connection, onWriting);
		return await sendPermitted(limiter, permit, sendOver, read);
	} finally {
		limiter.leave(connection);
		void connection.close();
	}
}

/**
 * Sends one request, and releases its permit as the request ended. If the server asks for a pause (`Retry-After`),
 * everything on the app key pauses, unless the pause is longer than this client ever waits.
 *
 * @returns `null` if `send` has not sent it.
 */
export async function sendPermitted<A extends Attempt>(
	limiter: RateLimiter,
	permit: Permit,
	send: Send,
	read: (parsed: ParsedExchange) => A,
): Promise<Sent<A> | null> {
	try {
		const exchange = await send(() => permit.sent());
		if (!exchange) {
			permit.release('unsent');
			return null;
		}
		const parsed = parseExchange(exchange);
		const attempt = read(parsed);
		if (!asksToComeBack(attempt)) limiter.pause(pauseLeft(attempt));
		permit.release(requestEndOf(attempt));
		return { exchange, reply: parsed.reply, attempt };
	} finally {
		// If anything threw: the app key would lose a permit that is never released. A second release has no effect.
		permit.release('unanswered');
	}
}

/** Returns how an attempt counts towards KIS's limit. Without a verdict, a relay may have answered and still be sending. */
export function requestEndOf({ verdict, rule }: Attempt): RequestEnd {
	if (verdict === 'unwritten') return 'unsent';
	if (verdict === 'noVerdict') return 'unanswered';
	return rule?.retry?.slowsEveryone ? 'refused' : 'answered';
}
