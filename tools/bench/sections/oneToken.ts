import { Arena, type Run } from '../arena';
import { ALL_CANDIDATES, type CandidateName } from '../candidates';
import { Child } from '../processes/child';
import type { Loaded, LoadingProcess } from '../processes/loading';
import type { Findings } from '../report';
import { kilobytes, milliseconds, Sample } from '../sample';
import { inRounds, resultsOf } from '../rounds';

const NAMES: readonly CandidateName[] = ['kisToken', 'httpRequest', 'bareUndici'];
const WANTED_OVERHEAD_MS = 5;
const WANTED_LOADING_MS = 60;
const WANTED_BEHIND_HTTP_REQUEST_MS = 10;

/** Calls of one process. */
const CALLS = 10;
const SHOWN = { first: 0, tenth: CALLS - 1 } as const;

/** What n8n loads of the package when it starts. */
const AT_START = ['nodes/KisToken/KisToken.node.js', 'credentials/KisApi.credentials.js'];
/** What the first revoke adds. */
const HTTP_CLIENT = 'kis/http/connection.js';

/** What the everyday case takes: one token, in a process that has just started and in one that has not. */
export async function oneToken(rounds: number): Promise<Findings> {
	const measured = await Arena.within({ limit: null }, async (arena) => {
		const plan = { candidates: NAMES, sizes: [1], rounds };
		return await inRounds(plan, async (name) => await arena.runInNewProcess(name, 1, CALLS));
	});
	const calls = (name: CandidateName, call: keyof typeof SHOWN) =>
		resultsOf(measured, name, 1).map((ofProcess) => ofProcess[SHOWN[call]]);
	const more = (call: keyof typeof SHOWN, than: CandidateName, time: (run: Run) => number) =>
		Sample.of(calls('kisToken', call), time).median - Sample.of(calls(than, call), time).median;
	const behind = (time: (run: Run) => number) => more('first', 'httpRequest', time);
	const overhead = (time: (run: Run) => number) => more('tenth', 'bareUndici', time);

	const loads: Array<{ atStart: Loaded; atFirstRun: Loaded }> = [];
	while (loads.length < rounds) {
		await Child.within<LoadingProcess, unknown>('loading', async (child) => {
			const atStart = await child.ask('load', AT_START);
			loads.push({ atStart, atFirstRun: await child.ask('load', [HTTP_CLIENT]) });
		});
	}
	const loading = Sample.of(loads, ({ atFirstRun }) => atFirstRun.tookMs);
	const isLazy = loads.every(({ atStart }) => !atStart.files.includes(HTTP_CLIENT));
	return {
		title: 'One token',
		about: [
			'The everyday case.',
			'Each process has just started: it has loaded n8n and what n8n loads of the package when it starts, but not the HTTP client.',
			'The time counts from the call of the node: until the local KIS has read the head of the request, which includes connecting and the TLS handshake; and until the end of the node.',
			'Young garbage of what was loaded before is collected first: otherwise luck decides whose call collects it.',
			"HTTP Request is only that node's calls here, with the app secret written into the workflow; the next section has the node itself.",
			"The rest of what makes the first call slow is that everything runs for the first time, n8n's expressions too.",
			'The second table is what loading takes, in processes that do nothing else.',
		],
		tables: [
			{
				head: ['call', 'candidate', 'ms to the request', 'ms in all'],
				rows: (['first', 'tenth'] as const).flatMap((call) =>
					NAMES.map((name) => [
						call,
						ALL_CANDIDATES[name].label,
						Sample.of(calls(name, call), toTheRequest).show(milliseconds),
						Sample.of(calls(name, call), inAll).show(milliseconds),
					]),
				),
			},
			{
				head: ['loaded', 'files', 'kB', 'ms'],
				rows: [
					['when n8n starts', ...describe(loads.map(({ atStart }) => atStart))],
					['by the first revoke', ...describe(loads.map(({ atFirstRun }) => atFirstRun))],
				],
			},
		],
		goals: [
			{
				wanted: `First call: less than ${WANTED_BEHIND_HTTP_REQUEST_MS} ms more than the calls of the HTTP Request node`,
				measured: `${milliseconds(behind(toTheRequest))} ms to the request, ${milliseconds(behind(inAll))} ms in all`,
				met:
					behind(toTheRequest) < WANTED_BEHIND_HTTP_REQUEST_MS &&
					behind(inAll) < WANTED_BEHIND_HTTP_REQUEST_MS,
			},
			{
				wanted: `Tenth call: less than ${WANTED_OVERHEAD_MS} ms more than the bare undici loop`,
				measured: `${milliseconds(overhead(toTheRequest))} ms to the request, ${milliseconds(overhead(inAll))} ms in all`,
				met: overhead(toTheRequest) < WANTED_OVERHEAD_MS && overhead(inAll) < WANTED_OVERHEAD_MS,
			},
			{
				wanted: `What the first revoke loads: less than ${WANTED_LOADING_MS} ms`,
				measured: `${loading.show(milliseconds)} ms`,
				met: loading.median < WANTED_LOADING_MS,
			},
			{
				wanted: 'The HTTP client is not loaded before the node runs',
				measured: isLazy ? 'not loaded' : 'loaded',
				met: isLazy,
			},
		],
	};
}

function describe(loads: readonly Loaded[]): string[] {
	const [{ files, bytes }] = loads;
	const took = Sample.of(loads, ({ tookMs }) => tookMs);
	return [String(files.length), kilobytes(bytes), took.show(milliseconds)];
}

const toTheRequest = ({ firstRequestAt, calledAt }: Run) => firstRequestAt - calledAt;
const inAll = ({ wallMs }: Run) => wallMs;
