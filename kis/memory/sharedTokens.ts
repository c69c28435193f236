import { randomUUID } from 'node:crypto';

import type { AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import { deadTokens } from './deadTokens';
import type { RedisUrl } from '../input/redisUrl';
import { mapInTurns } from '../turns';
import { namesOf, type Names } from '../redis/names';
import { sharedStoreOf, type SharedStore } from '../redis/sharedStore';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Tokens per call of the script: a few milliseconds of Redis's time. */
export const TOKENS_PER_CALL = 500;
/** KIS's tokens live for 90 days at most, whatever a token claims. */
const LONGEST_LIFE_MS = 100 * DAY_MS;
/** How often a revoke's lease is extended. It runs out after fifteen seconds (`tokens.lua`). */
const EXTEND_LEASE_MS = 5000;
/** How often to try to record a revoke's effects: for ten minutes. After that, every worker asks KIS before using the token. */
const MAX_RECORDINGS = 120;

/**
 * What the workers know about a token: nothing; that it is dead; that it is being revoked; that a revoke left open whether it
 * is dead; or that KIS, asked after that revoke, called it alive. Revokes go by name.
 */
export type SharedMark =
	| 'unmarked'
	| 'dead'
	| 'revoking'
	| { readonly leftOpenBy: string }
	| { readonly aliveAfter: string };

/** What a revoke did to a token: it is dead, it may be dead, or nothing changed. */
export type RevokeEffect = 'dead' | 'open' | 'asBefore';

/** Shows the other workers that tokens are being revoked. It runs out if this process dies, which leaves the tokens open. */
export interface RevokeLease {
	/** The name by which all workers know this revoke. */
	readonly name: string;
	/** Must be called. Records what became of each token, in order. If Redis cannot take it now, it is recorded later. */
	close(effects: readonly RevokeEffect[]): Promise<void>;
}

interface Entry {
	readonly token: AccessToken;
	/** A {@link RevokeEffect}, or the name of a revoke. */
	readonly word?: string;
}

/** What the workers that share a Redis tell each other about tokens at the credential's host (`tokens.lua`). */
export class SharedTokens {
	readonly #credential: KisCredential;
	readonly #store: SharedStore;
	readonly #names: Names;
	readonly #prefix: string;

	constructor(credential: KisCredential, redis: RedisUrl) {
		this.#credential = credential;
		this.#store = sharedStoreOf(redis);
		this.#names = namesOf(credential);
		this.#prefix = redis.prefix;
	}

	/**
	 * Looks tokens up. Those that others have found dead go into `deadTokens`.
	 *
	 * @returns One mark per token, in order; `null` if Redis cannot tell.
	 */
	async lookUp(tokens: readonly AccessToken[]): Promise<SharedMark[] | null> {
		return await this.#run('look', '', entriesOf(tokens));
	}

	/** Marks tokens as being revoked. Must be called before the first of them is sent. */
	async begin(tokens: readonly AccessToken[]): Promise<RevokeLease> {
		const id = randomUUID();
		let isMarked = false;
		const mark = async () => {
			isMarked = (await this.#run('begin', id, entriesOf(tokens))) !== null;
		};
		let effects: readonly Entry[] | null = null;
		let recordings = 0;
		const extend = async () => {
			const lost = await this.#call('extend', id);
			// Redis was away, or was emptied, or this process stood still for too long.
			if (lost?.length === 1) isMarked = false;
			// Redis may have taken the lease, and only some of the marks.
			if (lost && !isMarked && !effects) await mark();
		};
		const record = async (entries: readonly Entry[]) => {
			const isRecorded = (await this.#run('record', id, entries)) !== null;
			if (!isRecorded && ++recordings < MAX_RECORDINGS) return;
			clearInterval(watchdog);
			await this.#call('close', id);
		};
		await mark();
		let extending: Promise<void> = Promise.resolve();
		const watchdog = setInterval(() => {
			extending = effects && recordings > 0 ? record(effects) : extend();
		}, EXTEND_LEASE_MS).unref();
		return {
			name: `${this.#prefix}${revokeKeyOf(id)}`,
			close: async (given) => {
				effects = tokens.map((token, i) => ({ token, word: given[i] }));
				await extending;
				await record(effects);
			},
		};
	}

	/** Tells the other workers that KIS has shown the token to be dead. */
	async tellDead(token: AccessToken): Promise<void> {
		await this.#run('record', '', [{ token, word: 'dead' }]);
	}

	/** Tells the other workers that KIS, asked after that revoke, has called the token alive. */
	async tellAlive(token: AccessToken, leftOpenBy: string): Promise<void> {
		await this.#run('clear', '', [{ token, word: leftOpenBy }]);
	}

	/** Returns the Redis key for a token. It contains the host: what a host says counts for that host. */
	keyOf({ fingerprint }: AccessToken): string {
		return `token:${this.#names.of(`token ${addressOf(this.#credential.baseUrl)} ${fingerprint}`)}`;
	}

	/** @returns The marks before; `null` if Redis cannot tell. */
	async #run(does: string, id: string, entries: readonly Entry[]): Promise<SharedMark[] | null> {
		const marks: SharedMark[] = [];
		for (let from = 0; from < entries.length; from += TOKENS_PER_CALL) {
			const some = entries.slice(from, from + TOKENS_PER_CALL);
			const found = await this.#call(does, id, some);
			if (found?.length !== some.length) return null;
			found.map(markOf).forEach((mark, i) => {
				marks.push(mark);
				// Known from now on, even if Redis cannot tell about the others.
				if (mark === 'dead') deadTokens.add(some[i].token, this.#credential);
			});
		}
		return marks;
	}

	/** Runs the script once. @returns `null` if there is no reply, or it cannot be the script's. */
	async #call(does: string, id: string, entries: readonly Entry[] = []): Promise<string[] | null> {
		const keys = await mapInTurns(entries, ({ token }) => this.keyOf(token));
		const words = entries.flatMap(({ token, word = '' }) => [String(lifeOf(token)), word]);
		const answer = await this.#store.run('memory/tokens', [revokeKeyOf(id), ...keys], () => [
			does,
			...words,
		]);
		return 'reply' in answer ? parseTokensReply(answer.reply) : null;
	}
}

/** Returns what the workers share about tokens at the credential's host; `null` if it names no Redis. */
export function sharedTokensOf(credential: KisCredential): SharedTokens | null {
	return credential.redis && new SharedTokens(credential, credential.redis);
}

const entriesOf = (tokens: readonly AccessToken[]): Entry[] => tokens.map((token) => ({ token }));

const revokeKeyOf = (id: string) => `run:${id}`;

/** @returns `null` if the reply cannot be the script's. */
function parseTokensReply(reply: unknown): string[] | null {
	return Array.isArray(reply) && reply.every((it) => typeof it === 'string') ? reply : null;
}

const ALIVE = 'alive ';

function markOf(text: string): SharedMark {
	if (text === '') return 'unmarked';
	if (text === 'dead' || text === 'revoking') return text;
	return text.startsWith(ALIVE) ? { aliveAfter: text.slice(ALIVE.length) } : { leftOpenBy: text };
}

/** Returns for how long to remember a token, in milliseconds: until it expires, and for at least a day, as `deadTokens` does. */
function lifeOf({ claims }: AccessToken): number {
	const leftMs = (claims?.expiresAt ?? 0) - Date.now();
	return Math.ceil(Math.min(Math.max(leftMs, DAY_MS), LONGEST_LIFE_MS));
}
