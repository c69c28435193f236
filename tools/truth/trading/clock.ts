import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';

/** Who waits so long waits for KIS's minute: the clock of its world goes forward instead. */
const LONG_WAIT_MS = 10_000;
/** So long it takes all the same. */
const SKIP_MS = 50;

const clocks = new AsyncLocalStorage<WorldClock>();
const realNow = Date.now;

/** The clock of one world, which can be set forward: `Date.now()` shows it to everything that {@link run} starts. */
export class WorldClock {
	/** How far it is ahead, and since when on the monotonic clock. */
	readonly #settings: Array<{ readonly since: number; readonly aheadMs: number }> = [];
	/** Told whenever it is set forward here, and by how much: what else shows the time follows. */
	readonly listeners = new Set<(aheadMs: number, byMs: number) => Promise<void>>();

	get aheadMs(): number {
		return this.#settings.at(-1)?.aheadMs ?? 0;
	}

	/** In milliseconds since 1970. */
	now(): number {
		return realNow() + this.aheadMs;
	}

	/** What it showed at a moment of the monotonic clock. */
	shownAt(at: number): number {
		const { aheadMs = 0 } = this.#settings.findLast(({ since }) => since <= at) ?? {};
		return performance.timeOrigin + at + aheadMs;
	}

	async forward(milliseconds: number): Promise<void> {
		if (milliseconds <= 0) return;
		this.setAhead(this.aheadMs + milliseconds);
		const { aheadMs } = this;
		await Promise.all([...this.listeners].map((tell) => tell(aheadMs, milliseconds)));
	}

	/** Follows the same world's clock in another process. Never sets it back. */
	setAhead(aheadMs: number): void {
		if (aheadMs > this.aheadMs) this.#settings.push({ since: performance.now(), aheadMs });
	}

	async run<T>(work: () => Promise<T>): Promise<T> {
		return await clocks.run(this, work);
	}
}

/** Gives this process's worlds clocks of their own. To be called before the product is loaded. */
export function installClocks(): void {
	Date.now = () => clocks.getStore()?.now() ?? realNow();
	const timers = createRequire(__filename)('node:timers/promises') as {
		setTimeout: typeof import('node:timers/promises').setTimeout;
	};
	const wait = timers.setTimeout;
	timers.setTimeout = async (milliseconds = 0, value, options) => {
		const clock = clocks.getStore();
		if (!clock || milliseconds < LONG_WAIT_MS) return await wait(milliseconds, value, options);
		const end = clock.now() + milliseconds;
		await wait(SKIP_MS, undefined, options);
		await clock.forward(end - clock.now());
		return value as never;
	};
}
