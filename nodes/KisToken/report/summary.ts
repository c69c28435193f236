/** Counts by outcome, such as `3 revoked, 1 unknown`. @param outcomes In the order in which they are counted. */
export function summary(
	ended: ReadonlyArray<{ readonly outcome: string }>,
	outcomes: readonly string[],
): string {
	const counts = new Map<string, number>();
	for (const { outcome } of ended) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
	return outcomes
		.filter((outcome) => counts.has(outcome))
		.map((outcome) => `${counts.get(outcome)} ${outcome}`)
		.join(', ');
}
