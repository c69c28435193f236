import { randomUUID } from 'node:crypto';

import type { RedisClient, RedisServer, ScriptName } from './client';
import { redisTroubleOf, type RedisTrouble } from './redisErrors';
import type { RedisUrl } from '../input/redisUrl';

/** The pause after the first failure. It doubles with each further one. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** Where only some calls fail, as at a replica that can be read, the same trouble within this time is no news. */
const SAME_TROUBLE_MS = 60_000;
/** An unused connection is closed after this time: far longer than any call takes. */
const IDLE_MS = 30_000;

/** The reply of a script, and the server that ran it; or why there is none. */
export type ScriptAnswer =
	| { readonly reply: unknown; readonly server: RedisServer }
	| { readonly trouble: RedisTrouble };

/**
 * Shares one connection to a Redis within this process. It is opened on first use and closed when idle. After a failure,
 * calls fail immediately for a while, so that requests do not all wait for a Redis that is gone.
 */
export class SharedStore {
	readonly #url: RedisUrl;
	#client: RedisClient | null = null;
	/** Shared by concurrent callers. */
	#connecting: Promise<RedisClient> | null = null;
	#trouble: RedisTrouble | null = null;
	#isNews = false;
	#lastFailure: { readonly trouble: RedisTrouble; readonly at: number } | null = null;
	#failures = 0;
	#pausedUntil = 0;
	#idle: NodeJS.Timeout | undefined;

	constructor(url: RedisUrl) {
		this.#url = url;
	}

	/** Why the last call failed; `null` if it succeeded, or there was none yet. */
	get trouble(): RedisTrouble | null {
		return this.#trouble;
	}

	/** Returns the trouble once, to the first caller since it began; `null` to all others, also where it comes and goes. */
	takeNews(): RedisTrouble | null {
		const news = this.#isNews ? this.#trouble : null;
		this.#isNews = false;
		return news;
	}

	/**
	 * Runs a script. Never throws. Takes a second at most, or four if it has to connect.
	 *
	 * @param argsFor Returns the arguments. It is called once the server is known.
	 */
	async run(
		script: ScriptName,
		keys: readonly string[],
		argsFor: (server: RedisServer) => readonly string[] = () => [],
	): Promise<ScriptAnswer> {
		if (this.#trouble && performance.now() < this.#pausedUntil) {
			return { trouble: this.#trouble };
		}
		clearTimeout(this.#idle);
		let client: RedisClient | null = null;
		try {
			client = await this.#connected();
			const reply = await client.run(script, keys, argsFor(client.server));
			this.#trouble = null;
			this.#failures = 0;
			return { reply, server: client.server };
		} catch (error) {
			const trouble = redisTroubleOf(error);
			// Concurrent calls that fail together count as one failure.
			const isFirst = client ? client === this.#client : performance.now() >= this.#pausedUntil;
			if (isFirst) this.#pause(trouble);
			return { trouble };
		} finally {
			clearTimeout(this.#idle);
			this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
		}
	}

	/** Closes the connection; the next use makes another. */
	close(): void {
		clearTimeout(this.#idle);
		this.#client?.close();
		this.#client = null;
	}

	async #connected(): Promise<RedisClient> {
		// Redis, or something in between, may have closed it.
		if (this.#client?.isOpen === false) this.#client = null;
		if (this.#client) return this.#client;
		this.#connecting ??= this.#connect().finally(() => {
			this.#connecting = null;
		});
		return await this.#connecting;
	}

	async #connect(): Promise<RedisClient> {
		// Loaded on first use: it contains the Redis client.
		const { connectRedis } = await import('./client');
		this.#client = await connectRedis(this.#url);
		return this.#client;
	}

	#pause(trouble: RedisTrouble): void {
		this.close();
		const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
		this.#failures++;
		const now = performance.now();
		const last = this.#lastFailure;
		const isKnown = last?.trouble === trouble && now - last.at < SAME_TROUBLE_MS;
		this.#isNews ||= this.#trouble === null && !isKnown;
		this.#lastFailure = { trouble, at: now };
		this.#trouble = trouble;
		// Jittered, so that workers do not reconnect together.
		this.#pausedUntil = now + pauseMs * (0.5 + Math.random() / 2);
	}
}

const stores = new Map<string, SharedStore>();

/** Returns this process's store for a Redis URL. */
export function sharedStoreOf(url: RedisUrl): SharedStore {
	const name = JSON.stringify(url);
	const store = stores.get(name) ?? new SharedStore(url);
	stores.set(name, store);
	return store;
}

/** Tries what the scripts need. Leaves no connection open. @returns `null` if it works. */
export async function probe(url: RedisUrl): Promise<RedisTrouble | null> {
	const store = new SharedStore(url);
	// Two keys, since other scripts have several: a cluster takes them only where it keeps both.
	const answer = await store.run('redis/probe', [`probe:${randomUUID()}`, `probe:${randomUUID()}`]);
	store.close();
	return 'trouble' in answer ? answer.trouble : null;
}
