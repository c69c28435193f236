/** Returned for input that cannot be used. Neither text quotes the input. */
export class InvalidInput {
	constructor(
		/** What is wrong, as a clause without a full stop. */
		readonly why: string,
		/** How to fix it, in a sentence; empty if only the caller knows. */
		readonly todo = '',
	) {}
}
