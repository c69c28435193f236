import { Arena } from '../arena';
import { CANDIDATES, type CandidateName } from '../candidates';
import { count, Figures, percent, seconds } from '../figures';
import type { Section } from './section';
import { measureInTurn, shareRevoked, type Measured } from './turns';

const REQUESTS_PER_SECOND = 18;
const SIZES = [200, 1000];
const CONTENDERS = [
	'kisToken',
	'httpRequest',
	'httpRequestBatched',
	'httpRequestTuned',
	'plainLoop',
] as const satisfies CandidateName[];
const WANTED_OVER_THE_FLOOR = 0.03;

/** Request `i + 18` cannot come before request `i` plus one second. */
function floorMs(tokens: number): number {
	return Math.floor((tokens - 1) / REQUESTS_PER_SECOND) * 1000;
}

export const limit: Section = {
	async measure(rounds) {
		const measured = await Arena.within(
			REQUESTS_PER_SECOND,
			async (arena) =>
				await measureInTurn(arena, { candidates: CONTENDERS, sizes: SIZES, rounds, warmUp: 1 }),
		);
		const own = measured.filter(({ candidate }) => candidate === 'kisToken');
		return {
			title: "Under KIS's limit",
			about: `A local KIS over TLS that refuses what exceeds ${REQUESTS_PER_SECOND} requests in any second. No way can be faster than the floor, ${SIZES.map((n) => `${seconds(floorMs(n))} s for ${count(n)} tokens`).join(' and ')}: no request can come earlier than a second after the one ${REQUESTS_PER_SECOND} places before it. How many tokens are revoked is asked of the local KIS, not of the candidate. Nothing is set for this node; the pauses of the others are in their names.`,
			tables: [
				{
					head: ['tokens', 'candidate', 'revoked', 'refused requests', 'seconds', 'over the floor'],
					rows: measured.map((one) => [
						count(one.tokens),
						CANDIDATES[one.candidate].label,
						shareRevoked(one).show(percent),
						refusals(one).show(count),
						new Figures(one.runs.map(({ wallMs }) => wallMs)).show(seconds),
						shareRevoked(one).least < 1 ? '–' : overTheFloor(one).show(percent),
					]),
				},
			],
			goals: own.flatMap((one) => {
				const tokens = count(one.tokens);
				const revoked = shareRevoked(one).least;
				const refused = refusals(one).most;
				const over = overTheFloor(one);
				return [
					{
						wanted: `${tokens} tokens: all revoked, none refused, nothing set by the user`,
						measured: `${percent(revoked)}, ${refused} refused`,
						met: revoked === 1 && refused === 0,
					},
					{
						wanted: `${tokens} tokens: at most ${percent(WANTED_OVER_THE_FLOOR)} over the floor`,
						measured: over.show(percent),
						met: over.median <= WANTED_OVER_THE_FLOOR,
					},
				];
			}),
		};
	},
};

function refusals({ runs }: Measured): Figures {
	return new Figures(runs.map(({ refused }) => refused));
}

function overTheFloor({ runs, tokens }: Measured): Figures {
	return new Figures(runs.map(({ wallMs }) => wallMs / floorMs(tokens) - 1));
}
