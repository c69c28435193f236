import { sharedClock } from '../clock';

/** What something took, in milliseconds. */
export interface Timing {
	/** When it was called, on the shared clock. */
	readonly calledAt: number;
	/** From the call to its end. */
	readonly wallMs: number;
	/** Of it, n8n's reading of parameters, which evaluates their expressions. */
	readonly parametersMs: number;
	/** Of all threads, in user and system mode. */
	readonly cpuMs: number;
}

/**
 * Measures some work.
 *
 * @param readingMs Asked at its end: what the reading of parameters took of it, in milliseconds.
 */
export async function timed(work: () => Promise<void>, readingMs = () => 0): Promise<Timing> {
	// Otherwise luck decides whose call collects the garbage of what was loaded before.
	globalThis.gc?.({ type: 'minor' });
	const cpuBefore = process.cpuUsage();
	const calledAt = sharedClock();
	await work();
	const wallMs = sharedClock() - calledAt;
	const { user, system } = process.cpuUsage(cpuBefore);
	return {
		calledAt,
		wallMs,
		parametersMs: readingMs(),
		cpuMs: (user + system) / 1000,
	};
}
