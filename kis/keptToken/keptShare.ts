import type { KisCredential } from '../input/credential';
import { deadTokens } from '../memory/deadTokens';
import { ISSUE_INTERVAL_MS } from '../input/environments';
import { flawOf } from '../issue/issuance';
import { SharedKept, type Result, type Seen, type Writing } from './sharedKept';
import { sharedStoreOf, type SharedStore } from '../redis/sharedStore';
import { readState, writeState, type KeptState, type Obstacle } from './keptState';
import type { KeptToken } from './keptToken';
import { learnFromOthers } from '../memory/sharedMarks';

/** The turn of a worker that has ended is over six seconds after it was last taken. */
const EXTEND_MS = 2000;
const DAY_MS = 24 * 60 * 60 * 1000;
const LONGEST_KEPT_MS = 100 * DAY_MS;

/** The turn to ask KIS for a token, of one worker at a time. */
export interface Turn {
	/** To be called before each request: `false` if it is another worker's turn by now, so that none may be sent. */
	ask(): Promise<boolean>;
	/** Whether `ask` has said so. */
	readonly isLost: boolean;
	/** Has to be called: tells the others what is kept now, and gives the turn up. */
	end(): Promise<void>;
}

/** Keeps the token of this process and that of the workers that share a Redis the same. */
export class KeptShare {
	readonly #kept: KeptToken;
	readonly #credential: KisCredential;
	readonly #shared: SharedKept;
	/** What is kept by all, as this process has last read or written it. */
	#common: KeptState | null = null;
	/** One at a time: what one reads is not written over by another before it is taken in. */
	#running: Promise<void> = Promise.resolve();
	/** For all who come while one is running. */
	#next: Promise<void> | null = null;
	#ended: { readonly name: string; readonly obstacle: Obstacle } | null = null;

	constructor(kept: KeptToken, credential: KisCredential, shared: SharedKept) {
		this.#kept = kept;
		this.#credential = credential;
		this.#shared = shared;
	}

	/** `null` where the credential names no Redis. */
	static of(kept: KeptToken, credential: KisCredential): KeptShare | null {
		const { redis } = credential;
		if (!redis) return null;
		const ofKept = shares.get(kept) ?? new Map<SharedStore, KeptShare>();
		shares.set(kept, ofKept);
		const store = sharedStoreOf(redis);
		const share =
			ofKept.get(store) ?? new KeptShare(kept, credential, new SharedKept(credential, redis));
		ofKept.set(store, share);
		return share;
	}

	/**
	 * Takes over what another worker keeps, or tells what only this process knows. Where both have changed, the younger
	 * token that can be used counts; where neither is, what was learnt last.
	 */
	async sync(): Promise<void> {
		if (!this.#next) {
			this.#next = this.#running.then(async () => {
				this.#next = null;
				await this.#syncNow();
			});
			this.#running = this.#next.catch(() => {});
		}
		await this.#next;
	}

	async #syncNow(): Promise<void> {
		const seen = await this.#shared.look();
		const now = Date.now();
		this.#kept.noteElsewhere(
			seen && { waitMs: seen.waitMs, obstacle: this.#obstacleOf(seen.ended, now) },
		);
		if (!seen) return;
		if (seen.isLost) {
			// With it went what the others knew of the token.
			this.#common = null;
			this.#kept.noteUnseen(now);
		}
		const { news } = seen;
		const theirs = news && readState(news.text, this.#credential, now - news.ageMs);
		if (theirs && !this.#isCommon()) await learnFromOthers(this.#kept.token, this.#credential);
		if (theirs && (this.#isCommon() || !isBetter(this.#kept.state, theirs, this.#credential))) {
			this.#kept.adopt(theirs);
			if (seen.isLost) this.#kept.noteUnseen(now);
			this.#common = this.#kept.state;
		} else if (!this.#isCommon()) {
			const { state } = this.#kept;
			const writing = this.#writingOf(state);
			if (state.grant || state.obstacle) this.#note(await this.#shared.write(writing), state);
		}
	}

	/**
	 * Takes the turn to ask KIS for a token. Where Redis cannot be used, each worker has it.
	 *
	 * @param minuteMs For how long nobody asks after a worker that has ended without an answer.
	 * @returns `null` if it is another worker's, or another has asked since this process has looked.
	 */
	async takeTurn(minuteMs: number): Promise<Turn | null> {
		const before = this.#kept.state;
		if ((await this.#shared.take(minuteMs)) === 'refused') return null;
		const turn = this.#turn(minuteMs, before);
		if (this.#kept.state === before) return turn;
		// Something else in this process was faster.
		await turn.end();
		return null;
	}

	#turn(minuteMs: number, before: KeptState): Turn {
		const watchdog = setInterval(() => void this.#shared.take(minuteMs), EXTEND_MS).unref();
		let isLost = false;
		return {
			ask: async () => {
				const result = await this.#shared.ask(minuteMs);
				// Somebody who has not waited for the turn may have brought another token.
				isLost = result === 'refused' || this.#kept.state.grant?.token !== before.grant?.token;
				return !isLost;
			},
			get isLost() {
				return isLost;
			},
			end: async () => {
				clearInterval(watchdog);
				const { state } = this.#kept;
				const result = await this.#shared.end(this.#writingOf(state));
				this.#note(result, state);
				if (result === 'refused') await this.sync();
			},
		};
	}

	#isCommon(): boolean {
		return this.#kept.state === this.#common;
	}

	#note(result: Result, state: KeptState): void {
		if (result === 'done') this.#common = state;
		if (result === 'dead' && state.grant) deadTokens.add(state.grant.token, this.#credential);
	}

	/** A dead token is not passed on, but what was learnt of issuing is. */
	#writingOf(state: KeptState): Writing {
		const now = Date.now();
		const isDead = state.grant !== null && deadTokens.has(state.grant.token, this.#credential);
		const grant = isDead ? null : state.grant;
		const end = grant && (grant.token.claims?.expiresAt ?? grant.expiresAt ?? now + DAY_MS);
		const keptMs = Math.max(end ?? 0, state.obstacle?.until ?? 0) - now;
		return {
			text: writeState({ ...state, grant }, now),
			token: grant && grant.token,
			keptMs: Math.min(Math.max(keptMs, 2 * ISSUE_INTERVAL_MS), LONGEST_KEPT_MS),
		};
	}

	/** The same object for the same worker: whoever waits goes by it. */
	#obstacleOf(ended: Seen['ended'], now: number): Obstacle | null {
		if (!ended) return null;
		if (this.#ended?.name !== ended.name) {
			const since = now - ended.agoMs;
			const issuance = { outcome: 'unknown', attempts: [], decisive: null } as const;
			const obstacle = { since, until: since + ISSUE_INTERVAL_MS, issuance };
			this.#ended = { name: ended.name, obstacle };
		}
		return this.#ended.obstacle;
	}
}

const shares = new WeakMap<KeptToken, Map<SharedStore, KeptShare>>();

/** Takes in what other workers know of the token that the credential keeps, and of the one that they keep. */
export async function learnOfKept(kept: KeptToken, credential: KisCredential): Promise<void> {
	const { token } = kept;
	await Promise.all([KeptShare.of(kept, credential)?.sync(), learnFromOthers(token, credential)]);
	if (kept.token !== token) await learnFromOthers(kept.token, credential);
}

function isBetter(ours: KeptState, theirs: KeptState, credential: KisCredential): boolean {
	const isUsable = ({ grant }: KeptState) => grant !== null && flawOf(grant, credential) === null;
	const issuedAt = (state: KeptState) =>
		isUsable(state) ? (state.grant?.token.claims?.issuedAt ?? 0) : -1;
	return issuedAt(ours) === issuedAt(theirs)
		? ours.changedAt > theirs.changedAt
		: issuedAt(ours) > issuedAt(theirs);
}
