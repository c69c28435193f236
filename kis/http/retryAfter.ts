import type { Answered } from './exchange';

/**
 * The statuses for which `Retry-After` is defined as a pause.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 * @see https://www.rfc-editor.org/rfc/rfc6585#section-4
 */
const STATUSES: readonly number[] = [429, 503];
/** The three forms of an HTTP date, the last implicitly in GMT (https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7). */
const HTTP_DATES = [
	/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
	/^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
	/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];
/** This client waits no longer: a server that asks for more is not called again. */
const LONGEST_PAUSE_MS = 60_000;
/** A cap that keeps times within a date of four-digit years, however they are given. */
const MAX_SECONDS = 366 * 24 * 60 * 60;

/** Parses an HTTP date. @returns Milliseconds since 1970; `null` for anything else. */
function parseHttpDate(text: string | null): number | null {
	if (text === null || !HTTP_DATES.some((form) => form.test(text))) return null;
	const milliseconds = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
	return Number.isNaN(milliseconds) ? null : milliseconds;
}

/** Returns how many milliseconds the server's clock is ahead of this computer's, by the header `Date`; 0 without one. */
export function clockDifference({ date }: Answered, now = Date.now()): number {
	const theirs = parseHttpDate(date);
	return theirs === null ? 0 : theirs - now;
}

/** A server's request to be left alone for a while. */
export interface Pause {
	/** When it ends: milliseconds since 1970, by this computer's clock. */
	readonly until: number;
	/** Whether it is longer than this client ever waits, counted from when the server asked. */
	readonly isTooLong: boolean;
}

/** Returns the pause that an answer asks for with `Retry-After`; `null` for none. */
export function pauseOf(answer: Answered, now = Date.now()): Pause | null {
	const asked = retryTimeOf(answer, now);
	if (asked === null) return null;
	const until = Math.min(asked, now + MAX_SECONDS * 1000);
	return { until, isTooLong: until - now > LONGEST_PAUSE_MS };
}

function retryTimeOf(answer: Answered, now: number): number | null {
	const { httpStatus, retryAfter } = answer;
	if (retryAfter === null || !STATUSES.includes(httpStatus)) return null;
	const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : NaN;
	if (!Number.isNaN(seconds)) return now + seconds * 1000;
	const theirs = parseHttpDate(retryAfter);
	return theirs === null ? null : Math.max(now, theirs - clockDifference(answer, now));
}
