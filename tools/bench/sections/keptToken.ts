import { Arena, type Run } from '../arena';
import type { CandidateName } from '../candidates';
import type { Findings } from '../report';
import { inRounds, resultsOf } from '../rounds';
import { Sample } from '../sample';

const REQUESTS = 100;
const BARE: CandidateName = 'quotesBare';
const ALONE: CandidateName = 'prepareQuotes';
const OWN: CandidateName = 'quotesOwnToken';
const KEPT: CandidateName = 'quotesKeptToken';
const CANDIDATES: readonly CandidateName[] = [BARE, OWN, KEPT, ALONE];
/** How many requests each process sends before its runs count. */
const WARM_UP = 500;
const WANTED_MS = 1;

/** What the kept token of the credential adds to a request of n8n's HTTP Request node. */
export async function keptToken(rounds: number): Promise<Findings> {
	const measured = await Arena.within({ limit: null }, async (arena) => {
		for (const candidate of CANDIDATES) await arena.run(candidate, WARM_UP);
		const plan = { candidates: CANDIDATES, sizes: [REQUESTS], rounds };
		return await inRounds(plan, async (candidate, size) => await arena.run(candidate, size));
	});
	/** @throws Error if not every request was answered with a quote. */
	const answeredRuns = (candidate: CandidateName) => {
		const runs = resultsOf(measured, candidate, REQUESTS);
		const wanted = candidate === ALONE ? 0 : REQUESTS;
		if (runs.every(({ answered }) => answered === wanted)) return runs;
		throw new Error(`${candidate}: not every quote came`);
	};
	const perRequest = (candidate: CandidateName, figure: (run: Run) => number) =>
		Sample.of(answeredRuns(candidate), (run) => figure(run) / REQUESTS);
	const [time, cpu] = [perRequest(ALONE, wallMs), perRequest(ALONE, cpuMs)];
	const cpuMore = perRequest(KEPT, cpuMs).median - perRequest(OWN, cpuMs).median;
	return {
		title: 'The kept token',
		about: [
			`${REQUESTS} requests for a quote, one after the other, by the calls that n8n's HTTP Request node makes; each connects anew, as there.`,
			'The credential keeps a token in memory, and decides for each request whether it can be used.',
			'*Pace Requests* is off: it would only wait.',
			'Times are milliseconds for each request. Where n8n sends it with a credential, n8n decrypts that too.',
		],
		tables: [
			{
				head: ['headers', 'ms', 'CPU'],
				rows: measured.map(({ candidate, label }) => [
					label,
					perRequest(candidate, wallMs).show(fine),
					perRequest(candidate, cpuMs).show(fine),
				]),
			},
		],
		goals: [
			{
				wanted: `The credential with a kept token: less than ${WANTED_MS} ms a request`,
				measured: `alone ${time.show(fine)} ms, CPU ${cpu.show(fine)} ms; a whole request: CPU ${fine(cpuMore)} ms more than with a fixed \`authorization\``,
				met: Math.max(time.median, cpu.median, cpuMore) < WANTED_MS,
			},
		],
	};
}

const wallMs = (run: Run) => run.wallMs;
const cpuMs = (run: Run) => run.cpuMs;
const fine = (ms: number) => ms.toFixed(2);
