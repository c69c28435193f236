import type { Answered } from './exchange';

/** The statuses with which `Retry-After` says when to come back (RFC 9110, section 10.2.3; RFC 6585, section 4). */
const STATUSES: readonly number[] = [429, 503];
/** A date of HTTP in its one form for senders, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7). */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
/** Whoever asks for more than a year means nothing by it. */
const MAX_SECONDS = 366 * 24 * 60 * 60;

/** Reads a date of HTTP: milliseconds since 1970; `null` for anything else. */
export function parseHttpDate(text: string | null): number | null {
	const milliseconds = text !== null && HTTP_DATE.test(text) ? Date.parse(text) : NaN;
	return Number.isNaN(milliseconds) ? null : milliseconds;
}

/** How far the server's clock is ahead of this computer's, in milliseconds, by the answer's `Date`; 0 where it says none. */
export function clockDifference({ date }: Answered, now = Date.now()): number {
	const theirs = parseHttpDate(date);
	return theirs === null ? 0 : theirs - now;
}

/** Before when the server does not want to be asked again, in milliseconds since 1970 by this computer's clock; `null` if it does not say. */
export function retryTimeOf(answer: Answered, now = Date.now()): number | null {
	const { httpStatus, retryAfter } = answer;
	if (retryAfter === null || !STATUSES.includes(httpStatus)) return null;
	const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : NaN;
	if (!Number.isNaN(seconds)) return now + Math.min(seconds, MAX_SECONDS) * 1000;
	const theirs = parseHttpDate(retryAfter);
	return theirs === null ? null : Math.max(now, theirs - clockDifference(answer, now));
}
