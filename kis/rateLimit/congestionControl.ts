/** After this time without a refusal, nobody else seems to use the limit any more. */
const RECOVERY_MS = 10_000;
/** The multiplicative decrease: the part of the peak that is left after a refusal. */
const DECREASE = 0.8;
/** The cubic's coefficient at {@link TYPICAL_LIMIT} and above, in requests per second per cubed second. */
const CURVATURE = 0.04;
/** In requests per second. For lower limits the cubic is scaled down, so that recovery takes as long. */
const TYPICAL_LIMIT = 18;

interface Epoch {
	/** When the first refusal came, in milliseconds. */
	readonly since: number;
	/** Requests per second before that. */
	readonly rate: number;
	/** Requests of the last second that the server accepted. */
	accepted: number;
}

/**
 * Finds this process's share of a limit that others use too. It cannot see them: the server refuses when all together are
 * too fast. A congestion epoch is one refusal, and all refusals of requests that were sent before it was heard. Each epoch
 * lowers the rate once, to a part of the peak: what the server was accepting from here. Then the rate grows along a cubic:
 * fast towards the peak, slowly around it, then faster and faster.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9438 TCP CUBIC
 */
export class CongestionControl {
	#epoch: Epoch | null = null;

	/** Returns whether every epoch is over: nobody is known to share the limit. */
	isClear(now: number): boolean {
		return !this.#epoch || now - this.#epoch.since >= RECOVERY_MS;
	}

	/** Returns the share of a limit, in requests per second. */
	rateAt(now: number, limit: number): number {
		if (!this.#epoch || this.isClear(now)) return limit;
		const peak = Math.min(limit, peakOf(this.#epoch));
		const curvature = CURVATURE * Math.min(1, limit / TYPICAL_LIMIT);
		const toPeak = Math.cbrt((peak * (1 - DECREASE)) / curvature);
		const elapsed = (now - this.#epoch.since) / 1000;
		return Math.min(limit, peak + curvature * (elapsed - toPeak) ** 3);
	}

	/**
	 * Notes that the server refused a request for its rate.
	 *
	 * @param sentAt When the request was sent.
	 * @param accepted Requests of the last second that the server accepted, or may yet accept.
	 * @returns Whether a new epoch begins.
	 */
	refuse(sentAt: number, now: number, limit: number, accepted: number): boolean {
		if (this.#epoch && sentAt < this.#epoch.since) {
			this.#epoch.accepted--;
			return false;
		}
		this.#epoch = { since: now, rate: this.rateAt(now, limit), accepted };
		return true;
	}
}

/** If nothing was accepted, one a second may be too much already: halve the rate (exponential backoff). */
function peakOf({ rate, accepted }: Epoch): number {
	return accepted > 0 ? Math.min(rate, accepted) : Math.min(rate, 1) / 2;
}
