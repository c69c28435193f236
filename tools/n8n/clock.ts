import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Read each time, so that n8n's time has changed as soon as `advance` is done. */
const PRELOADED = `
	const { readFileSync } = require('node:fs');
	const { join } = require('node:path');
	const file = join(__dirname, 'ahead');
	const realNow = Date.now;
	const now = () => realNow() + Number(readFileSync(file, 'utf8'));
	globalThis.Date = new Proxy(Date, {
		construct: (target, values, made) => Reflect.construct(target, values.length > 0 ? values : [now()], made),
		get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
	});
`;

/** The time of day of an n8n, which a test sets forward instead of waiting for hours. Timers run as ever. */
export class Clock {
	#aheadMs = 0;

	private constructor(readonly folder: string) {}

	static async create(): Promise<Clock> {
		const clock = new Clock(await mkdtemp(join(tmpdir(), 'kis-clock-')));
		await writeFile(join(clock.folder, 'preloaded.js'), PRELOADED);
		await clock.advance(0);
		return clock;
	}

	/** For the n8n that is to go by it. */
	get env(): NodeJS.ProcessEnv {
		return { NODE_OPTIONS: `--require ${join(this.folder, 'preloaded.js')}` };
	}

	/** Milliseconds since 1970. */
	readonly now = (): number => Date.now() + this.#aheadMs;

	async advance(milliseconds: number): Promise<void> {
		const written = join(this.folder, 'ahead.new');
		await writeFile(written, String(this.#aheadMs + milliseconds));
		// In one step: a reader finds the one time or the other.
		await rename(written, join(this.folder, 'ahead'));
		this.#aheadMs += milliseconds;
	}

	async remove(): Promise<void> {
		await rm(this.folder, { recursive: true });
	}
}
