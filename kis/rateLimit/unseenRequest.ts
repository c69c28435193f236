import { setImmediate } from 'node:timers/promises';

import type { KisCredential } from '../input/credential';
import { ENVIRONMENTS } from '../input/environments';
import { limiterFor } from './limiterFor';
import { UNSEEN_WINDOW_MS, type RateLimiter } from './rateLimiter';

/** No read waits longer for its turn. Of 200 at the same time on a paper account, the last one waits 223 s. */
export const LONGEST_WAIT_MS = 240_000;

export interface AdmitOptions {
	/** Whether the request may wait: an order may not. */
	readonly mayWait: boolean;
	/** Ends waiting immediately. */
	readonly cancel: AbortSignal;
}

/** Why a request must not be sent. */
export type NotAdmitted =
	| { readonly because: 'cancelled' }
	/** It would have had to wait so many milliseconds, which is {@link LONGEST_WAIT_MS} or more. */
	| { readonly because: 'tooLong'; readonly waitMs: number };

/**
 * Takes part in the app key's limit for one request that somebody else sends with the credential, so that its end is not
 * seen. One that may wait is given its turn after all requests of our own, and in the order of asking. One that may not
 * is counted, so that the others make room for it.
 *
 * @returns `null` when it is to be sent, which has to be done right away; else why not.
 */
export async function admitRequest(
	credential: KisCredential,
	{ mayWait, cancel }: AdmitOptions,
): Promise<NotAdmitted | null> {
	// n8n prepares many items in one turn of the event loop. What was let out in it would be written only after it.
	if (mayWait) await setImmediate();
	const limiter = limiterFor(credential);
	const requests = unseenRequestsOf(
		limiter,
		ENVIRONMENTS[credential.environment].requestsPerSecond,
	);
	let isSent = false;
	requests.begin();
	try {
		if (mayWait) {
			const waitMs = limiter.expectedWait();
			if (waitMs > LONGEST_WAIT_MS) return { because: 'tooLong', waitMs };
			// Requests of our own, which go first, may come in between.
			const isOver = AbortSignal.timeout(LONGEST_WAIT_MS);
			isSent = await limiter.pass(AbortSignal.any([cancel, isOver]));
			if (!isSent && isOver.aborted) return { because: 'tooLong', waitMs: LONGEST_WAIT_MS };
		} else {
			limiter.count();
			isSent = true;
		}
		return isSent ? null : { because: 'cancelled' };
	} finally {
		// As long as it counts, its rate applies to all who take part.
		if (isSent) setTimeout(() => requests.end(), UNSEEN_WINDOW_MS).unref();
		else requests.end();
	}
}

/** Milliseconds from one read to the next where nothing else is sent. */
export function readIntervalMs({ environment }: KisCredential): number {
	return Math.ceil(UNSEEN_WINDOW_MS / ENVIRONMENTS[environment].requestsPerSecond);
}

/** All such requests of one rate, as one who takes part in the limit. */
class UnseenRequests {
	readonly #limiter: RateLimiter;
	readonly #requestsPerSecond: number;
	#count = 0;

	constructor(limiter: RateLimiter, requestsPerSecond: number) {
		this.#limiter = limiter;
		this.#requestsPerSecond = requestsPerSecond;
	}

	begin(): void {
		if (this.#count === 0) this.#limiter.join(this, this.#requestsPerSecond);
		this.#count++;
	}

	end(): void {
		this.#count--;
		if (this.#count === 0) this.#limiter.leave(this);
	}
}

/** By limiter and rate. */
const unseenRequests = new WeakMap<RateLimiter, Map<number, UnseenRequests>>();

function unseenRequestsOf(limiter: RateLimiter, requestsPerSecond: number): UnseenRequests {
	const byRate = unseenRequests.get(limiter) ?? new Map<number, UnseenRequests>();
	unseenRequests.set(limiter, byRate);
	const requests = byRate.get(requestsPerSecond) ?? new UnseenRequests(limiter, requestsPerSecond);
	byRate.set(requestsPerSecond, requests);
	return requests;
}
