import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What an n8n held and used at a moment, or since the sample before. Bytes, milliseconds, numbers of things. */
export interface Sample {
	/** Milliseconds since 1970. */
	readonly at: number;
	readonly rss: number;
	readonly heapUsed: number;
	/** What is left after a garbage collection, which is done for some of the samples only. */
	readonly liveHeap?: number;
	/** Open file descriptors; sockets are among them. */
	readonly files: number;
	readonly sockets: number;
	/** How much too late timers were. */
	readonly delayP50Ms: number;
	readonly delayP99Ms: number;
	readonly delayMaxMs: number;
	/** The share of time in which the event loop did not wait. */
	readonly busy: number;
	/** Processor time since the process began, all threads. */
	readonly cpuMs: number;
}

/** Makes an n8n write samples into a file. */
export function sampling(file: string, everyMs: number): NodeJS.ProcessEnv {
	return {
		NODE_OPTIONS: `--require ${join(__dirname, 'sampler.js')}`,
		SOAK_SAMPLES: file,
		SOAK_SAMPLE_MS: String(everyMs),
	};
}

/** The samples that were taken between two moments. */
export function samplesOf(file: string, from: number, to: number): Sample[] {
	return readFileSync(file, 'utf8')
		.trim()
		.split('\n')
		.map((line) => JSON.parse(line) as Sample)
		.filter(({ at }) => at >= from && at < to);
}
