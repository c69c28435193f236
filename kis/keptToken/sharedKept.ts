import { randomUUID } from 'node:crypto';

import type { AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import type { RedisUrl } from '../input/redisUrl';
import { Names } from '../redis/names';
import { PROCESS } from '../redis/process';
import { Seal } from '../redis/seal';
import { SharedTokens } from '../memory/sharedTokens';
import { sharedStoreOf, type SharedStore } from '../redis/sharedStore';

/** What is there of the kept token, beside what this process knows. */
export interface Seen {
	/** What another worker has written since; `null` if none has, or it cannot be read. */
	readonly news: { readonly text: string; readonly ageMs: number } | null;
	/** What was known to be there is gone, or may be older than what was: another server has taken over, or it has started again. */
	readonly isLost: boolean;
	/** When to look again, in milliseconds, where another worker is asking KIS; 0 where none is. */
	readonly waitMs: number;
	/** A worker that has ended since it asked KIS, without saying what came of it; `name` is another each time. */
	readonly ended: { readonly name: string; readonly agoMs: number } | null;
}

/** `dead`: the token is, so that it was not written. `apart`: Redis cannot be used. */
export type Result = 'done' | 'dead' | 'refused' | 'apart';

/** A text to write, and the token in it, if there is one. */
export interface Writing {
	readonly text: string;
	readonly token: AccessToken | null;
	readonly keptMs: number;
}

interface Reply {
	readonly result: Result;
	readonly version: string;
	readonly sealed: string;
	readonly ageMs: number;
	readonly waitMs: number;
	readonly ended: string;
	readonly endedMs: number;
	readonly isOfBefore: boolean;
}

/** What the workers that share a Redis keep of the token that a credential brings, and whose turn it is to ask KIS (`kept.lua`). */
export class SharedKept {
	readonly #store: SharedStore;
	readonly #tokens: SharedTokens;
	readonly #seal: Seal;
	readonly #key: string;
	readonly #process: string;
	/** What was last read or written. */
	#version = '';
	/** The server that has taken over, where that is known. */
	#newServer = '';

	/** @param process The name of this process. */
	constructor(credential: KisCredential, redis: RedisUrl, process: string = PROCESS) {
		this.#store = sharedStoreOf(redis);
		this.#tokens = new SharedTokens(credential, redis);
		this.#seal = new Seal(credential);
		this.#key = `kept:${new Names(credential).of(`kept ${addressOf(credential.baseUrl)}`)}`;
		this.#process = process;
	}

	/** @returns `null` where Redis cannot tell. */
	async look(): Promise<Seen | null> {
		const reply = await this.#run('look', []);
		if (!reply) return null;
		// Of two who look at the same time, the second has no news.
		const isNew = reply.version !== this.#version;
		const text = isNew ? this.#seal.open(reply.sealed, this.#key) : null;
		this.#version = reply.version;
		const isTakenOver = reply.isOfBefore && this.#newServer !== reply.server;
		if (isTakenOver) this.#newServer = reply.server;
		return {
			news: text === null ? null : { text, ageMs: reply.ageMs },
			isLost: isTakenOver || (isNew && reply.version === ''),
			waitMs: reply.waitMs,
			ended: reply.ended === '' ? null : { name: reply.ended, agoMs: reply.endedMs },
		};
	}

	/**
	 * Takes the turn to ask KIS, for a few seconds, or takes it again.
	 *
	 * @param minuteMs For how long nobody asks after a worker that has ended without an answer.
	 * @returns `refused` if another worker has it, or has written since this process has looked.
	 */
	async take(minuteMs: number): Promise<Result> {
		return (await this.#run('take', [String(minuteMs)]))?.result ?? 'apart';
	}

	/** The same, to be called before each request: should this process end now, the others know that it may have gone out. */
	async ask(minuteMs: number): Promise<Result> {
		return (await this.#run('ask', [String(minuteMs)]))?.result ?? 'apart';
	}

	/** @returns `refused` if another worker has written since this process has looked. */
	async write(writing: Writing): Promise<Result> {
		return await this.#write('write', writing);
	}

	/** The same, and gives the turn up. */
	async end(writing: Writing): Promise<Result> {
		return await this.#write('end', writing);
	}

	async #write(does: 'write' | 'end', { text, token, keptMs }: Writing): Promise<Result> {
		const version = randomUUID();
		const sealed = this.#seal.close(text, this.#key);
		const args = [version, sealed, String(Math.ceil(keptMs))];
		const keys = token ? [this.#tokens.keyOf(token)] : [];
		const result = (await this.#run(does, args, keys))?.result ?? 'apart';
		if (result === 'done') this.#version = version;
		return result;
	}

	async #run(
		does: string,
		args: readonly string[],
		keys: readonly string[] = [],
	): Promise<(Reply & { readonly server: string }) | null> {
		const answer = await this.#store.run('keptToken/kept', [this.#key, ...keys], ({ id }) => [
			does,
			this.#process,
			this.#version,
			id,
			...args,
		]);
		const reply = 'reply' in answer ? readReply(answer.reply) : null;
		return reply && 'server' in answer ? { ...reply, server: answer.server.id } : null;
	}
}

const RESULTS = ['done', 'dead', 'refused'] as const satisfies readonly Result[];

/** `null` if it is none of the script's. */
function readReply(reply: unknown): Reply | null {
	if (!Array.isArray(reply)) return null;
	const [result, version, sealed, ended] = [reply[0], reply[1], reply[2], reply[5]].map(String);
	const [ageMs, waitMs, endedMs] = [reply[3], reply[4], reply[6]].map((it) =>
		Math.max(0, Number(it) || 0),
	);
	const known = RESULTS.find((it) => it === result);
	const isOfBefore = reply[7] === 1;
	return known
		? { result: known, version, sealed, ageMs, waitMs, ended, endedMs, isOfBefore }
		: null;
}
