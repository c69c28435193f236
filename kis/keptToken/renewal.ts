import { ISSUE_INTERVAL_MS } from '../input/environments';
import type { Grant } from '../issue/grant';

/** A token is renewed an hour before it expires, or a tenth of its life before, whichever is shorter. */
const RENEWED_BEFORE_MS = 60 * 60 * 1000;
const RENEWED_BEFORE_SHARE = 0.1;

/**
 * Returns when to request the next token, by this computer's clock. A token that is due by then already serves until it
 * expires: KIS would only give it again.
 *
 * @param now When KIS gave the token, in milliseconds since 1970.
 */
export function renewalOf(
	{ token: { claims }, expiresAt, clockAheadMs }: Grant,
	now: number,
): number {
	const end = Math.min(expiresAt ?? Infinity, claims?.expiresAt ?? Infinity) - clockAheadMs;
	const life = end - ((claims?.issuedAt ?? now + clockAheadMs) - clockAheadMs);
	const due = end - Math.min(RENEWED_BEFORE_MS, life * RENEWED_BEFORE_SHARE);
	return Math.max(due > now ? due : end, now + ISSUE_INTERVAL_MS);
}
