import { RATE_LIMITS } from '../../sandbox/kis';
import { Arena, type Run } from '../arena';
import type { CandidateName } from '../candidates';
import type { Findings } from '../report';
import { percent, Sample, seconds, wholeNumber } from '../sample';
import { inRounds } from '../rounds';
import { floorMs } from './limit';

const SIZE = 200;
const CANDIDATES: readonly CandidateName[] = ['quotes', 'quotesUnpaced'];
const WANTED_OVER_THE_FLOOR = 0.15;

/** What the credential makes of n8n's HTTP Request node under KIS's limit. */
export async function quotes(rounds: number): Promise<Findings> {
	const measured = await Arena.within({ limit: RATE_LIMITS.real }, async (arena) => {
		// Issues the token, and loads what there is to load.
		for (const candidate of CANDIDATES) await arena.run(candidate, 1);
		const plan = { candidates: CANDIDATES, sizes: [SIZE], rounds };
		return await inRounds(plan, async (candidate, size) => await arena.run(candidate, size));
	});
	const [paced] = measured;
	const answered = Sample.of(paced.results, shareAnswered);
	const refused = Sample.of(paced.results, (run) => run.refused);
	const over = Sample.of(paced.results, overTheFloor);
	return {
		title: 'Quotes through the HTTP Request node',
		about: [
			`${SIZE} concurrent requests for a quote, through the calls that n8n's HTTP Request node makes with this package's credential, which brings the token.`,
			`The local KIS refuses what exceeds ${RATE_LIMITS.real} requests in any second; the floor is ${seconds(floorMs(SIZE))} s.`,
		],
		tables: [
			{
				head: ['candidate', 'answered', 'refused requests', 'seconds', 'over the floor'],
				rows: measured.map(({ label, results }) => [
					label,
					Sample.of(results, shareAnswered).show(percent),
					Sample.of(results, (run) => run.refused).show(wholeNumber),
					Sample.of(results, ({ wallMs }) => wallMs).show(seconds),
					Sample.of(results, shareAnswered).min < 1
						? '–'
						: Sample.of(results, overTheFloor).show(percent),
				]),
			},
		],
		goals: [
			{
				wanted: `${SIZE} quotes: all answered, none refused`,
				measured: `${percent(answered.min)}, ${refused.max} refused`,
				met: answered.min === 1 && refused.max === 0,
			},
			{
				wanted: `${SIZE} quotes: at most ${percent(WANTED_OVER_THE_FLOOR)} over the floor`,
				measured: over.show(percent),
				met: over.median <= WANTED_OVER_THE_FLOOR,
			},
		],
	};
}

function shareAnswered({ answered }: Run): number {
	return answered / SIZE;
}

function overTheFloor({ wallMs }: Run): number {
	return wallMs / floorMs(SIZE) - 1;
}
