import type { KisCredential } from '../input/credential';
import { ISSUE_INTERVAL_MS } from '../input/environments';
import { flawOf } from '../issue/issuance';
import { deadTokens } from '../memory/deadTokens';
import { learnFromOthers } from '../memory/sharedMarks';
import { sharedStoreOf, type SharedStore } from '../redis/sharedStore';
import type { IssueHold } from './issueHold';
import type { KeptState } from './keptState';
import { decodeState, encodeState } from './keptStateCodec';
import type { KeptToken } from './keptToken';
import { SharedKept, type KeptResult, type Seen, type Writing } from './sharedKept';

/** How often the issuing lease is extended. It runs out after six seconds (`kept.lua`). */
const EXTEND_LEASE_MS = 2000;
/** How often to try to tell of a lease's end: for longer than the others wait for a worker that they take for dead. */
const MAX_RELEASES = 45;
const DAY_MS = 24 * 60 * 60 * 1000;
const LONGEST_KEPT_MS = 100 * DAY_MS;

/** The right to request a token from KIS. One worker holds it at a time. */
export interface IssueLease {
	/** Must be called before each request. Resolves to `false` if the request must not be sent: another was faster. */
	beforeRequest(): Promise<boolean>;
	/** Must be called. Tells the other workers what is kept now, and gives the lease up: later, if Redis cannot take it now. */
	release(): Promise<void>;
}

/** Keeps this process's token in step with that of the workers that share a Redis. */
export class KeptShare {
	readonly #kept: KeptToken;
	readonly #credential: KisCredential;
	readonly #shared: SharedKept;
	/** What all workers keep, as this process last read or wrote it. */
	#common: KeptState | null = null;
	/** Syncs and releases run one at a time: what one reads must be adopted before another overwrites it. */
	#lastTurn: Promise<unknown> = Promise.resolve();
	/** The sync that begins next. All who call before it begins share it. */
	#nextSync: Promise<void> | null = null;
	/** How many callers in this process have the lease, or are asking for it. To Redis they are one. */
	#holders = 0;
	/** Tries to tell of the end of the lease until Redis has heard. */
	#releasing: NodeJS.Timeout | undefined;
	#abandoned: { readonly name: string; readonly hold: IssueHold } | null = null;

	constructor(kept: KeptToken, credential: KisCredential, shared: SharedKept) {
		this.#kept = kept;
		this.#credential = credential;
		this.#shared = shared;
	}

	/**
	 * Adopts what another worker keeps, or writes what only this process knows. If both have changed, the younger usable token
	 * wins; if neither is usable, what was learnt last.
	 */
	async sync(): Promise<void> {
		this.#nextSync ??= this.#inTurn(async () => {
			this.#nextSync = null;
			await this.#syncNow();
		});
		await this.#nextSync;
	}

	async #inTurn<T>(work: () => Promise<T>): Promise<T> {
		const turn = this.#lastTurn.then(work);
		this.#lastTurn = turn.catch(() => {});
		return await turn;
	}

	async #syncNow(): Promise<void> {
		const seen = await this.#shared.look();
		const now = Date.now();
		this.#kept.noteOtherWorkers(
			seen && { waitMs: seen.waitMs, hold: this.#holdAfter(seen.abandoned, now) },
		);
		if (!seen) return;
		if (seen.isLost || seen.isOtherServer) this.#common = null;
		// What the others knew about the token is lost, too.
		if (seen.isLost) this.#kept.noteUnseen(now);
		const { news } = seen;
		const theirs = news && decodeState(news.text, this.#credential, now - news.ageMs);
		if (theirs && (await this.#prefers(theirs))) this.#adopt(theirs, seen, now);
		else if (!this.#isCommon()) await this.#publish(seen, now);
	}

	async #prefers(theirs: KeptState): Promise<boolean> {
		if (this.#isCommon()) return true;
		// Which is better depends on whether another worker has revoked ours.
		await learnFromOthers(this.#kept.token, this.#credential);
		return !isBetter(this.#kept.state, theirs, this.#credential);
	}

	#adopt(theirs: KeptState, { isLost, isOtherServer }: Seen, now: number): void {
		const isOurs = theirs.grant?.token.value === this.#kept.token?.value;
		this.#kept.adopt(theirs);
		// Another server may hold a token from before ours, which has been revoked since.
		if (isLost || (isOtherServer && !isOurs)) this.#kept.noteUnseen(now);
		this.#common = this.#kept.state;
	}

	async #publish({ isOtherServer }: Seen, now: number): Promise<void> {
		// Nobody has checked the token since the server took over: what it holds is older.
		if (isOtherServer) this.#kept.noteUnseen(now);
		const { state } = this.#kept;
		if (state.grant || state.hold) {
			this.#note(await this.#shared.write(this.#writingOf(state)), state);
		}
	}

	/**
	 * Takes the lease to request a token. If Redis cannot be used, each worker gets one.
	 *
	 * @param deadWorkerHoldMs How long to make no request after a worker died before it could report an answer.
	 * @returns `null` if another worker holds it, or has requested a token since this process last looked.
	 */
	async takeLease(deadWorkerHoldMs: number): Promise<IssueLease | null> {
		const before = this.#kept.state;
		// From now on, no end of an earlier lease must be told: Redis would take it for this one's.
		this.#holders++;
		if ((await this.#shared.take(deadWorkerHoldMs)) === 'refused') {
			this.#holders--;
			return null;
		}
		const lease = this.#lease(deadWorkerHoldMs, before);
		if (this.#kept.state === before) return lease;
		// Another request of this process was faster.
		await lease.release();
		return null;
	}

	#lease(deadWorkerHoldMs: number, before: KeptState): IssueLease {
		const extend = () => void this.#shared.take(deadWorkerHoldMs);
		const watchdog = setInterval(extend, EXTEND_LEASE_MS).unref();
		return {
			beforeRequest: async () => {
				const result = await this.#shared.request(deadWorkerHoldMs);
				// A caller that insisted, without the lease, may have brought another token.
				return result !== 'refused' && this.#kept.state.grant?.token === before.grant?.token;
			},
			release: async () => {
				clearInterval(watchdog);
				this.#holders--;
				const result = await this.#release();
				if (result === 'held' || result === 'apart') this.#releaseLater();
				if (result === 'held' || result === 'refused') await this.sync();
			},
		};
	}

	/** @returns `held`: another caller in this process has the lease, and will release it, or asks for it, and may be refused. */
	async #release(): Promise<KeptResult | 'held'> {
		return await this.#inTurn(async () => {
			if (this.#holders > 0) return 'held';
			const { state } = this.#kept;
			const result = await this.#shared.release(this.#writingOf(state));
			this.#note(result, state);
			if (result !== 'apart') clearInterval(this.#releasing);
			return result;
		});
	}

	/** The other workers take this process for dead until they hear of the end of its lease. */
	#releaseLater(): void {
		clearInterval(this.#releasing);
		let releases = 1;
		const timer = setInterval(() => {
			void this.#release();
			if (++releases >= MAX_RELEASES) clearInterval(timer);
		}, EXTEND_LEASE_MS).unref();
		this.#releasing = timer;
	}

	#isCommon(): boolean {
		return this.#kept.state === this.#common;
	}

	#note(result: KeptResult, state: KeptState): void {
		if (result === 'done') this.#common = state;
		if (result === 'dead' && state.grant) deadTokens.add(state.grant.token, this.#credential);
	}

	/** Leaves a dead token out, but not what was learnt of issuing. */
	#writingOf(state: KeptState): Writing {
		const now = Date.now();
		const isDead = state.grant !== null && deadTokens.has(state.grant.token, this.#credential);
		const grant = isDead ? null : state.grant;
		const end = grant && (grant.token.claims?.expiresAt ?? grant.expiresAt ?? now + DAY_MS);
		const keptMs = Math.max(end ?? 0, state.hold?.until ?? 0) - now;
		return {
			text: encodeState({ ...state, grant }, now),
			token: grant && grant.token,
			keptMs: Math.min(Math.max(keptMs, 2 * ISSUE_INTERVAL_MS), LONGEST_KEPT_MS),
		};
	}

	/** Returns the same object for the same dead worker: callers remember by identity which hold they have waited out. */
	#holdAfter(abandoned: Seen['abandoned'], now: number): IssueHold | null {
		if (!abandoned) return null;
		if (this.#abandoned?.name !== abandoned.name) {
			const since = now - abandoned.agoMs;
			const issuance = { outcome: 'unknown', attempts: [], decisive: null } as const;
			const hold = { since, until: since + ISSUE_INTERVAL_MS, issuance };
			this.#abandoned = { name: abandoned.name, hold };
		}
		return this.#abandoned.hold;
	}
}

const shares = new WeakMap<KeptToken, Map<SharedStore, KeptShare>>();

/** Returns the one share of a kept token and a Redis; `null` if the credential names no Redis. */
export function keptShareOf(kept: KeptToken, credential: KisCredential): KeptShare | null {
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

/** Learns what other workers know about the token that this process keeps, and which one they keep. */
export async function learnOfKept(kept: KeptToken, credential: KisCredential): Promise<void> {
	const { token } = kept;
	await Promise.all([keptShareOf(kept, credential)?.sync(), learnFromOthers(token, credential)]);
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
