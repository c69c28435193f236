import { ALL_CANDIDATES, type CandidateName } from './candidates';

interface Plan {
	readonly candidates: readonly CandidateName[];
	/** How many tokens, one size after the other. */
	readonly sizes: readonly number[];
	readonly rounds: number;
}

/** All results of a candidate with so many tokens. */
export interface Measured<R> {
	readonly candidate: CandidateName;
	/** How tables call it. */
	readonly label: string;
	readonly tokens: number;
	readonly results: readonly R[];
}

/** Lets candidates run in rounds, so that what else the computer does meets them all alike. */
export async function inRounds<R>(
	{ candidates, sizes, rounds }: Plan,
	run: (candidate: CandidateName, tokens: number) => Promise<R>,
): Promise<Array<Measured<R>>> {
	const measured = sizes.flatMap((tokens) =>
		candidates.map((candidate) => {
			const { label } = ALL_CANDIDATES[candidate];
			return { candidate, label, tokens, results: [] as R[] };
		}),
	);
	for (const size of sizes) {
		const ofSize = measured.filter(({ tokens }) => tokens === size);
		for (let round = 0; round < rounds; round++) {
			for (const { candidate, results } of ofSize) results.push(await run(candidate, size));
			// Who was first is the last of the next round.
			ofSize.push(...ofSize.splice(0, 1));
		}
	}
	return measured;
}

/** @throws Error if that was not measured. */
export function resultsOf<R>(
	measured: ReadonlyArray<Measured<R>>,
	candidate: CandidateName,
	tokens: number,
): readonly R[] {
	const found = measured.find((one) => one.candidate === candidate && one.tokens === tokens);
	if (!found) throw new Error(`${candidate} was not measured with ${tokens} tokens`);
	return found.results;
}
