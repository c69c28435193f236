import { setMaxListeners } from 'node:events';

import type { Attempt } from '../reply/attempt';
import { isListed } from '../reply/errorCodes';
import type { RateLimiter } from '../rateLimit/rateLimiter';
import { asksToComeBack, isPermanent } from '../reply/retry';

/** So many attempts in a row that could not be written, over all tokens, before the host counts as staying unreachable. */
const UNREACHABLE_ATTEMPTS = 4;
/** So many tokens in a row that used up their attempts, and the same is taken to be in store for the others. */
const UNDECIDED_TOKENS = 8;

/** Why sending ended before every token had its turn. */
export type StopReason =
	| { readonly because: 'cancelled' }
	| {
			readonly because:
				| 'credentialRefused'
				| 'hostUnreachable'
				/** The app key is refused for the rate, and nothing else. */
				| 'rateRefused'
				/** The server wants no request for longer than anyone waits here. */
				| 'askedToComeBack'
				/** One token after the other used up its attempts. */
				| 'nothingDecided';
			readonly seen: Attempt;
	  };

/** Decides when nothing more is sent for any token of a run, by what its attempts meet. */
export class Sending {
	readonly #limiter: RateLimiter;
	readonly #controller = new AbortController();
	#stopReason: StopReason | null = null;
	#unwrittenInARow = 0;
	#undecidedInARow = 0;

	constructor(limiter: RateLimiter) {
		this.#limiter = limiter;
		// Every connection of a run listens to it.
		setMaxListeners(0, this.signal);
	}

	/** Aborted when nothing more is to be sent; what is under way may still be answered. */
	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	/** `null` as long as it goes on. */
	get stoppedBy(): StopReason | null {
		return this.#stopReason;
	}

	/** Ends sending. The first reason stands. */
	stop(reason: StopReason): void {
		this.#stopReason ??= reason;
		this.#controller.abort();
	}

	/** Takes in what an attempt on one token says about the others. */
	learn(attempt: Attempt): void {
		this.#unwrittenInARow = attempt.verdict === 'unwritten' ? this.#unwrittenInARow + 1 : 0;
		if (isPermanent(attempt)) this.stop({ because: 'hostUnreachable', seen: attempt });
		if (attempt.rule?.refusesCredential) {
			this.stop({ because: 'credentialRefused', seen: attempt });
		}
		this.learnPace(attempt);
	}

	/** Takes in what an answer says about everything that the app key sends, be it to an attempt or to a question. */
	learnPace(attempt: Attempt): void {
		if (asksToComeBack(attempt)) this.stop({ because: 'askedToComeBack', seen: attempt });
		if (attempt.rule?.retry?.slowsEveryone && this.#limiter.isRefusedThroughout) {
			this.stop({ because: 'rateRefused', seen: attempt });
		}
	}

	/** A token has had its attempts. If none could be written, and none before it, none will be. */
	noteUnreachable(attempts: readonly Attempt[]): void {
		const seen = attempts[attempts.length - 1];
		const neverWritten = attempts.every(({ verdict }) => verdict === 'unwritten');
		if (neverWritten && this.#unwrittenInARow >= UNREACHABLE_ATTEMPTS) {
			this.stop({ because: 'hostUnreachable', seen });
		}
	}

	/** A token has had its attempts and its question. Where nothing settles one after the other, it would settle no further one. */
	noteFinished(isDead: boolean, attempts: readonly Attempt[]): void {
		const seen = attempts.at(-1);
		if (isDead || !seen || isAboutToken(seen)) this.#undecidedInARow = 0;
		// Refusals for the rate have an end of their own.
		else if (!seen.rule?.retry?.slowsEveryone) this.#undecidedInARow++;
		if (seen && this.#undecidedInARow >= UNDECIDED_TOKENS) {
			this.stop({ because: 'nothingDecided', seen });
		}
	}
}

/** KIS itself has given its last word on a token, which says nothing of the others. */
function isAboutToken({ verdict, refusalCode, rule }: Attempt): boolean {
	const isFinal = refusalCode !== null && isListed(refusalCode) && !rule?.retry;
	return isFinal || verdict === 'unprovenConfirmation';
}
