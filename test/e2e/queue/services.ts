import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { capture } from '../../../tools/common/run';
import { freePort, Program } from '../../../tools/n8n/program';

/** Debian keeps PostgreSQL's programs out of the path. */
const DEBIAN_POSTGRES = '/usr/lib/postgresql';
const USER = 'n8n';
/** The one that is always there. */
const DATABASE = 'postgres';
const INSTALL = 'Queue mode needs them: apt-get install postgresql redis-server';

/** A database server for one test file. */
export class Postgres {
	#program: Program | undefined;

	private constructor(
		readonly port: number,
		readonly bin: string,
		/** Where it stores everything, and whose that is. */
		readonly options: { readonly cwd: string; readonly uid?: number; readonly gid?: number },
	) {}

	/** @throws Error that says what to install, if it is not there. */
	static async start(): Promise<Postgres> {
		const [newest] = existsSync(DEBIAN_POSTGRES)
			? readdirSync(DEBIAN_POSTGRES).sort((one, other) => Number(other) - Number(one))
			: [];
		if (!newest) throw new Error(`No PostgreSQL in ${DEBIAN_POSTGRES}. ${INSTALL}`);
		const bin = join(DEBIAN_POSTGRES, newest, 'bin');
		const data = await mkdtemp(join(tmpdir(), 'kis-postgres-'));
		const owner = await notRoot();
		if (owner) await chown(data, owner.uid, owner.gid);
		const options = { cwd: data, ...owner };
		await capture(
			join(bin, 'initdb'),
			['-D', data, '-U', USER, '--auth=trust', '--no-sync'],
			options,
		);

		const postgres = new Postgres(await freePort(), bin, options);
		await postgres.#run();
		return postgres;
	}

	/**
	 * Ends it, and starts it on the same data and port.
	 *
	 * @param signal SIGINT breaks off what its clients do, and ends it in good order: a fast shutdown.
	 */
	async restart(signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
		await this.#program?.stop(signal);
		await this.#run();
	}

	async #run(): Promise<void> {
		const { port, bin, options } = this;
		const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
		const args = [...settings, 'fsync=off'].flatMap((setting) => ['-c', setting]);
		this.#program = new Program([join(bin, 'postgres'), '-D', options.cwd, ...args], options);
		// It listens before it takes anyone.
		const isReady = async () =>
			await capture(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]);
		await this.#program.until(async () => (await isReady()) !== '');
	}

	/** Points n8n at it. */
	get env(): NodeJS.ProcessEnv {
		return {
			DB_TYPE: 'postgresdb',
			DB_POSTGRESDB_HOST: '127.0.0.1',
			DB_POSTGRESDB_PORT: String(this.port),
			DB_POSTGRESDB_DATABASE: DATABASE,
			DB_POSTGRESDB_USER: USER,
		};
	}

	/** All that is stored, as SQL. */
	async dump(): Promise<string> {
		const at = ['-h', '127.0.0.1', '-p', String(this.port), '-U', USER];
		return await capture(join(this.bin, 'pg_dump'), [...at, '--data-only', '--inserts', DATABASE]);
	}

	async stop(): Promise<void> {
		await this.#program?.stop();
		await rm(this.options.cwd, { recursive: true });
	}
}

/** A Redis for one test file, which keeps nothing. */
export class Redis {
	#program: Program | undefined;

	private constructor(readonly port: number) {}

	/** @throws Error that says what to install, if it is not there. */
	static async start(): Promise<Redis> {
		const redis = new Redis(await freePort());
		await redis.#run().catch((error: Error) => {
			throw new Error(`${error.message}\n${INSTALL}`);
		});
		return redis;
	}

	/** Ends it, and starts it on the same port, empty. */
	async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
		await this.#program?.stop(signal);
		await this.#run();
	}

	async #run(): Promise<void> {
		const keepNothing = ['--save', '', '--appendonly', 'no', '--dir', tmpdir()];
		const args = ['--port', String(this.port), '--bind', '127.0.0.1', ...keepNothing];
		this.#program = new Program(['redis-server', ...args], {});
		await this.#program.until(async () => await listens(this.port));
	}

	/** Points n8n at it. */
	get env(): NodeJS.ProcessEnv {
		return { QUEUE_BULL_REDIS_HOST: '127.0.0.1', QUEUE_BULL_REDIS_PORT: String(this.port) };
	}

	/** All that is stored in the database that the workers share, as text. */
	dump(): string {
		const names = this.#cli(1, '--scan').split('\n').filter(Boolean);
		return names.map((name) => `${name} ${this.#cli(1, 'DUMP', name)}`).join('\n');
	}

	/** How many executions n8n's queue holds: those that wait, and those that a worker has taken. */
	get queued(): number {
		const lengths = ['wait', 'active'].map((list) => this.#cli(0, 'LLEN', `bull:jobs:${list}`));
		return lengths.reduce((sum, length) => sum + Number(length), 0);
	}

	async stop(): Promise<void> {
		await this.#program?.stop();
	}

	#cli(database: number, ...command: string[]): string {
		const at = ['-p', String(this.port), '-n', String(database)];
		return spawnSync('redis-cli', [...at, ...command], { encoding: 'utf8' }).stdout;
	}
}

/** PostgreSQL refuses to run as root: Debian has a user for it. */
async function notRoot(): Promise<{ uid: number; gid: number } | undefined> {
	if (process.getuid?.() !== 0) return undefined;
	const [uid, gid] = await Promise.all(
		['-u', '-g'].map(async (which) => await capture('id', [which, 'postgres'])),
	);
	return { uid: Number(uid), gid: Number(gid) };
}

async function listens(port: number): Promise<boolean> {
	return await new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1');
		socket.once('connect', () => {
			socket.destroy();
			resolve(true);
		});
		socket.once('error', () => resolve(false));
	});
}
