import { setImmediate } from 'node:timers/promises';

import type { KisCredential } from '../input/credential';
import { ENVIRONMENTS } from '../input/environments';
import { limiterFor } from './limiterFor';
import { UNSEEN_WINDOW_MS, type RateLimiter } from './rateLimiter';

/** The longest that a read waits for admission. Of 200 concurrent reads on a paper account, the last waits 223 s. */
export const LONGEST_ADMISSION_MS = 240_000;

export interface AdmitOptions {
	/** Whether the request may wait. An order may not. */
	readonly mayWait: boolean;
	/** Ends waiting immediately. */
	readonly cancel: AbortSignal;
}

/** Why a request must not be sent. */
export type NotAdmitted =
	| { readonly because: 'cancelled' }
	/** It would have to wait `waitMs`, which is {@link LONGEST_ADMISSION_MS} or more. */
	| { readonly because: 'tooLong'; readonly waitMs: number };

/**
 * Fits a request that n8n itself sends with the credential into the app key's limit. Nobody sees when it ends. If it may
 * wait, it goes after all requests of this client, first come first served. If not, it is counted, and the others make
 * room for it.
 *
 * @returns `null` as soon as it may be sent, which the caller then does right away; else why not.
 */
export async function admitRequest(
	credential: KisCredential,
	{ mayWait, cancel }: AdmitOptions,
): Promise<NotAdmitted | null> {
	// n8n prepares many items in one turn of the event loop, and writes none of their requests before the next.
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
			if (waitMs > LONGEST_ADMISSION_MS) return { because: 'tooLong', waitMs };
			// This client's own requests go first, so it may take longer than expected. Read again after the wait, or Node.js 20
			// would lose the signal to garbage collection.
			const isOver = AbortSignal.timeout(LONGEST_ADMISSION_MS);
			isSent = await limiter.pass(AbortSignal.any([cancel, isOver]));
			if (!isSent && isOver.aborted) return { because: 'tooLong', waitMs: LONGEST_ADMISSION_MS };
		} else {
			limiter.count();
			isSent = true;
		}
		return isSent ? null : { because: 'cancelled' };
	} finally {
		// Its rate applies to everybody as long as it counts.
		if (isSent) setTimeout(() => requests.end(), UNSEEN_WINDOW_MS).unref();
		else requests.end();
	}
}

/** Returns the milliseconds from one read to the next if nothing else is sent. */
export function readIntervalMs({ environment }: KisCredential): number {
	return Math.ceil(UNSEEN_WINDOW_MS / ENVIRONMENTS[environment].requestsPerSecond);
}

/** All such requests of one rate: together one member of the limiter. */
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
