import { randomUUID } from 'node:crypto';

import type { RedisClient, RedisServer, ScriptName } from './client';
import { obstacleOf, type Obstacle } from './obstacles';
import type { RedisUrl } from '../input/redisUrl';

/** After a failure Redis is left alone for so long, and twice as long after each further one. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** A connection that was not used for so long is closed. */
const IDLE_MS = 30_000;

/** What Redis has said, or why it has not. */
export type Answer =
	| { readonly reply: unknown; readonly server: RedisServer }
	| { readonly obstacle: Obstacle };

/**
 * One Redis, as everything in this process shares it: one connection, made when it is needed and closed when it was not
 * for a while. Where Redis fails, it is left alone for a while, so that nobody waits for it again and again.
 */
export class SharedStore {
	readonly #url: RedisUrl;
	#client: RedisClient | null = null;
	/** For all who want one at the same time. */
	#connecting: Promise<RedisClient> | null = null;
	#obstacle: Obstacle | null = null;
	#isNews = false;
	#failures = 0;
	#pausedUntil = 0;
	#underWay = 0;
	#idle: NodeJS.Timeout | null = null;

	constructor(url: RedisUrl) {
		this.#url = url;
	}

	/** Why Redis could not be used last; `null` where it could, or was not tried yet. */
	get obstacle(): Obstacle | null {
		return this.#obstacle;
	}

	/** The same, to the first who asks since it began. */
	takeNews(): Obstacle | null {
		const news = this.#isNews ? this.#obstacle : null;
		this.#isNews = false;
		return news;
	}

	/**
	 * Runs a script. Never throws, and takes a second at most, four where a connection has to be made.
	 *
	 * @param argsFor Gives the arguments, once it is known which server runs it.
	 */
	async run(
		script: ScriptName,
		keys: readonly string[],
		argsFor: (server: RedisServer) => readonly string[] = () => [],
	): Promise<Answer> {
		if (this.#obstacle && performance.now() < this.#pausedUntil) {
			return { obstacle: this.#obstacle };
		}
		this.#underWay++;
		this.#stopIdling();
		let client: RedisClient | null = null;
		try {
			client = await this.#connected();
			const reply = await client.run(script, keys, argsFor(client.server));
			this.#obstacle = null;
			this.#failures = 0;
			return { reply, server: client.server };
		} catch (error) {
			const obstacle = obstacleOf(error);
			// One failure, however many were waiting.
			const isFirst = client ? client === this.#client : performance.now() >= this.#pausedUntil;
			if (isFirst) this.#pause(obstacle);
			return { obstacle };
		} finally {
			this.#underWay--;
			if (this.#underWay === 0) this.#beginIdling();
		}
	}

	/** Closes the connection; the next use makes another. */
	close(): void {
		this.#stopIdling();
		this.#client?.close();
		this.#client = null;
	}

	async #connected(): Promise<RedisClient> {
		// Redis, or what is in between, may have closed it since.
		if (this.#client?.isOpen === false) this.#client = null;
		if (this.#client) return this.#client;
		this.#connecting ??= this.#connect().finally(() => {
			this.#connecting = null;
		});
		return await this.#connecting;
	}

	async #connect(): Promise<RedisClient> {
		// Loaded by the first use: it brings the client of Redis.
		const { connectRedis } = await import('./client');
		this.#client = await connectRedis(this.#url);
		return this.#client;
	}

	#pause(obstacle: Obstacle): void {
		this.close();
		const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
		this.#failures++;
		this.#isNews ||= this.#obstacle === null;
		this.#obstacle = obstacle;
		// Spread, so that workers do not come back together.
		this.#pausedUntil = performance.now() + pauseMs * (0.5 + Math.random() / 2);
	}

	#beginIdling(): void {
		this.#stopIdling();
		this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
	}

	#stopIdling(): void {
		if (this.#idle) clearTimeout(this.#idle);
		this.#idle = null;
	}
}

const stores = new Map<string, SharedStore>();

/** The one of this process for a Redis. */
export function sharedStoreOf(url: RedisUrl): SharedStore {
	const name = JSON.stringify(Object.entries(url).sort());
	const store = stores.get(name) ?? new SharedStore(url);
	stores.set(name, store);
	return store;
}

/** Whether Redis can do what is asked of it; `null` if so. Leaves no connection behind. */
export async function probe(url: RedisUrl): Promise<Obstacle | null> {
	const store = new SharedStore(url);
	const answer = await store.run('redis/probe', [`probe:${randomUUID()}`]);
	store.close();
	return 'obstacle' in answer ? answer.obstacle : null;
}
