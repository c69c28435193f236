import type { Arena, Run } from '../arena';
import type { CandidateName } from '../candidates';
import { Figures } from '../figures';

/** All runs of a candidate with so many tokens. */
export interface Measured {
	readonly candidate: CandidateName;
	readonly tokens: number;
	readonly runs: readonly Run[];
}

interface Plan {
	readonly candidates: readonly CandidateName[];
	/** How many tokens, one after the other. */
	readonly sizes: readonly number[];
	readonly rounds: number;
	/** So many tokens first, which do not count: what a process loads and compiles is no part of a run. */
	readonly warmUp: number;
}

/** Of the tokens of each run, how many KIS knows as dead. */
export function shareRevoked({ runs, tokens }: Measured): Figures {
	return new Figures(runs.map(({ revoked }) => revoked / tokens));
}

/** Lets candidates run by turns, so that what else the computer does meets them all alike. */
export async function measureInTurn(
	arena: Arena,
	{ candidates, sizes, rounds, warmUp }: Plan,
): Promise<Measured[]> {
	const measured: Measured[] = [];
	for (const candidate of candidates) await arena.run(candidate, warmUp);
	for (const tokens of sizes) {
		const runs = new Map(candidates.map((candidate) => [candidate, [] as Run[]]));
		for (let round = 0; round < rounds; round++) {
			for (const [candidate, own] of runs) own.push(await arena.run(candidate, tokens));
		}
		for (const [candidate, own] of runs) measured.push({ candidate, tokens, runs: own });
	}
	return measured;
}
