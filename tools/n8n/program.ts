import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { until } from '../common/until';

const READY = { looks: 900, everyMs: 100 };
/** n8n waits for its executions when it is told to end. */
const END_MS = 30_000;

/**
 * Runs a program, and ends it and all that it started when the pipe to this process breaks: Ctrl+C or
 * kill leaves nothing behind. Told to end, it waits for the program.
 */
const GUARD = `
	exec 3<&0
	"$@" </dev/null 3<&- & program=$!
	{ cat <&3 && kill -KILL 0; } >/dev/null 2>&1 &
	trap : TERM INT
	wait $program || wait $program
`;

/** A server that runs beside the tests, and all the processes that it starts. */
export class Program {
	/** All that it wrote. */
	log = '';
	hasEnded = false;
	readonly ended: Promise<void>;
	readonly #child: ChildProcess;
	#stopped: Promise<void> | undefined;

	constructor(
		readonly command: readonly [program: string, ...args: string[]],
		options: SpawnOptions,
	) {
		// Detached: a process group of its own.
		this.#child = spawn('sh', ['-c', GUARD, 'sh', ...command], { ...options, detached: true });
		for (const stream of [this.#child.stdout, this.#child.stderr]) {
			stream?.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
		}
		this.ended = new Promise<void>((resolve) => {
			this.#child.once('error', (error) => {
				this.log += String(error);
				resolve();
			});
			this.#child.once('exit', () => resolve());
		}).then(() => {
			this.hasEnded = true;
		});
	}

	/** @throws Error with the end of its log, if it ends before that, or has not become ready after 900 looks. */
	async until(isReady: () => Promise<boolean>): Promise<void> {
		let ready = false;
		await until(async () => {
			ready = await isReady().catch(() => false);
			return ready || this.hasEnded;
		}, READY);
		if (ready) return;
		const what = this.hasEnded ? 'ended' : 'did not become ready';
		await this.stop();
		throw new Error(`${this.command.join(' ')} ${what}:\n${this.log.slice(-4000)}`);
	}

	/** @param signal Tells it to end. */
	async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
		// Once: afterwards its number may be another program's.
		this.#stopped ??= this.#stop(signal);
		await this.#stopped;
	}

	/** Ends it as `kill -9` does. */
	async kill(): Promise<void> {
		await this.stop('SIGKILL');
	}

	async #stop(signal: NodeJS.Signals): Promise<void> {
		this.#signal(signal);
		await Promise.race([this.ended, delay(END_MS, undefined, { ref: false })]);
		this.#signal('SIGKILL');
		await this.ended;
		// What is killed is there a little longer, and PostgreSQL does not start beside another of its number.
		await until(() => !this.#signal(0));
	}

	/** @param signal For all of the group; 0 is none. @returns Whether anything of the group is left. */
	#signal(signal: NodeJS.Signals | 0): boolean {
		const { pid } = this.#child;
		try {
			return pid !== undefined && process.kill(-pid, signal);
		} catch {
			return false;
		}
	}
}

/** A port of 127.0.0.1 that nobody listens on, and that no system gives to an outgoing connection meanwhile. */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = randomInt(10_000, 32_000);
		const server = createServer();
		const isFree = await new Promise<boolean>((resolve) => {
			server.once('error', () => resolve(false));
			server.listen(port, '127.0.0.1', () => resolve(true));
		});
		if (!isFree) continue;
		await new Promise((resolve) => server.close(resolve));
		return port;
	}
}
