import { ITEM_OUTCOMES, type ItemOutcome } from './report';

/** Counts by outcome, such as `3 revoked, 1 unknown`. */
export function summary(ended: ReadonlyArray<{ readonly outcome: ItemOutcome }>): string {
	return ITEM_OUTCOMES.map((outcome) => ({
		outcome,
		count: ended.filter((one) => one.outcome === outcome).length,
	}))
		.filter(({ count }) => count > 0)
		.map(({ outcome, count }) => `${count} ${outcome}`)
		.join(', ');
}
