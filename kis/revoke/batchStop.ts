import { setMaxListeners } from 'node:events';

import type { RateLimiter } from '../rateLimit/rateLimiter';
import type { Attempt } from '../reply/attempt';
import { isListed } from '../reply/errorCodes';
import { asksToComeBack, isPermanent } from '../reply/retry';

/** Consecutive unwritten attempts, over all tokens, before the host counts as unreachable. */
const UNREACHABLE_ATTEMPTS = 4;
/** Consecutive tokens whose answers decided nothing, before the same is expected of all others. */
const UNDECIDED_TOKENS = 8;

/** Why sending stopped before every token was sent. */
export type StopReason =
	| { readonly because: 'cancelled' }
	| {
			readonly because:
				| 'credentialRefused'
				| 'hostUnreachable'
				/** The app key has been refused for its rate for a while, and nothing got through. */
				| 'rateRefused'
				/** The server asked for a longer pause than this client ever waits. */
				| 'askedToComeBack'
				/** One token after the other used up its attempts, and no answer decided anything. */
				| 'nothingDecided';
			readonly seen: Attempt;
	  };

/** Decides when a batch stops sending, by what its attempts meet. */
export class BatchStop {
	readonly #limiter: RateLimiter;
	readonly #controller = new AbortController();
	#stopReason: StopReason | null = null;
	#unwrittenInARow = 0;
	#undecidedInARow = 0;

	constructor(limiter: RateLimiter) {
		this.#limiter = limiter;
		// Every connection of a batch listens to it.
		setMaxListeners(0, this.signal);
	}

	/** Aborted when nothing more is sent. Requests that are under way may still be answered. */
	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	/** `null` while sending goes on. */
	get stoppedBy(): StopReason | null {
		return this.#stopReason;
	}

	/** Stops sending. The first reason stands. */
	stop(reason: StopReason): void {
		this.#stopReason ??= reason;
		this.#controller.abort();
	}

	/** Learns from an attempt on one token what awaits the others. */
	learn(attempt: Attempt): void {
		this.#unwrittenInARow = attempt.verdict === 'unwritten' ? this.#unwrittenInARow + 1 : 0;
		if (isPermanent(attempt)) this.stop({ because: 'hostUnreachable', seen: attempt });
		if (attempt.rule?.refusesCredential) {
			this.stop({ because: 'credentialRefused', seen: attempt });
		}
		this.stopIfPaceRefused(attempt);
	}

	/** Stops sending if the server asks for a long pause, or has refused every request for its rate for a while. */
	stopIfPaceRefused(attempt: Attempt): void {
		if (asksToComeBack(attempt)) this.stop({ because: 'askedToComeBack', seen: attempt });
		if (attempt.rule?.retry?.slowsEveryone && this.#limiter.isRefusedThroughout) {
			this.stop({ because: 'rateRefused', seen: attempt });
		}
	}

	/** Notes that a token has used up its attempts. If none was written, the host may be unreachable. */
	noteExhausted(attempts: readonly Attempt[]): void {
		const seen = attempts[attempts.length - 1];
		const neverWritten = attempts.every(({ verdict }) => verdict === 'unwritten');
		if (neverWritten && this.#unwrittenInARow >= UNREACHABLE_ATTEMPTS) {
			this.stop({ because: 'hostUnreachable', seen });
		}
	}

	/** Notes that a token has had its attempts and its question. */
	noteFinished(isDead: boolean, attempts: readonly Attempt[]): void {
		const seen = attempts.at(-1);
		if (isDead || !seen || isAboutToken(seen)) this.#undecidedInARow = 0;
		// Refusals for the rate stop sending in their own way.
		else if (!seen.rule?.retry?.slowsEveryone) this.#undecidedInARow++;
		if (seen && this.#undecidedInARow >= UNDECIDED_TOKENS) {
			this.stop({ because: 'nothingDecided', seen });
		}
	}
}

/** Returns whether KIS gave its last word on this one token, which says nothing about the others. */
function isAboutToken({ verdict, refusalCode, rule }: Attempt): boolean {
	const isFinal = refusalCode !== null && isListed(refusalCode) && !rule?.retry;
	return isFinal || verdict === 'unprovenConfirmation';
}
