import type { Package } from '../package';

/** What a check found: it says what it saw, or why not to publish. */
export type Verdict =
	| {
			readonly isGood: true;
			/** What it looked at, in a few words. */
			readonly seen: string;
			/** The findings that are known and explained. */
			readonly notes: readonly string[];
	  }
	| {
			readonly isGood: false;
			/** Each is a reason not to publish. */
			readonly problems: readonly string[];
	  };

/** All is well where there is no problem. */
export const verdict = (
	seen: string,
	problems: readonly string[],
	notes: readonly string[] = [],
): Verdict => (problems.length === 0 ? { isGood: true, seen, notes } : { isGood: false, problems });

/** One row of the report. */
export interface Check {
	readonly name: string;
	readonly run: (subject: Package) => Verdict | Promise<Verdict>;
}

/** Makes a check. One that cannot be made has failed. */
export async function verdictOf(check: Check, subject: Package): Promise<Verdict> {
	try {
		return await check.run(subject);
	} catch (error) {
		return { isGood: false, problems: [String(error)] };
	}
}
