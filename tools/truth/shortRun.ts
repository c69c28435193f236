/** The run that is part of the tests. Small worlds, so that each of the things that happen to a whole execution is among them. */
export const SHORT_RUN = {
	tokens: 1600,
	batch: 40,
	parallel: 32,
	seed: 8,
	faults: 0.35,
} as const;

/** As the command line takes it. */
export const SHORT_RUN_ARGUMENTS = Object.entries(SHORT_RUN).flatMap(([name, value]) => [
	`--${name}`,
	String(value),
]);
