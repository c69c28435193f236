/**
 * How one HTTP attempt ended, told apart by what is known of the request:
 *
 * - `answered`: written, and a whole response came.
 * - `unanswered`: written (or it cannot be ruled out), and no whole response came. KIS may have processed it.
 * - `unwritten`: not one byte of it was written, which is proven.
 */
export type Exchange = Answered | Unanswered | Unwritten;

export interface Answered {
	readonly kind: 'answered';
	readonly httpStatus: number;
	/** The header `content-encoding`; `null` if absent. */
	readonly contentEncoding: string | null;
	/** The header `retry-after`: seconds, or a date of HTTP; `null` if absent. */
	readonly retryAfter: string | null;
	/** The header `date`, a date of HTTP; `null` if absent. */
	readonly date: string | null;
	readonly body: Uint8Array;
}

export interface Unanswered {
	readonly kind: 'unanswered';
	readonly transportCode: string;
	/** The status, where at least the head of a response came. */
	readonly httpStatus: number | null;
	/** The connection had served a request before and was reset before this one got a response: the server may have dropped it idle. */
	readonly onStaleConnection: boolean;
}

export interface Unwritten {
	readonly kind: 'unwritten';
	readonly transportCode: string;
	/** Why the host's rules forbid the address, in the host's words, where they do. */
	readonly forbidden: string | null;
}
