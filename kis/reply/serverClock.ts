import type { Answered, Exchange } from '../http/exchange';
import { clockDifference } from '../http/retryAfter';
import { hasExpired, type AccessToken } from '../input/accessToken';

/** Smaller differences between the clocks are ignored. */
export const CLOCK_TOLERANCE_MS = 5 * 60 * 1000;

/** Returns how many milliseconds the clock of the server is ahead of this computer's; 0 if they agree, or it did not say. */
export function clockAheadOf(answer: Answered): number {
	return unlessTolerated(clockDifference(answer));
}

/** The same; `null` if it did not say. */
export function clockAheadIfSaid(exchange: Exchange): number | null {
	return exchange.kind === 'answered' && exchange.date !== null ? clockAheadOf(exchange) : null;
}

/** Returns a difference between two clocks, in milliseconds; 0 if they agree well enough. */
export function unlessTolerated(differenceMs: number): number {
	return Math.abs(differenceMs) > CLOCK_TOLERANCE_MS ? differenceMs : 0;
}

/**
 * Returns whether the token's `exp` has passed; `null` if this computer's clock and those of the servers that answered do not
 * agree about that.
 */
export function expiryAt(
	token: AccessToken,
	answers: ReadonlyArray<{ readonly clockAheadMs: number }>,
): boolean | null {
	const now = Date.now();
	const said = answers.map(({ clockAheadMs }) => hasExpired(token, now + clockAheadMs));
	const here = hasExpired(token, now);
	return said.every((it) => it === here) ? here : null;
}
