import { Arena } from '../arena';
import { CANDIDATES, type CandidateName } from '../candidates';
import { count, Figures, milliseconds, percent } from '../figures';
import type { Section } from './section';
import { measureInTurn, shareRevoked, type Measured } from './turns';

const SIZES = [1, 10, 1000, 10_000];
/** Their own pauses take a minute and more for a thousand tokens. */
const PAUSING: readonly CandidateName[] = ['httpRequestBatched', 'httpRequestTuned'];
const PAUSING_SIZES = [1, 10];
/** Until nothing gets faster any more, as in a server that has been up for a while. */
const WARM_UP_TOKENS = 5000;
const AT_FULL_SPEED: readonly CandidateName[] = [
	'kisToken',
	'httpRequest',
	'plainLoop',
	'bareUndici',
];

export const speed: Section = {
	async measure(rounds) {
		const measured = await Arena.within(null, async (arena) => [
			...(await measureInTurn(arena, {
				candidates: AT_FULL_SPEED,
				sizes: SIZES,
				rounds,
				warmUp: WARM_UP_TOKENS,
			})),
			...(await measureInTurn(arena, {
				candidates: PAUSING,
				sizes: PAUSING_SIZES,
				rounds,
				warmUp: 1,
			})),
		]);
		const sizes = measured.toSorted((one, other) => one.tokens - other.tokens);
		const find = (candidate: CandidateName, tokens: number) =>
			measured.find((one) => one.candidate === candidate && one.tokens === tokens) as Measured;
		const ofFloor = ratio(own(find('kisToken', 1000)), wall(find('bareUndici', 1000)));
		const ahead = ratio(wall(find('httpRequest', 1000)), wall(find('kisToken', 1000)));
		const growth = wall(find('kisToken', 10_000)).median / 10 / wall(find('kisToken', 1000)).median;
		return {
			title: 'Without a limit',
			about: `A local KIS that allows any number of requests, and *Requests per Second* so high that it does not count. Each process first revokes ${count(WARM_UP_TOKENS)} tokens that do not count. What n8n takes to read the node's parameters, which is mostly the evaluation of an expression for each token, is counted apart: no node can do without it. HTTP Request with batching spends most of its time in its own pauses; for ${count(1000)} tokens see above. The plain loop keeps its connection from one run to the next, everyone else connects anew.`,
			tables: [
				{
					head: [
						'tokens',
						'candidate',
						'revoked',
						'milliseconds',
						'of it reading parameters',
						'the rest',
						'the rest per token',
					],
					rows: sizes.map((one) => [
						count(one.tokens),
						CANDIDATES[one.candidate].label,
						shareRevoked(one).show(percent),
						wall(one).show(milliseconds),
						new Figures(one.runs.map(({ parametersMs }) => parametersMs)).show(milliseconds),
						own(one).show(milliseconds),
						milliseconds(own(one).median / one.tokens),
					]),
				},
			],
			goals: [
				{
					wanted:
						'1,000 tokens: without reading parameters, at most 1.3 times the bare undici loop',
					measured: ofFloor.toFixed(2),
					met: ofFloor <= 1.3,
				},
				{
					wanted: '1,000 tokens: at least 2.5 times ahead of HTTP Request, end to end',
					measured: ahead.toFixed(2),
					met: ahead >= 2.5,
				},
				{
					wanted: 'Time per token flat from 1,000 to 10,000',
					measured: `${growth.toFixed(2)} times`,
					met: growth <= 1.1,
				},
			],
		};
	},
};

function wall({ runs }: Measured): Figures {
	return new Figures(runs.map(({ wallMs }) => wallMs));
}

/** Without what n8n takes to read parameters. */
function own({ runs }: Measured): Figures {
	return new Figures(runs.map(({ wallMs, parametersMs }) => wallMs - parametersMs));
}

function ratio(one: Figures, other: Figures): number {
	return one.median / other.median;
}
