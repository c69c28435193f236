import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import { parseRedisUrl, type RedisUrl } from '../../kis/input/redisUrl';
import { InvalidInput } from '../../kis/input/invalidInput';
import { unusedPort } from './scriptedServer';

const isInstalled = spawnSync('redis-server', ['--version']).status === 0;

/** Tests with a real Redis, where there is one. */
export const describeWithRedis = isInstalled
	? describe
	: (name: string, tests: () => void) =>
			describe.skip(`${name} (redis-server is not installed: apt-get install redis-server)`, tests);

/** Prints the server's process ID, and kills the server when the pipe to this process breaks. */
const GUARD = '"$@" </dev/null >/dev/null & echo $!; cat >/dev/null; kill -KILL $!; wait';
const KEEP_NOTHING = ['--save', '', '--appendonly', 'no', '--dir', tmpdir()];
const POLL_MS = 10;

/** A Redis on this computer, which keeps nothing. */
export class RedisServer {
	#guard: ChildProcess | null = null;
	#pid = 0;

	private constructor(
		readonly port: number,
		readonly settings: readonly string[],
	) {}

	/** @param settings As on its command line. */
	static async start(...settings: string[]): Promise<RedisServer> {
		const server = new RedisServer(await unusedPort(), settings);
		await server.run();
		return server;
	}

	get url(): string {
		return `redis://127.0.0.1:${this.port}`;
	}

	/** Starts it, or starts it again: empty, at the same port. */
	async run(): Promise<void> {
		const at = ['--bind', '127.0.0.1', '--port', String(this.port)];
		const command = ['redis-server', ...at, ...KEEP_NOTHING, ...this.settings];
		this.#guard = spawn('sh', ['-c', GUARD, 'sh', ...command], {
			stdio: ['pipe', 'pipe', 'inherit'],
		});
		const [line] = (await once(this.#guard.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
		this.#pid = Number(line.toString());
		while (!(await this.#answers())) await sleep(POLL_MS);
	}

	async stop(): Promise<void> {
		const guard = this.#guard;
		this.#guard = null;
		if (!guard) return;
		guard.stdin?.end();
		await once(guard, 'exit');
	}

	/** Stops it from answering. It keeps its connections. */
	freeze(): void {
		process.kill(this.#pid, 'SIGSTOP');
	}

	thaw(): void {
		process.kill(this.#pid, 'SIGCONT');
	}

	/** Runs a command with redis-cli. @returns What it prints. */
	say(...command: string[]): string {
		const at = ['-h', '127.0.0.1', '-p', String(this.port), '--no-auth-warning'];
		return spawnSync('redis-cli', [...at, ...command], { encoding: 'utf8' }).stdout.trim();
	}

	async #answers(): Promise<boolean> {
		return /PONG|NOAUTH/.test(this.say('PING'));
	}
}

export function redisUrl(text: string): RedisUrl {
	const url = parseRedisUrl(text);
	if (url instanceof InvalidInput) throw new Error(url.why);
	return url;
}
