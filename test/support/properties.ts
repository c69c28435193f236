import fc from 'fast-check';

const { PROPERTY_SEED, PROPERTY_RUNS } = process.env;
/** Enough for a test run; a search of an hour asks for more. */
const RUNS = 300;
const LONGEST_SEARCH_MS = 24 * 60 * 60 * 1000;

/**
 * A test of what holds for everything that can be drawn, with the same draws each time. The environment variables
 * PROPERTY_SEED and PROPERTY_RUNS search elsewhere, and longer.
 */
export function property<Drawn extends [unknown, ...unknown[]]>(
	name: string,
	arbitraries: { readonly [Index in keyof Drawn]: fc.Arbitrary<Drawn[Index]> },
	holds: (...drawn: Drawn) => void | Promise<void>,
	runs = RUNS,
): void {
	const parameters = {
		seed: Number(PROPERTY_SEED ?? 20_261_122),
		numRuns: Number(PROPERTY_RUNS ?? runs),
	};
	const run = async () =>
		await fc.assert(
			fc.asyncProperty(fc.tuple(...arbitraries), async (drawn) => await holds(...(drawn as Drawn))),
			parameters,
		);
	test(name, run, LONGEST_SEARCH_MS);
}
