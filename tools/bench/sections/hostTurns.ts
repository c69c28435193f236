import { Arena } from '../arena';
import { LOADS } from '../loads';
import type { Findings } from '../report';
import { milliseconds, Sample, seconds, wholeNumber } from '../sample';
import type { Held } from '../turnWatch';

const SIZE = { items: 100_000, warmUp: 2000 };
const TEXTS = 10_000;
const WANTED_TURN_MS = 50;
const WANTED_JUDGING_MS = 1000;

/** How long everything else in the n8n process waits for its turn, and what the guard of secrets takes. */
export async function hostTurns(rounds: number): Promise<Findings> {
	const measured = LOADS.map((load) => ({ load, results: [] as Held[] }));
	const judging: number[] = [];
	for (let round = 0; round < rounds; round++) {
		for (const isWordy of [false, true]) {
			await Arena.within({ limit: null, isWordy }, async (arena) => {
				for (const { load, results } of measured) {
					if (isWordy === (load.isWordy ?? false)) results.push(await arena.watch(load, SIZE));
				}
				if (!isWordy) judging.push(await arena.judge(TEXTS));
			});
		}
	}
	const all = measured.flatMap(({ results }) => results);
	const longest = Math.max(...all.map(({ turnWithoutGcMs }) => turnWithoutGcMs));
	const took = new Sample(judging);
	return {
		title: "The host's turns",
		about: [
			'One thread serves all of n8n: while a node keeps it, no other execution, webhook or click in the editor is served.',
			`So this node gives it back every few milliseconds. What it does here has ${wholeNumber(SIZE.items)} items, in a process that has done the same with ${wholeNumber(SIZE.warmUp)} before; the local KIS has no limit.`,
			'“Longest turn” is the processor time of the longest stretch without a chance for others, in milliseconds, from the call of the node to its end, the evaluation of expressions by n8n included.',
			'Garbage collection comes on top, whenever Node.js finds it due, and grows with all that the process holds: here mostly what n8n keeps of the items.',
			'What n8n does with the items before and after the node is not measured.',
			`The second table is the processor time that it takes to look for secrets in ${wholeNumber(TEXTS)} answers in English, none like another, each beside a token of its own.`,
		],
		tables: [
			{
				head: [
					'what is done',
					'seconds in all',
					'longest turn',
					'with garbage collection in it',
					'longest garbage collection alone',
				],
				rows: measured.map(({ load, results }) => [
					load.label,
					Sample.of(results, ({ wallMs }) => wallMs).show(seconds),
					Sample.of(results, ({ turnWithoutGcMs }) => turnWithoutGcMs).show(milliseconds),
					Sample.of(results, ({ turnMs }) => turnMs).show(milliseconds),
					Sample.of(results, ({ gcMs }) => gcMs).show(milliseconds),
				]),
			},
			{
				head: ['answers', 'ms'],
				rows: [[wholeNumber(TEXTS), took.show(milliseconds)]],
			},
		],
		goals: [
			{
				wanted: `No turn of more than ${WANTED_TURN_MS} ms, garbage collection apart`,
				measured: `${milliseconds(longest)} ms`,
				met: longest <= WANTED_TURN_MS,
			},
			{
				wanted: `${wholeNumber(TEXTS)} answers in English: at most ${wholeNumber(WANTED_JUDGING_MS)} ms`,
				measured: `${took.show(milliseconds)} ms`,
				met: took.median <= WANTED_JUDGING_MS,
			},
		],
	};
}
