import { OUTCOMES } from '../../../kis/outcome';
import type { Report } from './report';

/** Counts by outcome, such as `3 revoked, 1 unknown`. */
export function summary(reports: readonly Report[]): string {
	return OUTCOMES.map((outcome) => ({
		outcome,
		count: reports.filter((report) => report.outcome === outcome).length,
	}))
		.filter(({ count }) => count > 0)
		.map(({ outcome, count }) => `${count} ${outcome}`)
		.join(', ');
}
