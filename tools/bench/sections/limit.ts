import { RATE_LIMITS } from '../../sandbox/kis';
import { Arena, type Run } from '../arena';
import type { CandidateName } from '../candidates';
import type { Findings } from '../report';
import { percent, Sample, seconds, wholeNumber } from '../sample';
import { inRounds } from '../rounds';

const SIZES = [200, 1000];
const CANDIDATES: readonly CandidateName[] = [
	'kisToken',
	'httpRequest',
	'httpRequestBatched',
	'httpRequestTuned',
	'plainLoop',
];
const WANTED_OVER_THE_FLOOR = 0.03;

/** The least time that any client can take: a request comes a second or more after the one so many places before it. */
export function floorMs(requests: number): number {
	return Math.floor((requests - 1) / RATE_LIMITS.real) * 1000;
}

/** How much of KIS's limit each uses, and what KIS refuses of it. */
export async function limit(rounds: number): Promise<Findings> {
	const measured = await Arena.within({ limit: RATE_LIMITS.real }, async (arena) => {
		// Loads what there is to load.
		for (const candidate of CANDIDATES) await arena.run(candidate, 1);
		const plan = { candidates: CANDIDATES, sizes: SIZES, rounds };
		return await inRounds(plan, async (candidate, tokens) => await arena.run(candidate, tokens));
	});
	const ofThisNode = measured.filter(({ candidate }) => candidate === 'kisToken');
	const floors = SIZES.map((size) => `${seconds(floorMs(size))} s for ${wholeNumber(size)} tokens`);
	return {
		title: "Under KIS's limit",
		about: [
			`The local KIS refuses what exceeds ${RATE_LIMITS.real} requests in any second, as KIS does.`,
			`The floor is the least time that any client can take, ${floors.join(' and ')}: a request has to come a second or more after the one ${RATE_LIMITS.real} places before it.`,
			'The local KIS, not the candidate, says how many tokens are revoked.',
			'Nothing is set on this node; what is set on HTTP Request is in its name.',
			'“–”: not every token was revoked.',
		],
		tables: [
			{
				head: ['tokens', 'candidate', 'revoked', 'refused requests', 'seconds', 'over the floor'],
				rows: measured.map(({ label, tokens, results }) => [
					wholeNumber(tokens),
					label,
					shareRevoked(results, tokens).show(percent),
					refusals(results).show(wholeNumber),
					Sample.of(results, ({ wallMs }) => wallMs).show(seconds),
					shareRevoked(results, tokens).min < 1 ? '–' : overTheFloor(results, tokens).show(percent),
				]),
			},
		],
		goals: ofThisNode.flatMap(({ tokens, results }) => {
			const revoked = shareRevoked(results, tokens).min;
			const refused = refusals(results).max;
			const over = overTheFloor(results, tokens);
			return [
				{
					wanted: `${wholeNumber(tokens)} tokens: all revoked, none refused, nothing set by the user`,
					measured: `${percent(revoked)}, ${refused} refused`,
					met: revoked === 1 && refused === 0,
				},
				{
					wanted: `${wholeNumber(tokens)} tokens: at most ${percent(WANTED_OVER_THE_FLOOR)} over the floor`,
					measured: over.show(percent),
					met: over.median <= WANTED_OVER_THE_FLOOR,
				},
			];
		}),
	};
}

function shareRevoked(runs: readonly Run[], tokens: number): Sample {
	return Sample.of(runs, ({ revoked }) => revoked / tokens);
}

function refusals(runs: readonly Run[]): Sample {
	return Sample.of(runs, ({ refused }) => refused);
}

function overTheFloor(runs: readonly Run[], tokens: number): Sample {
	return Sample.of(runs, ({ wallMs }) => wallMs / floorMs(tokens) - 1);
}
