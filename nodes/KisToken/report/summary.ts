/** Anything that has one of the outcomes of an operation. */
interface HasOutcome {
	readonly outcome: string;
}

/**
 * Counts results by outcome. Leaves out counts of zero.
 *
 * @param outcomes In the order of the counts.
 */
export function countByOutcome(
	results: readonly HasOutcome[],
	outcomes: readonly string[],
): Map<string, number> {
	const counts = outcomes.map(
		(name) => [name, results.filter(({ outcome }) => outcome === name).length] as const,
	);
	return new Map(counts.filter(([, count]) => count > 0));
}

/**
 * Writes the counts out, as in `3 revoked, 1 unknown`.
 *
 * @param outcomes In the order of the counts.
 */
export function summary(results: readonly HasOutcome[], outcomes: readonly string[]): string {
	return [...countByOutcome(results, outcomes)]
		.map(([outcome, count]) => `${count} ${outcome}`)
		.join(', ');
}
