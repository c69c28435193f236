import { randomUUID } from 'node:crypto';

import type { AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import { deadTokens } from './deadTokens';
import type { RedisUrl } from '../input/redisUrl';
import { mapInTurns } from '../turns';
import { Names } from '../redis/names';
import { sharedStoreOf, type SharedStore } from '../redis/sharedStore';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** For each call: some milliseconds of Redis's time. */
const TOKENS_EACH = 500;
/** A run is taken to have ended when it has not been heard of for fifteen seconds. */
const EXTEND_MS = 5000;

/**
 * How a token stands with the other workers: nothing is known of it; dead; being revoked just now; or left open by the
 * revoke of this name, so that it may be dead or alive.
 */
export type Standing = 'unmarked' | 'dead' | 'revoking' | { readonly leftOpenBy: string };

/** What becomes of a token in the end: dead, left open, or as before. */
export type Ending = 'dead' | 'open' | 'asBefore';

/** A revoke of several tokens, as the other workers see it. */
export interface RevokeRun {
	readonly name: string;
	/** Has to be called, with what has become of each token. */
	end(endings: readonly Ending[]): Promise<void>;
}

interface Marked {
	readonly token: AccessToken;
	readonly word?: string;
}

/** What the workers that share a Redis tell each other of tokens at the credential's host (`tokens.lua`). */
export class SharedTokens {
	readonly #credential: KisCredential;
	readonly #store: SharedStore;
	readonly #names: Names;
	readonly #prefix: string;

	constructor(credential: KisCredential, redis: RedisUrl) {
		this.#credential = credential;
		this.#store = sharedStoreOf(redis);
		this.#names = new Names(credential);
		this.#prefix = redis.prefix;
	}

	/** `null` where the credential names no Redis. */
	static of(credential: KisCredential): SharedTokens | null {
		return credential.redis && new SharedTokens(credential, credential.redis);
	}

	/**
	 * Looks tokens up. What others have found dead is known to be dead here, too, from then on.
	 *
	 * @returns How each stands, in their order; `null` where Redis cannot tell.
	 */
	async lookUp(tokens: readonly AccessToken[]): Promise<Standing[] | null> {
		return await this.#tell(
			'look',
			'',
			tokens.map((token) => ({ token })),
		);
	}

	/** Marks tokens as being revoked, before the first of them is sent. A process that is killed has left all of them open. */
	async begin(tokens: readonly AccessToken[]): Promise<RevokeRun> {
		const id = randomUUID();
		await this.#tell(
			'begin',
			id,
			tokens.map((token) => ({ token })),
		);
		const watchdog = setInterval(() => void this.#tell('extend', id, []), EXTEND_MS).unref();
		return {
			name: `${this.#prefix}${runKeyOf(id)}`,
			end: async (endings) => {
				await this.#tell(
					'settle',
					id,
					tokens.map((token, i) => ({ token, word: endings[i] })),
				);
				clearInterval(watchdog);
				await this.#tell('end', id, []);
			},
		};
	}

	/** KIS has shown the token to be dead. */
	async tellDead(token: AccessToken): Promise<void> {
		await this.#tell('settle', '', [{ token, word: 'dead' }]);
	}

	/** KIS was asked after that revoke, and has said that the token is alive. */
	async tellAlive(token: AccessToken, leftOpenBy: string): Promise<void> {
		await this.#tell('clear', '', [{ token, word: leftOpenBy }]);
	}

	/** Under which what is known of a token lies in Redis. What a host says of it counts for that host. */
	keyOf({ fingerprint }: AccessToken): string {
		return `token:${this.#names.of(`token ${addressOf(this.#credential.baseUrl)} ${fingerprint}`)}`;
	}

	async #tell(does: string, run: string, marked: readonly Marked[]): Promise<Standing[] | null> {
		const standings: Standing[] = [];
		const runKey = runKeyOf(run);
		for (let from = 0; from === 0 || from < marked.length; from += TOKENS_EACH) {
			const some = marked.slice(from, from + TOKENS_EACH);
			const keys = await mapInTurns(some, ({ token }) => this.keyOf(token));
			const words = some.flatMap(({ token, word = '' }) => [String(lifeOf(token)), word]);
			const answer = await this.#store.run('memory/tokens', [runKey, ...keys], () => [
				does,
				...words,
			]);
			const stood = 'reply' in answer ? parseTokensReply(answer.reply, some.length) : null;
			if (!stood) return null;
			standings.push(...stood);
		}
		marked.forEach(({ token }, i) => {
			if (standings[i] === 'dead') deadTokens.add(token, this.#credential);
		});
		return standings;
	}
}

const runKeyOf = (id: string) => `run:${id}`;

/** @returns `null` if the reply cannot be the script's. */
function parseTokensReply(reply: unknown, count: number): Standing[] | null {
	if (!Array.isArray(reply) || reply.length !== count) return null;
	return reply.every((it) => typeof it === 'string') ? reply.map(standingOf) : null;
}

function standingOf(said: string): Standing {
	if (said === '') return 'unmarked';
	return said === 'dead' || said === 'revoking' ? said : { leftOpenBy: said };
}

/** Until it expires, as far as that is known, and at least for an hour. */
function lifeOf({ claims }: AccessToken): number {
	const now = Date.now();
	return Math.ceil(Math.max((claims?.expiresAt ?? now + DAY_MS) - now, HOUR_MS));
}
