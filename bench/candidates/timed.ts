/** What something took. Times in milliseconds. */
export interface Timing {
	/** When it was called, on the clock that all processes of a computer share. */
	readonly calledAt: number;
	readonly wallMs: number;
	/** Of it, n8n's reading of parameters, which evaluates their expressions. */
	readonly parametersMs: number;
	/** Of all threads, in user and system mode. */
	readonly cpuMs: number;
	/** Of the process, before it began. */
	readonly residentBefore: number;
	/** The most that the process had by its end. */
	readonly residentPeak: number;
}

/** Milliseconds on the clock that all processes of a computer share. */
export function sharedClock(): number {
	return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * @param work Returns what it spent on reading parameters, in milliseconds.
 */
export async function timed(work: () => Promise<number>): Promise<Timing> {
	const residentBefore = process.memoryUsage.rss();
	const cpuBefore = process.cpuUsage();
	const calledAt = sharedClock();
	const parametersMs = await work();
	const wallMs = sharedClock() - calledAt;
	const { user, system } = process.cpuUsage(cpuBefore);
	return {
		calledAt,
		wallMs,
		parametersMs,
		cpuMs: (user + system) / 1000,
		residentBefore,
		residentPeak: process.resourceUsage().maxRSS * 1024,
	};
}
