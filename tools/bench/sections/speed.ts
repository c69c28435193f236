import { Arena, type Run } from '../arena';
import type { CandidateName } from '../candidates';
import type { Findings } from '../report';
import { milliseconds, percent, Sample, wholeNumber } from '../sample';
import { inRounds, resultsOf } from '../rounds';

/** How many tokens each process revokes before its runs count: until nothing gets faster any more. */
const WARM_UP = 5000;
const AT_FULL_SPEED = {
	candidates: ['kisToken', 'httpRequest', 'plainLoop', 'bareUndici'] as CandidateName[],
	sizes: [1, 10, 1000],
};
/** Takes half a minute a round. */
const LARGE = { candidates: AT_FULL_SPEED.candidates, sizes: [10_000], rounds: 5 };
/** Their own pauses take a minute for 1,000 tokens, and ten for 10,000. */
const PAUSING = {
	candidates: ['httpRequestBatched', 'httpRequestTuned'] as CandidateName[],
	sizes: [1, 10],
};
const WANTED_TIMES_BARE = 1.3;
/** How many times HTTP Request's speed, end to end. */
const WANTED_AHEAD = 2.5;
const WANTED_GROWTH = 1.1;

/** What the work of the client takes, where KIS does not hold it up. */
export async function speed(rounds: number): Promise<Findings> {
	const measured = await Arena.within({ limit: null }, async (arena) => {
		const run = async (candidate: CandidateName, tokens: number) =>
			await arena.run(candidate, tokens);
		for (const candidate of AT_FULL_SPEED.candidates) await run(candidate, WARM_UP);
		for (const candidate of PAUSING.candidates) await run(candidate, 1);
		return [
			...(await inRounds({ ...AT_FULL_SPEED, rounds }, run)),
			...(await inRounds({ ...PAUSING, rounds }, run)),
			...(await inRounds(LARGE, run)),
		];
	});
	/** @throws Error if not every token was revoked: who leaves some out is not faster. */
	const wholeRuns = (candidate: CandidateName, tokens: number) => {
		const runs = resultsOf(measured, candidate, tokens);
		if (runs.every(({ revoked }) => revoked === tokens)) return runs;
		throw new Error(`${candidate} left some of ${tokens} tokens live`);
	};
	const thousand = (candidate: CandidateName) => wholeRuns(candidate, 1000);
	const bare = thousand('bareUndici').map(wallMs);
	const timesBare = ratios(thousand('kisToken').map(withoutReadingMs), bare);
	const ofThisNode = thousand('kisToken').map(wallMs);
	const ahead = ratios(thousand('httpRequest').map(wallMs), ofThisNode);
	const ofTenThousand = Sample.of(wholeRuns('kisToken', 10_000), wallMs);
	const growth = ofTenThousand.median / 10 / new Sample(ofThisNode).median;
	return {
		title: 'Without a limit',
		about: [
			'The local KIS allows any number of requests, and *Requests per Second* of this node is set out of the way.',
			`Before its runs count, each process revokes ${wholeNumber(WARM_UP)} tokens, as in a server that has been up for a while; where HTTP Request is set to pause, one.`,
			'Times are in milliseconds. Nothing is far away here, and the local KIS works on the same cores: the handshakes that HTTP Request makes for each token cost both sides.',
			"n8n evaluates an expression for each token, whatever the node: that is “reading parameters”, on this engine; a server's takes longer.",
			'Where HTTP Request is set to pause, its time is that of its pauses: for more tokens see the section before.',
			'The plain loop keeps its connection from one run to the next, the others connect anew.',
			`10,000 tokens: ${LARGE.rounds} rounds.`,
		],
		tables: [
			{
				head: [
					'tokens',
					'candidate',
					'revoked',
					'ms',
					'reading parameters',
					'without that',
					'per token without that',
					'CPU without that',
				],
				rows: measured.map(({ label, tokens, results }) => [
					wholeNumber(tokens),
					label,
					Sample.of(results, ({ revoked }) => revoked / tokens).show(percent),
					Sample.of(results, wallMs).show(milliseconds),
					Sample.of(results, ({ parametersMs }) => parametersMs).show(milliseconds),
					Sample.of(results, withoutReadingMs).show(milliseconds),
					(Sample.of(results, withoutReadingMs).median / tokens).toFixed(3),
					Sample.of(results, ({ cpuMs, parametersMs }) => cpuMs - parametersMs).show(milliseconds),
				]),
			},
		],
		goals: [
			{
				wanted: `1,000 tokens, without reading parameters: at most ${WANTED_TIMES_BARE} times the bare undici loop`,
				measured: timesBare.show(times),
				met: timesBare.median <= WANTED_TIMES_BARE,
			},
			{
				wanted: `1,000 tokens, end to end: at least ${WANTED_AHEAD} times ahead of HTTP Request`,
				measured: ahead.show(times),
				met: ahead.median >= WANTED_AHEAD,
			},
			{
				wanted: `Time per token at 10,000 tokens: at most ${WANTED_GROWTH} times that at 1,000`,
				measured: times(growth),
				met: growth <= WANTED_GROWTH,
			},
		],
	};
}

const wallMs = (run: Run) => run.wallMs;
const withoutReadingMs = (run: Run) => run.wallMs - run.parametersMs;
const times = (value: number) => value.toFixed(2);

/** How many times the other each one is, round by round: what slows the computer down meets both. */
function ratios(ones: readonly number[], others: readonly number[]): Sample {
	return new Sample(ones.map((one, round) => one / others[round]));
}
