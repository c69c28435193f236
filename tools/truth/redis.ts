import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { draw } from './random';

/** How the Redis that the processes share behaves: it stays; or it comes and goes, and is empty when it is back. */
export const SHARING = ['none', 'steady', 'flaky'] as const;
export type Sharing = (typeof SHARING)[number];

const KEEP_NOTHING = ['--save', '', '--appendonly', 'no', '--dir', tmpdir()];
/** So long it is there, or not, or does not answer, at most. */
const LONGEST_MS = 3000;

/** A Redis for one run. */
export class Redis {
	readonly #seed: number;
	#port = 0;
	#child: ChildProcess | null = null;
	#isEnding = false;
	#troubles: Promise<void> = Promise.resolve();
	/** How often it has gone, or not answered for a while. */
	gone = 0;

	constructor(seed: number) {
		this.#seed = seed;
	}

	get url(): string {
		return `redis://127.0.0.1:${this.#port}`;
	}

	async start(isFlaky: boolean): Promise<this> {
		this.#port = await freePort();
		await this.#run();
		if (isFlaky) this.#troubles = this.#trouble();
		return this;
	}

	async stop(): Promise<void> {
		this.#isEnding = true;
		await this.#troubles;
		await this.#kill();
	}

	async #trouble(): Promise<void> {
		for (let time = 0; !this.#isEnding; time++) {
			const random = (what: string) => draw(this.#seed, 'redis', time, what);
			await delay(random('there') * LONGEST_MS);
			this.gone++;
			const isFrozen = random('frozen') < 0.3;
			if (isFrozen) this.#child?.kill('SIGSTOP');
			else await this.#kill();
			await delay(random('away') * LONGEST_MS);
			if (isFrozen) this.#child?.kill('SIGCONT');
			else await this.#run();
		}
	}

	async #run(): Promise<void> {
		const at = ['--bind', '127.0.0.1', '--port', String(this.#port)];
		this.#child = spawn('redis-server', [...at, ...KEEP_NOTHING], { stdio: 'ignore' });
		while (!(await listens(this.#port))) await delay(10);
	}

	async #kill(): Promise<void> {
		const child = this.#child;
		this.#child = null;
		if (!child) return;
		child.kill('SIGKILL');
		await once(child, 'exit');
	}
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, 'close');
	return port;
}

async function listens(port: number): Promise<boolean> {
	const socket = connect(port, '127.0.0.1');
	return await new Promise<boolean>((resolve) => {
		socket.once('connect', () => resolve(true));
		socket.once('error', () => resolve(false));
	}).finally(() => socket.destroy());
}
