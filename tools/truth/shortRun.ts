/** The run that is part of the tests. Small worlds, so that each of the things that happen to a whole execution is among them. */
export const SHORT_RUN = {
	tokens: 800,
	steps: 240,
	batch: 40,
	parallel: 16,
	seed: 8,
	faults: 0.35,
} as const;

/** As the command line takes it. */
export const shortRunArguments = (seed: number = SHORT_RUN.seed): string[] =>
	Object.entries({ ...SHORT_RUN, seed }).flatMap(([name, value]) => [`--${name}`, String(value)]);
