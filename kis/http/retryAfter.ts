import type { Answered } from './exchange';

/** The statuses with which `Retry-After` says when to come back (RFC 9110, section 10.2.3; RFC 6585, section 4). */
const STATUSES: readonly number[] = [429, 503];
/** The three forms of a date of HTTP (RFC 9110, section 5.6.7); the last of them is in GMT without saying so. */
const HTTP_DATES = [
	/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
	/^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
	/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];
/** A server that wants to be left alone for longer is not asked again. */
const LONGEST_PAUSE_MS = 60_000;
/** Whoever asks for more than a year means nothing by it. */
const MAX_SECONDS = 366 * 24 * 60 * 60;

/** Reads a date of HTTP: milliseconds since 1970; `null` for anything else. */
export function parseHttpDate(text: string | null): number | null {
	if (text === null || !HTTP_DATES.some((form) => form.test(text))) return null;
	const milliseconds = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
	return Number.isNaN(milliseconds) ? null : milliseconds;
}

/** How far the server's clock is ahead of this computer's, in milliseconds, by the answer's `Date`; 0 where it says none. */
export function clockDifference({ date }: Answered, now = Date.now()): number {
	const theirs = parseHttpDate(date);
	return theirs === null ? 0 : theirs - now;
}

/** What a server asks for that wants no request for a while. */
export interface Pause {
	/** In milliseconds since 1970, by this computer's clock. */
	readonly until: number;
	/** It was longer than anyone waits here, when the server asked for it. */
	readonly isTooLong: boolean;
}

/** The pause that an answer asks for; `null` if it asks for none. */
export function pauseOf(answer: Answered, now = Date.now()): Pause | null {
	const until = retryTimeOf(answer, now);
	return until === null ? null : { until, isTooLong: until - now > LONGEST_PAUSE_MS };
}

function retryTimeOf(answer: Answered, now: number): number | null {
	const { httpStatus, retryAfter } = answer;
	if (retryAfter === null || !STATUSES.includes(httpStatus)) return null;
	const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : NaN;
	if (!Number.isNaN(seconds)) return now + Math.min(seconds, MAX_SECONDS) * 1000;
	const theirs = parseHttpDate(retryAfter);
	return theirs === null ? null : Math.max(now, theirs - clockDifference(answer, now));
}
