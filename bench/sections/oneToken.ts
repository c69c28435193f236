import { Arena, type Run } from '../arena';
import { CANDIDATES, type CandidateName } from '../candidates';
import { Figures, kilobytes, milliseconds } from '../figures';
import { Child } from '../processes/child';
import type { Loaded, LoadingProcess } from '../processes/loading';
import type { Section } from './section';

const CALLS = 10;
const CONTENDERS: readonly CandidateName[] = ['kisToken', 'httpRequest', 'bareUndici'];
const WANTED_OVERHEAD_MS = 5;
const WANTED_LOADING_MS = 60;

/** What n8n loads when it starts, and what the node's first run adds. */
const AT_START = ['nodes/KisToken/KisToken.node.js', 'credentials/KisApi.credentials.js'];
const AT_FIRST_RUN = ['kis/revoke/revokeTokens.js'];
const HTTP_CLIENT = 'kis/http/connection.js';

export const oneToken: Section = {
	async measure(rounds) {
		const calls = await measureCalls(rounds);
		const loads = await measureLoads(rounds);
		const atStart = loads.map(([first]) => first);
		const atFirstRun = loads.map(([, second]) => second);
		const tenth = (candidate: CandidateName) => calls[candidate].map((runs) => runs[CALLS - 1]);
		const overhead = (time: (run: Run) => number) =>
			figures(tenth('kisToken'), time).median - figures(tenth('bareUndici'), time).median;
		const loading = new Figures(atFirstRun.map(({ took }) => took));
		const isLazy = atStart.every(({ files }) => !files.includes(HTTP_CLIENT));
		return {
			title: 'One token',
			about:
				'The everyday case, in processes that have just started: n8n is loaded, the package is not. From the node being called to the local KIS having read the head of its request, which includes connecting over TLS, and to its end. Then what loading the package takes of it.',
			tables: [
				{
					head: ['call', 'candidate', 'ms to the request', 'ms in all'],
					rows: [0, CALLS - 1].flatMap((call) =>
						CONTENDERS.map((candidate) => {
							const runs = calls[candidate].map((ofProcess) => ofProcess[call]);
							return [
								call === 0 ? 'first' : 'tenth',
								CANDIDATES[candidate].label,
								figures(runs, toTheWire).show(milliseconds),
								figures(runs, inAll).show(milliseconds),
							];
						}),
					),
				},
				{
					head: ['loaded', 'files', 'kB', 'ms'],
					rows: [
						["by n8n's start", ...describe(atStart)],
						["by the node's first run, once", ...describe(atFirstRun)],
					],
				},
			],
			goals: [
				{
					wanted: `Tenth call: less than ${WANTED_OVERHEAD_MS} ms more than the bare undici call`,
					measured: `${milliseconds(overhead(toTheWire))} ms to the request, ${milliseconds(overhead(inAll))} ms in all`,
					met: overhead(toTheWire) < WANTED_OVERHEAD_MS && overhead(inAll) < WANTED_OVERHEAD_MS,
				},
				{
					wanted: `Loading the client: less than ${WANTED_LOADING_MS} ms`,
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
	},
};

/** For each candidate and each of its processes, the calls of that process. */
async function measureCalls(rounds: number): Promise<Record<CandidateName, Run[][]>> {
	const calls: Partial<Record<CandidateName, Run[][]>> = {};
	await Arena.within(null, async (arena) => {
		for (let round = 0; round < rounds; round++) {
			for (const candidate of CONTENDERS) {
				(calls[candidate] ??= []).push(await arena.runsOfFresh(candidate, 1, CALLS));
			}
		}
	});
	return calls as Record<CandidateName, Run[][]>;
}

async function measureLoads(rounds: number): Promise<Loaded[][]> {
	const loads: Loaded[][] = [];
	while (loads.length < rounds) {
		const process = new Child<LoadingProcess>('loading.ts');
		loads.push([await process.ask('load', AT_START), await process.ask('load', AT_FIRST_RUN)]);
		await process.stop();
	}
	return loads;
}

function describe(loads: readonly Loaded[]): string[] {
	const [{ files, bytes }] = loads;
	return [
		String(files.length),
		kilobytes(bytes),
		new Figures(loads.map(({ took }) => took)).show(milliseconds),
	];
}

function figures(runs: readonly Run[], time: (run: Run) => number): Figures {
	return new Figures(runs.map(time));
}

const toTheWire = ({ firstRequestAt, calledAt }: Run) => firstRequestAt - calledAt;
const inAll = ({ wallMs }: Run) => wallMs;
