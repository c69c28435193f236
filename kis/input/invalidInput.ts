/** What a reader returns for input that cannot be used as it is. Neither sentence repeats the input. */
export class InvalidInput {
	constructor(
		/** What is wrong: a clause without a full stop. */
		readonly why: string,
		/** How to get unstuck: a sentence; empty where only the caller can tell. */
		readonly todo = '',
	) {}
}
