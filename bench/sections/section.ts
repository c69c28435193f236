import type { Findings } from '../report';

/** A question that the benchmark answers. */
export interface Section {
	/** @param rounds How often everything is measured. */
	measure(rounds: number): Promise<Findings>;
}
