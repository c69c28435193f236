/**
 * What an answer that is no confirmation says about its request:
 *
 * - `refused`: it was not processed.
 * - `invalidToken`, `expiredToken`: it was not processed, because of the token itself.
 * - `noVerdict`: it may have been processed.
 */
export type Meaning = 'refused' | 'invalidToken' | 'expiredToken' | 'noVerdict';

/** A row of the tables that answers are looked up in: what the answer means, and what to do about it. */
export interface AnswerRule {
	readonly meaning: Meaning;
	/** KIS issues one token a minute, and this request came too soon. */
	readonly limitsIssue?: true;
	/** KIS refuses the app, not the request: every further request would get the same answer. */
	readonly refusesCredential?: true;
	/** The same request may be sent again. */
	readonly retry?: {
		/** How often; if absent, as often as the caller allows. */
		readonly times?: number;
		/** The shortest wait before, in milliseconds. */
		readonly afterMs?: number;
		/** The requests per second are used up: everything that uses the app key has to slow down. */
		readonly slowsEveryone?: true;
	};
	/** What happened, as a clause without a full stop. */
	readonly happened: string;
	/** What to do, wherever the request came from, in a sentence or more; empty if only {@link optionsTodo} helps. */
	readonly todo: string;
	/** How an operation's options help, in a sentence. */
	readonly optionsTodo?: string;
}
