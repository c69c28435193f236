import type { Package } from '../package';

/** What a check found. */
export interface Verdict {
	/** What it looked at, in a few words. */
	readonly seen: string;
	/** Each is a reason not to publish. */
	readonly problems: readonly string[];
	/** What is known and explained. */
	readonly notes?: readonly string[];
}

/** One row of the report. */
export interface Check {
	readonly name: string;
	readonly run: (subject: Package) => Verdict;
}
