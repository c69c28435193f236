import { sharedClock } from '../clock';

/** What something took. Times in milliseconds, memory in bytes. */
export interface Timing {
	/** When it was called, on the shared clock. */
	readonly calledAt: number;
	/** From the call to its end. */
	readonly wallMs: number;
	/** Of it, n8n's reading of parameters, which evaluates their expressions. */
	readonly parametersMs: number;
	/** Of all threads, in user and system mode. */
	readonly cpuMs: number;
	/** The resident set of the process before it began. */
	readonly residentBefore: number;
	/** The largest resident set that was seen meanwhile, every few milliseconds. */
	readonly residentPeak: number;
}

const LOOK_EVERY_MS = 10;

/**
 * Measures some work.
 *
 * @param readingMs Asked at its end: what the reading of parameters took of it, in milliseconds.
 */
export async function timed(work: () => Promise<void>, readingMs = () => 0): Promise<Timing> {
	const residentBefore = process.memoryUsage.rss();
	let residentPeak = residentBefore;
	const look = () => {
		residentPeak = Math.max(residentPeak, process.memoryUsage.rss());
	};
	const looking = setInterval(look, LOOK_EVERY_MS);
	const cpuBefore = process.cpuUsage();
	const calledAt = sharedClock();
	await work();
	const wallMs = sharedClock() - calledAt;
	const { user, system } = process.cpuUsage(cpuBefore);
	clearInterval(looking);
	look();
	return {
		calledAt,
		wallMs,
		parametersMs: readingMs(),
		cpuMs: (user + system) / 1000,
		residentBefore,
		residentPeak,
	};
}
