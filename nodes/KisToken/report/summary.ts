/** Counts by outcome, such as `3 revoked, 1 unknown`. @param outcomes In the order in which they are counted. */
export function summary(
	ended: ReadonlyArray<{ readonly outcome: string }>,
	outcomes: readonly string[],
): string {
	return outcomes
		.map((outcome) => ({
			outcome,
			count: ended.filter((one) => one.outcome === outcome).length,
		}))
		.filter(({ count }) => count > 0)
		.map(({ outcome, count }) => `${count} ${outcome}`)
		.join(', ');
}
