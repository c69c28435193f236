/**
 * How one HTTP exchange ended, by what is known about its request:
 *
 * - `answered`: it was written, and a whole response came.
 * - `unanswered`: it may have been written, and no whole response came. KIS may have processed it.
 * - `unwritten`: provably, not one byte of it was written.
 */
export type Exchange = Answered | Unanswered | Unwritten;

export interface Answered {
	readonly kind: 'answered';
	readonly httpStatus: number;
	/** The header `content-encoding`; `null` if absent. */
	readonly contentEncoding: string | null;
	/** The header `retry-after`: seconds or an HTTP date; `null` if absent. */
	readonly retryAfter: string | null;
	/** The header `date`, an HTTP date; `null` if absent. */
	readonly date: string | null;
	readonly body: Uint8Array;
}

export interface Unanswered {
	readonly kind: 'unanswered';
	/** Why: the code of Node.js or undici, such as `ECONNRESET`, or one of `transportCodes.ts`. */
	readonly transportCode: string;
	/** The status, if at least the head of a response came; else `null`. */
	readonly httpStatus: number | null;
	/** A used connection was reset before any response to this request: the server may have dropped it as idle. */
	readonly onStaleConnection: boolean;
}

export interface Unwritten {
	readonly kind: 'unwritten';
	/** As in {@link Unanswered}. */
	readonly transportCode: string;
	/** Why the host program forbids the address, in its own words; `null` if it does not. */
	readonly forbidden: string | null;
}
