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
/** KIS's tokens live for 90 days at most, whatever a text from outside claims. */
const LONGEST_LIFE_MS = 100 * DAY_MS;
/** A run is taken to have ended when it has not been heard of for fifteen seconds. */
const EXTEND_MS = 5000;
/** How often to try to tell how a run has ended. Ten minutes later, everybody asks KIS before using a token anyway. */
const MAX_TELLINGS = 120;

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
	/** Has to be called, with what has become of each token. Where Redis does not take that now, it is told later. */
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
		const mark = async () =>
			await this.#tell(
				'begin',
				id,
				tokens.map((token) => ({ token })),
			);
		let last: readonly Marked[] | null = null;
		let tellings = 0;
		const extend = async () => {
			const known = await this.#tell('extend', id, []);
			// Redis was not there, or was emptied, or this process has stood still for too long.
			if (known?.length === 1 && !last) await mark();
		};
		const settle = async (endings: readonly Marked[]) => {
			const isTold = (await this.#tell('settle', id, endings)) !== null;
			if (!isTold && ++tellings < MAX_TELLINGS) return;
			clearInterval(watchdog);
			await this.#tell('end', id, []);
		};
		await mark();
		let extending: Promise<void> = Promise.resolve();
		const watchdog = setInterval(() => {
			extending = last && tellings > 0 ? settle(last) : extend();
		}, EXTEND_MS).unref();
		return {
			name: `${this.#prefix}${runKeyOf(id)}`,
			end: async (endings) => {
				last = tokens.map((token, i) => ({ token, word: endings[i] }));
				await extending;
				await settle(last);
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
			if (!('reply' in answer) || !Array.isArray(answer.reply)) return null;
			standings.push(...answer.reply.map(standingOf));
		}
		marked.forEach(({ token }, i) => {
			if (standings[i] === 'dead') deadTokens.add(token, this.#credential);
		});
		return standings;
	}
}

const runKeyOf = (id: string) => `run:${id}`;

function standingOf(said: unknown): Standing {
	if (said === '') return 'unmarked';
	return said === 'dead' || said === 'revoking' ? said : { leftOpenBy: String(said) };
}

/** Until it expires, as far as that is known, and at least for an hour. */
function lifeOf({ claims }: AccessToken): number {
	const now = Date.now();
	const leftMs = (claims?.expiresAt ?? now + DAY_MS) - now;
	return Math.ceil(Math.min(Math.max(leftMs, HOUR_MS), LONGEST_LIFE_MS));
}
