/** Anything that ended in one of the outcomes of an operation. */
interface HasOutcome {
	readonly outcome: string;
}

/** Counts by outcome, without those that none has. @param outcomes In the order in which they are counted. */
export function countByOutcome(
	results: readonly HasOutcome[],
	outcomes: readonly string[],
): Map<string, number> {
	const counts = new Map(outcomes.map((outcome) => [outcome, 0]));
	for (const { outcome } of results) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
	return new Map([...counts].filter(([, count]) => count > 0));
}

/** Says the counts, such as `3 revoked, 1 unknown`. @param outcomes In the order in which they are counted. */
export function summary(results: readonly HasOutcome[], outcomes: readonly string[]): string {
	return [...countByOutcome(results, outcomes)]
		.map(([outcome, count]) => `${count} ${outcome}`)
		.join(', ');
}
