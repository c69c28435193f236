import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';

import type { RedisUrl } from '../input/redisUrl';

const CONNECT_MS = 2000;
/** For each command, from writing it to its answer. */
const COMMAND_MS = 1000;

/** The scripts, by their paths in `kis/`. */
export type ScriptName = 'keptToken/kept' | 'memory/tokens' | 'rateLimit/limit' | 'redis/probe';

/** One connection to a Redis. */
export interface RedisClient {
	/** The Redis process that answers; after another one has taken over, what it holds may be older. */
	readonly server: RedisServer;
	readonly isOpen: boolean;
	/**
	 * Runs a script. It is never repeated where it may have run.
	 *
	 * @throws Error of Redis or of the connection, and after a second without an answer.
	 */
	run(script: ScriptName, keys: readonly string[], args: readonly string[]): Promise<unknown>;
	close(): void;
}

export interface RedisServer {
	/** A random name that it has for as long as it runs (`run_id`). */
	readonly id: string;
	/** Since when it runs, in milliseconds on this process's monotonic clock. */
	readonly startedAt: number;
}

/**
 * Connects, once: whoever wants to try again says when.
 *
 * @throws Error of Redis or of the connection, after three seconds at the latest.
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
		retryStrategy: () => null,
		enableOfflineQueue: false,
		autoResendUnfulfilledCommands: false,
		enableReadyCheck: false,
		disableClientInfo: true,
		// Any Redis understands it.
		protocol: 2,
	});
	// A password or a database that Redis does not take is told by an event only.
	const refused = new Promise<never>((_resolve, reject) => redis.on('error', reject));
	refused.catch(() => {});
	let isUp = false;
	try {
		await Promise.race([redis.connect(), refused]);
		const server = serverIn(await Promise.race([redis.info('server'), refused]));
		// Nothing ends later because of it. A command under way has a timer of its own.
		redis.stream.unref();
		isUp = true;
		return {
			server,
			get isOpen() {
				return redis.status === 'ready';
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
			close: () => redis.disconnect(),
		};
	} finally {
		if (!isUp) redis.disconnect();
	}
}

/** @throws Error if something else than Redis has answered. */
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
