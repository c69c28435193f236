import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';

import type { RedisUrl } from '../input/redisUrl';

const CONNECT_MS = 2000;
/** For each command, from writing it to its reply. */
const COMMAND_MS = 1000;

/** The scripts, by path within `kis/`. */
export type ScriptName = 'keptToken/kept' | 'memory/tokens' | 'rateLimit/limit' | 'redis/probe';

/** One connection to a Redis. */
export interface RedisClient {
	/** The Redis process that answers. After a failover it is another one, whose data may be older. */
	readonly server: RedisServer;
	readonly isOpen: boolean;
	/**
	 * Runs a script. Never repeats one that may have run.
	 *
	 * @throws {Error} Redis's error, the connection's, or a timeout after a second.
	 */
	run(script: ScriptName, keys: readonly string[], args: readonly string[]): Promise<unknown>;
	close(): void;
}

export interface RedisServer {
	/** Redis's `run_id`: random, and new with each start. */
	readonly id: string;
	/** When it started, in milliseconds on this process's monotonic clock. */
	readonly startedAt: number;
}

/**
 * Connects. Makes one attempt: retrying is the caller's decision.
 *
 * @throws {Error} Redis's error or the connection's, within three seconds.
 */
export async function connectRedis(url: RedisUrl): Promise<RedisClient> {
	const { isTls, host, port, username, password, database, prefix } = url;
	const redis = new Redis({
		host,
		port,
		username: username ?? undefined,
		password: password ?? undefined,
		db: database,
		keyPrefix: prefix,
		tls: isTls ? { rejectUnauthorized: true } : undefined,
		lazyConnect: true,
		connectTimeout: CONNECT_MS,
		commandTimeout: COMMAND_MS,
		// It never reconnects, so it sends nothing again either.
		retryStrategy: () => null,
		enableOfflineQueue: false,
		enableReadyCheck: false,
		disableClientInfo: true,
		// RESP2: every supported Redis speaks it.
		protocol: 2,
	});
	// ioredis reports a rejected password or database only as an event.
	const refused = new Promise<never>((_resolve, reject) => redis.on('error', reject));
	refused.catch(() => {});
	const isOpen = () => redis.status === 'ready';
	const close = () => {
		// Of one that is closed already, ioredis would await the close for two seconds, and the process with it.
		if (!redis.stream?.destroyed) redis.disconnect();
	};
	let isUp = false;
	try {
		await Promise.race([redis.connect(), refused]);
		const server = serverIn(await Promise.race([redis.info('server'), refused]));
		// An idle connection must not keep the process alive. A running command does, by its own timer.
		redis.stream.unref();
		isUp = true;
		return {
			server,
			get isOpen() {
				return isOpen();
			},
			async run(script, keys, args) {
				const { lua, sha } = sourceOf(script);
				const rest = [keys.length, ...keys, ...args] as const;
				return await redis
					.evalsha(sha, ...rest)
					.catch(async (error: Error) =>
						error.message.startsWith('NOSCRIPT')
							? await redis.eval(lua, ...rest)
							: await Promise.reject(error),
					);
			},
			close,
		};
	} finally {
		if (!isUp) close();
	}
}

/** @throws {Error} if the reply is not Redis's. */
function serverIn(info: string): RedisServer {
	const id = /^run_id:(\w+)/m.exec(info)?.[1];
	const seconds = /^uptime_in_seconds:(\d+)/m.exec(info)?.[1];
	if (!id || !seconds) throw new Error('INFO names no server');
	return { id, startedAt: performance.now() - Number(seconds) * 1000 };
}

interface Source {
	readonly lua: string;
	readonly sha: string;
}

const sources = new Map<ScriptName, Source>();

function sourceOf(name: ScriptName): Source {
	const known = sources.get(name);
	if (known) return known;
	const lua = readFileSync(join(__dirname, '..', `${name}.lua`), 'utf8');
	const source = { lua, sha: createHash('sha1').update(lua).digest('hex') };
	sources.set(name, source);
	return source;
}
