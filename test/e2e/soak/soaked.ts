import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Sample as Figures } from '../../../tools/bench/sample';
import type { WorkflowFile } from '../../../tools/n8n/server';
import type { App } from '../../../tools/sandbox/apps';
import type { Sandbox } from '../../../tools/sandbox/server';
import { Stage } from '../stage';
import { samplesOf, sampling, type Sample } from './samples';

const SECOND_MS = 1000;

/** One execution, as its caller sees it. */
interface Run {
	/** When it began: milliseconds since 1970. */
	readonly at: number;
	readonly ms: number;
	/** What came instead of a confirmed revoke. */
	readonly failure: string | undefined;
	/** How many connections the local KIS had when it began. */
	readonly connections: number;
}

interface Window {
	readonly samples: readonly Sample[];
	readonly runs: readonly Run[];
}

interface Figure {
	readonly of: (window: Window) => number;
	readonly show: (value: number) => string;
	/** From the first window to the last one, if that does not depend on how busy the computer is. */
	readonly mayGrowBy?: number;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
const oneDecimal = (value: number) => value.toFixed(1);

/** The median of the samples. */
const sampled =
	(figure: (sample: Sample) => number | undefined) =>
	({ samples }: Window) =>
		Figures.of(
			samples.map(figure).filter((value) => value !== undefined),
			(value) => value,
		).median;

/** What a share of the executions took at most, for whoever called them. */
const took =
	(share: number) =>
	({ runs }: Window) =>
		runs.map(({ ms }) => ms).sort((one, other) => one - other)[Math.ceil(runs.length * share) - 1];

/** Processor time is counted, not timed: a busy computer changes it little. */
function cpuPerRun({ samples, runs }: Window): number {
	const [first, last] = [samples[0], samples[samples.length - 1]];
	const between = runs.filter(({ at }) => at >= first.at && at < last.at);
	return (last.cpuMs - first.cpuMs) / between.length;
}

/** What tells a start from an end. */
export const FIGURES: Readonly<Record<string, Figure>> = {
	'live heap (MB)': { of: sampled(({ liveHeap }) => liveHeap), show: megabytes, mayGrowBy: 10e6 },
	'resident memory (MB)': { of: sampled(({ rss }) => rss), show: megabytes },
	'open files': { of: sampled(({ files }) => files), show: String, mayGrowBy: 3 },
	'sockets among them': { of: sampled(({ sockets }) => sockets), show: String, mayGrowBy: 3 },
	'connections at KIS': {
		of: ({ runs }) => Figures.of(runs, ({ connections }) => connections).median,
		show: String,
		mayGrowBy: 1,
	},
	'event-loop delay, p50 (ms)': { of: sampled(({ delayP50Ms }) => delayP50Ms), show: oneDecimal },
	'event-loop delay, p99 (ms)': { of: sampled(({ delayP99Ms }) => delayP99Ms), show: oneDecimal },
	'event loop busy (%)': { of: sampled(({ busy }) => busy * 100), show: oneDecimal },
	'processor time of an execution (ms)': { of: cpuPerRun, show: oneDecimal },
	'an execution, p50 (ms)': { of: took(0.5), show: oneDecimal },
	'an execution, p99 (ms)': { of: took(0.99), show: oneDecimal },
};

interface Settings {
	readonly apps: Readonly<Record<string, App>>;
	readonly sampleMs: number;
	/** Of each app. Its webhook, which has the app's name, answers with what KIS says of the revoke. */
	readonly workflow: (name: string, sandbox: Sandbox) => WorkflowFile;
}

/** An n8n under load. */
export class Soaked {
	readonly runs: Run[] = [];

	private constructor(
		readonly stage: Stage,
		readonly names: readonly string[],
		readonly folder: string,
	) {}

	static async start({ apps, sampleMs, workflow }: Settings): Promise<Soaked> {
		const names = Object.keys(apps);
		const folder = await mkdtemp(join(tmpdir(), 'kis-soak-'));
		const stage = await Stage.start({
			apps,
			workflows: (sandbox) => names.map((name) => workflow(name, sandbox)),
			env: {
				...sampling(samplesIn(folder), sampleMs),
				// As anyone has to who executes something each second.
				EXECUTIONS_DATA_SAVE_ON_SUCCESS: 'none',
			},
		});
		for (const name of names) await stage.api.activate(name);
		return new Soaked(stage, names, folder);
	}

	/** Begins an execution each second, of one app after the other, and waits for the last one. */
	async run(seconds: number): Promise<void> {
		const begun: Array<Promise<void>> = [];
		const start = performance.now();
		for (let second = 0; second < seconds; second++) {
			await delay(start + second * SECOND_MS - performance.now());
			begun.push(this.#execute(this.names[second % this.names.length]));
		}
		await Promise.all(begun);
	}

	/** The figures of a time, by their names. Times are milliseconds since 1970. */
	figures(from: number, to: number): Readonly<Record<string, number>> {
		const samples = samplesOf(samplesIn(this.folder), from, to);
		const runs = this.runs.filter(({ at }) => at >= from && at < to);
		return Object.fromEntries(
			Object.entries(FIGURES).map(([name, { of }]) => [name, of({ samples, runs })]),
		);
	}

	async stop(): Promise<void> {
		await this.stage.stop();
		await rm(this.folder, { recursive: true });
	}

	async #execute(webhook: string): Promise<void> {
		const { n8n, sandbox } = this.stage;
		const at = Date.now();
		const began = performance.now();
		const connections = sandbox.sockets.size;
		const said = await fetch(`${n8n.url}/webhook/${webhook}`).then(
			async (response) => await response.text(),
			String,
		);
		const failure = /"code":"?200"?,/.test(said) ? undefined : said;
		this.runs.push({ at, ms: performance.now() - began, failure, connections });
	}
}

const samplesIn = (folder: string) => join(folder, 'samples.jsonl');
