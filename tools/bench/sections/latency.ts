import { RATE_LIMITS } from '../../sandbox/kis';
import { Arena } from '../arena';
import type { CandidateName } from '../candidates';
import type { Findings } from '../report';
import { percent, Sample, seconds, wholeNumber } from '../sample';
import { byTurns } from '../turns';

const ANSWER_MS = 20;
const LIMITED = {
	limit: RATE_LIMITS.real,
	candidates: ['kisToken', 'httpRequestTuned', 'plainLoop'] as CandidateName[],
	sizes: [200],
};
const UNLIMITED = {
	limit: null,
	candidates: ['kisToken', 'httpRequest', 'plainLoop', 'bareUndici'] as CandidateName[],
	sizes: [1000],
};

/** What changes where KIS is not on the same computer. */
export async function latency(rounds: number): Promise<Findings> {
	const rows: string[][] = [];
	for (const { limit, candidates, sizes } of [LIMITED, UNLIMITED]) {
		const measured = await Arena.within({ limit, answerMs: ANSWER_MS }, async (arena) => {
			// Loads what there is to load.
			for (const candidate of candidates) await arena.run(candidate, 1);
			return await byTurns(
				{ candidates, sizes, rounds },
				async (candidate, tokens) => await arena.run(candidate, tokens),
			);
		});
		for (const { label, tokens, results } of measured) {
			rows.push([
				limit === null ? 'none' : String(limit),
				wholeNumber(tokens),
				label,
				Sample.of(results, ({ revoked }) => revoked / tokens).show(percent),
				Sample.of(results, ({ wallMs }) => wallMs).show(seconds),
			]);
		}
	}
	return {
		title: 'Where answers take time',
		about: [
			`As before, but each answer of the local KIS takes ${ANSWER_MS} ms.`,
			"Under KIS's limit that costs this node a part of it each second, since a place is free again one second after the answer, less what even the shortest answers take: only then no request can be one too many.",
			'Without a limit this node opens as many connections as the answers need, up to 64; HTTP Request opens one for each token.',
		],
		tables: [{ head: ['limit', 'tokens', 'candidate', 'revoked', 'seconds'], rows }],
		goals: [],
	};
}
