import { createHash } from 'node:crypto';

import type { AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import { ISSUE_INTERVAL_MS } from '../input/environments';
import type { Grant } from '../issue/grant';
import { flawOf, type Issuance } from '../issue/issuance';
import { CLOCK_TOLERANCE_MS } from '../reply/serverClock';
import { holdAfter, type IssueHold } from './issueHold';
import { NOTHING_KEPT, type KeptState } from './keptState';
import { renewalOf } from './renewal';

/** How long a token that KIS has shown to be alive is used without asking again. */
const TRUSTED_MS = 10 * 60 * 1000;
/** How long a check that decided nothing is not repeated. */
const UNDECIDED_MS = 60 * 1000;

/** What the other workers that share a Redis are doing about the token. */
export interface OtherWorkers {
	/** In how many milliseconds to look again, if one is requesting a token; otherwise 0. */
	readonly waitMs: number;
	/** A worker died before it could report an answer. */
	readonly hold: IssueHold | null;
}

const NOBODY: OtherWorkers = { waitMs: 0, hold: null };

/** The token of one key pair at one host, in memory, and what was learnt of issuing it. */
export class KeptToken {
	#state = NOTHING_KEPT;
	#otherWorkers = NOBODY;

	/** The token that KIS gave last, dead or alive; `null` if it gave none yet. */
	get token(): AccessToken | null {
		return this.#state.grant?.token ?? null;
	}

	/** Everything that is kept. Another object whenever something has changed. */
	get state(): KeptState {
		return this.#state;
	}

	/** In how many milliseconds to look again, if another worker is requesting a token; otherwise 0. */
	get waitForOthersMs(): number {
		return this.#otherWorkers.waitMs;
	}

	/** Returns the token unless it is known to be dead, expired or flawed. */
	usable(credential: KisCredential): AccessToken | null {
		const { grant } = this.#state;
		return grant && flawOf(grant, credential) === null ? grant.token : null;
	}

	/** Returns whether it is time to request another token. */
	isDue(now: number): boolean {
		return this.#state.renewAt <= now;
	}

	/** Returns whether to ask KIS if the token is alive before using it. */
	isCheckDue(now: number): boolean {
		const { checkAt } = this.#state;
		// It is never set further ahead than that: this computer's clock was set back.
		return checkAt <= now || checkAt - now > TRUSTED_MS;
	}

	/** Returns what keeps a token from being requested now; `null` if nothing does. */
	holdAt(now: number): IssueHold | null {
		// If it has yet to begin, this computer's clock was set back.
		const isInForce = (it: IssueHold | null) => it !== null && it.since <= now && now < it.until;
		return [this.#state.hold, this.#otherWorkers.hold].find(isInForce) ?? null;
	}

	/** Notes how a token request ended, no matter what in this process made it. */
	note(issuance: Issuance, now: number): void {
		// KIS was not asked: an execution got its earlier token again, or was stopped before.
		if (issuance.attempts.length === 0) return;
		if (issuance.outcome === 'issued') return this.#keep(issuance.grant, now);
		const hold = holdAfter(issuance, now);
		this.#change(now, {
			...(hold && { hold }),
			// The kept token serves for the time being.
			renewAt: Math.max(this.#state.renewAt, now + ISSUE_INTERVAL_MS),
		});
	}

	/** Notes what KIS said about the token; `null` if that did not tell. */
	noteChecked(alive: boolean | null, now: number): void {
		const { grant, givenAt } = this.#state;
		const trustedUntil = now + (alive ? TRUSTED_MS : UNDECIDED_MS);
		// If the clock was set back, `checkAt` lies too far ahead and must not survive.
		const trustedSoFar = this.isCheckDue(now) ? now : this.#state.checkAt;
		this.#change(now, { checkAt: Math.max(trustedSoFar, trustedUntil) });
		if (alive !== false || !grant) return;
		// A token that was old when KIS just gave it would be given again. One that seems a few minutes old may be new.
		const isNew = givenAt - issuedAtOf(grant) < ISSUE_INTERVAL_MS + CLOCK_TOLERANCE_MS;
		if (isNew || now - givenAt >= ISSUE_INTERVAL_MS) return;
		const hold = holdAfter({ outcome: 'unusable', grant, flaw: 'dead', attempts: [] }, now);
		this.#change(now, { hold });
	}

	/** Notes that the others' knowledge of the token is lost: it is checked before it is used. */
	noteUnseen(now: number): void {
		if (this.token) this.#change(now, { checkAt: now });
	}

	/** Notes what other workers are doing. @param others `null` if Redis cannot tell. */
	noteOtherWorkers(others: OtherWorkers | null): void {
		this.#otherWorkers = others ?? { ...this.#otherWorkers, waitMs: 0 };
	}

	/** Replaces the state by that of another worker. */
	adopt(state: KeptState): void {
		const { grant } = this.#state;
		// The same token stays the same object: checks under way are found by identity.
		const isSame = grant !== null && grant.token.value === state.grant?.token.value;
		this.#state = isSame ? { ...state, grant: { ...state.grant, token: grant.token } } : state;
	}

	#keep(grant: Grant, now: number): void {
		const { value } = grant.token;
		const seenAlive = Math.min(issuedAtOf(grant), now);
		const knownBefore = value === this.token?.value ? this.#state.checkAt : 0;
		this.#change(now, {
			checkAt: Math.max(seenAlive + TRUSTED_MS, knownBefore),
			renewAt: renewalOf(grant, now),
			grant,
			givenAt: now,
			hold: null,
		});
	}

	#change(changedAt: number, changes: Partial<KeptState>): void {
		this.#state = { ...this.#state, ...changes, changedAt };
	}
}

/** Returns when KIS issued a token, by this computer's clock; 0 if it does not say. */
function issuedAtOf({ token: { claims }, clockAheadMs }: Grant): number {
	const issuedAt = claims?.issuedAt ?? null;
	return issuedAt === null ? 0 : issuedAt - clockAheadMs;
}

/** Far more credentials than an n8n has; beyond it, those first used longest ago are forgotten. */
const MAX_KEPT = 1000;
const kept = new Map<string, KeptToken>();

/** Returns the token that this process shares for one key pair at one host. */
export function keptTokenOf({ appkey, appsecret, baseUrl }: KisCredential): KeptToken {
	const named = JSON.stringify([addressOf(baseUrl), appkey, appsecret]);
	const name = createHash('sha256').update(named).digest('hex');
	const found = kept.get(name) ?? new KeptToken();
	kept.set(name, found);
	const [oldest] = kept.keys();
	if (kept.size > MAX_KEPT) kept.delete(oldest);
	return found;
}
