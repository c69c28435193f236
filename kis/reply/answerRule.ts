/**
 * What an answer means for the request that it answers.
 *
 * - `refused`: not processed.
 * - `invalidToken`, `expiredToken`: not processed, because of the token itself.
 * - `noVerdict`: the answer does not tell whether it was processed.
 */
export type Meaning = 'refused' | 'invalidToken' | 'expiredToken' | 'noVerdict';

/** A row of the tables by which answers are read: what such an answer means, and what follows from it. */
export interface AnswerRule {
	readonly meaning: Meaning;
	/** It is about issuing, which KIS allows once a minute. */
	readonly limitsIssue?: true;
	/** KIS turns down the app, not the request: every further request would get the same answer. */
	readonly refusesCredential?: true;
	/** The same request may pass later. */
	readonly retry?: {
		/** How often; as often as the caller allows if absent. */
		readonly times?: number;
		/** Wait at least so long, in milliseconds. */
		readonly afterMs?: number;
		/** The requests per second are used up: whatever uses the app key slows down. */
		readonly slowsEveryone?: true;
	};
	/** A clause without a full stop. */
	readonly happened: string;
	/** How to get unstuck, wherever the request came from: a sentence or more; empty if only {@link optionsTodo} helps. */
	readonly todo: string;
	/** How the options of an operation of the node help: a sentence. */
	readonly optionsTodo?: string;
}
