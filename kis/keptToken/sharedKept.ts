import { randomUUID } from 'node:crypto';

import type { AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import type { RedisUrl } from '../input/redisUrl';
import { SharedTokens } from '../memory/sharedTokens';
import { namesOf } from '../redis/names';
import { PROCESS } from '../redis/process';
import { Seal } from '../redis/seal';
import { sharedStoreOf, type SharedStore } from '../redis/sharedStore';

/** What Redis holds of the kept token, compared with what this process knows. */
export interface Seen {
	/** What another worker has written since; `null` if nothing, or it cannot be read. */
	readonly news: { readonly text: string; readonly ageMs: number } | null;
	/** Whether what this process knew to be there is gone, or may be old: another server took over, or it was restarted. */
	readonly isLost: boolean;
	/** Whether another server answers than at the last look: what it holds may be older than what this process knows. */
	readonly isOtherServer: boolean;
	/** In how many milliseconds to look again, if another worker is requesting a token; otherwise 0. */
	readonly waitMs: number;
	/** The request of a worker that died before it could report an answer. Each has another `name`. */
	readonly abandoned: { readonly name: string; readonly agoMs: number } | null;
}

/** `dead`: the token is, so it was not written. `apart`: Redis cannot be used. */
export type KeptResult = 'done' | 'dead' | 'refused' | 'apart';

/** A text to write, and the token in it, if there is one. */
export interface Writing {
	readonly text: string;
	readonly token: AccessToken | null;
	readonly keptMs: number;
}

/** What `kept.lua` can be told to do. */
type Action = 'look' | 'take' | 'request' | 'write' | 'release';

interface Reply {
	readonly result: KeptResult;
	readonly version: string;
	readonly sealed: string;
	readonly ageMs: number;
	readonly waitMs: number;
	readonly abandoned: string;
	readonly abandonedMs: number;
	readonly isOld: boolean;
	readonly server: string;
}

/** What the workers that share a Redis keep of a credential's token, and the lease to request another (`kept.lua`). */
export class SharedKept {
	readonly #store: SharedStore;
	readonly #tokens: SharedTokens;
	readonly #seal: Seal;
	readonly #key: string;
	readonly #process: string;
	/** The version that this process last read or wrote. */
	#version = '';
	/** The server that last returned what may be old. */
	#newServer = '';
	/** The server that answered the last look. */
	#server = '';

	/** @param process Identifies this process. */
	constructor(credential: KisCredential, redis: RedisUrl, process: string = PROCESS) {
		this.#store = sharedStoreOf(redis);
		this.#tokens = new SharedTokens(credential, redis);
		this.#seal = new Seal(credential);
		this.#key = `kept:${namesOf(credential).of(`kept ${addressOf(credential.baseUrl)}`)}`;
		this.#process = process;
	}

	/** Looks at what is kept. @returns `null` if Redis cannot tell. */
	async look(): Promise<Seen | null> {
		const reply = await this.#run('look', []);
		if (!reply) return null;
		// If two calls look concurrently, only the first sees the new version.
		const isNew = reply.version !== this.#version;
		const text = isNew ? this.#seal.open(reply.sealed, this.#key) : null;
		this.#version = reply.version;
		const isTakenOver = reply.isOld && this.#newServer !== reply.server;
		if (isTakenOver) this.#newServer = reply.server;
		const isOtherServer = this.#server !== '' && this.#server !== reply.server;
		this.#server = reply.server;
		return {
			news: text === null ? null : { text, ageMs: reply.ageMs },
			isLost: isTakenOver || (isNew && reply.version === ''),
			isOtherServer,
			waitMs: reply.waitMs,
			abandoned:
				reply.abandoned === '' ? null : { name: reply.abandoned, agoMs: reply.abandonedMs },
		};
	}

	/**
	 * Takes the lease to request a token, or extends it. It runs out after a few seconds.
	 *
	 * @param deadWorkerHoldMs How long to make no request after a worker died before it could report an answer.
	 * @returns `refused` if another worker holds it, or has written since this process last looked.
	 */
	async take(deadWorkerHoldMs: number): Promise<KeptResult> {
		return (await this.#run('take', [String(deadWorkerHoldMs)]))?.result ?? 'apart';
	}

	/**
	 * Does the same, and records that a request may go out, so that the others know if this process dies. Must be called before
	 * each request.
	 */
	async request(deadWorkerHoldMs: number): Promise<KeptResult> {
		return (await this.#run('request', [String(deadWorkerHoldMs)]))?.result ?? 'apart';
	}

	/** Writes what is kept. @returns `refused` if another worker has written since this process last looked. */
	async write(writing: Writing): Promise<KeptResult> {
		return await this.#write('write', writing);
	}

	/** Writes what is kept, and gives the lease up. @returns As {@link write}. */
	async release(writing: Writing): Promise<KeptResult> {
		return await this.#write('release', writing);
	}

	async #write(action: 'write' | 'release', { text, token, keptMs }: Writing): Promise<KeptResult> {
		const version = randomUUID();
		const sealed = this.#seal.close(text, this.#key);
		const args = [version, sealed, String(Math.ceil(keptMs))];
		const keys = token ? [this.#tokens.keyOf(token)] : [];
		const result = (await this.#run(action, args, keys))?.result ?? 'apart';
		if (result === 'done') this.#version = version;
		return result;
	}

	async #run(
		action: Action,
		args: readonly string[],
		keys: readonly string[] = [],
	): Promise<Reply | null> {
		const answer = await this.#store.run('keptToken/kept', [this.#key, ...keys], ({ id }) => [
			action,
			this.#process,
			this.#version,
			id,
			...args,
		]);
		return 'reply' in answer ? parseKeptReply(answer.reply, answer.server.id) : null;
	}
}

const RESULTS = ['done', 'dead', 'refused'] as const satisfies readonly KeptResult[];

/** @returns `null` if the reply cannot be the script's. */
function parseKeptReply(reply: unknown, server: string): Reply | null {
	if (!Array.isArray(reply) || reply.length !== 8) return null;
	const [result, version, sealed, abandoned] = [reply[0], reply[1], reply[2], reply[5]].map(String);
	const [ageMs, waitMs, abandonedMs] = [reply[3], reply[4], reply[6]].map((it) =>
		Math.max(0, Number(it)),
	);
	const known = RESULTS.find((it) => it === result);
	if (!known || ![ageMs, waitMs, abandonedMs].every(Number.isFinite)) return null;
	return {
		result: known,
		version,
		sealed,
		ageMs,
		waitMs,
		abandoned,
		abandonedMs,
		isOld: reply[7] === 1,
		server,
	};
}
