/** Without a refusal for so long, the whole limit is used again: whoever shared it has gone. */
const RECOVERY_MS = 10_000;
/** The part of the peak that is left after a refusal: the multiplicative decrease. */
const DECREASE = 0.8;
/** How fast the rate leaves its peak, in requests per second per cubed second, at {@link TYPICAL_LIMIT} and above. */
const CURVATURE = 0.04;
/** In requests per second. A lower limit has its cubic scaled down, so that it takes as long from half to whole. */
const TYPICAL_LIMIT = 18;

interface Epoch {
	/** When its first refusal came, in milliseconds. */
	readonly since: number;
	/** Requests per second before it. */
	readonly rate: number;
	/** Requests of the last second that the server took. */
	accepted: number;
}

/**
 * Finds this process's share of a limit that others use too. Nothing is known of them; only when all together are too
 * fast, the server refuses. Each congestion epoch, which is one refusal and all others of requests sent before it was
 * heard, lowers the rate once: to a part of the peak, which is what the server was taking from here, however far that
 * is below what was asked for. From there it grows along a cubic, as in TCP CUBIC (RFC 9438): fast towards the peak,
 * slowly around it, then faster and faster. Rates are absolute: who asks for no more than the peak is hardly slowed.
 */
export class CongestionControl {
	#epoch: Epoch | null = null;

	/** Whether nothing is left of any epoch: nobody is known to share the limit. */
	isClear(now: number): boolean {
		return !this.#epoch || now - this.#epoch.since >= RECOVERY_MS;
	}

	/** Requests per second at a moment, of a limit. */
	rateAt(now: number, limit: number): number {
		if (!this.#epoch || this.isClear(now)) return limit;
		const peak = Math.min(limit, peakOf(this.#epoch));
		const curvature = CURVATURE * Math.min(1, limit / TYPICAL_LIMIT);
		const toPeak = Math.cbrt((peak * (1 - DECREASE)) / curvature);
		const elapsed = (now - this.#epoch.since) / 1000;
		return Math.min(limit, peak + curvature * (elapsed - toPeak) ** 3);
	}

	/**
	 * The server has refused a request for the rate.
	 *
	 * @param sentAt When the request was sent.
	 * @param accepted Requests of the last second that the server took or may still take.
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

/** Where nothing is accepted, as little as one a second may be too much: halve it (exponential backoff). */
function peakOf({ rate, accepted }: Epoch): number {
	return accepted > 0 ? Math.min(rate, accepted) : Math.min(rate, 1) / 2;
}
