import { readFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** How some work held the event loop. Times in milliseconds. */
export interface Held {
	readonly wallMs: number;
	/** The longest turn: processor time between two looks of the event loop at what others want. */
	readonly turnMs: number;
	/** The same, each turn without the garbage collection in it. */
	readonly turnWithoutGcMs: number;
	/** The longest pause for garbage collection; 0 if there was none. */
	readonly gcMs: number;
}

interface Span {
	readonly from: number;
	readonly to: number;
	/** Of it, what was worked. */
	readonly ms: number;
}

/** Shorter turns than this are not told apart. */
const LOOK_EVERY_MS = 1;

/** Does some work, and watches how long others of the process have to wait for their turn meanwhile. */
export async function watchTurns(work: () => Promise<void>): Promise<Held> {
	const pauses: Span[] = [];
	const collections = new PerformanceObserver((list) => {
		for (const { startTime: from, duration: ms } of list.getEntries()) {
			pauses.push({ from, to: from + ms, ms });
		}
	});
	collections.observe({ entryTypes: ['gc'] });

	const turns: Span[] = [];
	let from = performance.now();
	let worked = workedMs();
	const looking = setInterval(() => {
		const to = performance.now();
		const workedByNow = workedMs();
		turns.push({ from, to, ms: Math.min(to - from, workedByNow - worked) });
		from = to;
		worked = workedByNow;
	}, LOOK_EVERY_MS);

	const calledAt = performance.now();
	await work();
	const wallMs = performance.now() - calledAt;
	// The last turn has to end first, and collections are told of late.
	await delay(20 * LOOK_EVERY_MS);
	clearInterval(looking);
	collections.disconnect();

	return {
		wallMs,
		turnMs: longest(turns),
		turnWithoutGcMs: longest(turns.map((turn) => without(pauses, turn))),
		gcMs: longest(pauses),
	};
}

/**
 * Returns the processor time of this thread so far, in milliseconds, so that what else the computer does is not counted.
 * Node.js 20 cannot tell; Linux does. Elsewhere it is that of the whole process: too much, never too little.
 */
export function workedMs(): number {
	try {
		const [nanoseconds] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ');
		return Number(nanoseconds) / 1e6;
	} catch {
		const { user, system } = process.cpuUsage();
		return (user + system) / 1000;
	}
}

function longest(spans: readonly Span[]): number {
	return spans.reduce((most, { ms }) => Math.max(most, ms), 0);
}

function without(pauses: readonly Span[], turn: Span): Span {
	const within = pauses.filter(({ from, to }) => from < turn.to && to > turn.from);
	return { ...turn, ms: within.reduce((left, { ms }) => left - ms, turn.ms) };
}
