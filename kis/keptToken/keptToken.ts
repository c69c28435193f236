import { createHash } from 'node:crypto';

import type { AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import { ISSUE_INTERVAL_MS } from '../input/environments';
import type { Grant } from '../issue/grant';
import {
	flawOf,
	isLimited,
	SAME_TOKEN_MS,
	type Flaw,
	type Issuance,
	type NotIssued,
	type UnusableGrant,
} from '../issue/issuance';
import { NOTHING_KEPT, type KeptState, type Obstacle } from './keptState';

/** A token is renewed so long before its end, or a tenth of its life before, whichever is shorter. */
const RENEWED_BEFORE_MS = 60 * 60 * 1000;
const RENEWED_BEFORE_SHARE = 0.1;
/** A token that has not been seen alive for so long is asked about before it is used. */
const TRUSTED_MS = 10 * 60 * 1000;
/** After an answer that may have been spoilt on its way, or by a mistake in between that takes somebody to mend it. */
const NOT_ISSUED_AGAIN_MS: Readonly<Record<Exclude<Flaw, 'dead'>, number>> = {
	cutOff: ISSUE_INTERVAL_MS,
	expired: 10 * 60 * 1000,
	otherAppKey: 10 * 60 * 1000,
};
/** KIS is not asked again so soon, where its answer has decided nothing. */
const UNDECIDED_MS = 60 * 1000;

/** What the workers that share a Redis are doing about the token at this moment. */
export interface Elsewhere {
	/** When to look again, in milliseconds, where another worker is asking KIS for a token; 0 where none is. */
	readonly waitMs: number;
	/** A worker has ended since it asked KIS, so that nobody knows what came of it. */
	readonly obstacle: Obstacle | null;
}

const NOBODY: Elsewhere = { waitMs: 0, obstacle: null };

/** The token of one key pair at one host, in memory, and what was learnt of issuing it. */
export class KeptToken {
	#state = NOTHING_KEPT;
	#elsewhere = NOBODY;

	/** What KIS gave last, whatever has become of it; `null` if it gave nothing yet. */
	get token(): AccessToken | null {
		return this.#state.grant?.token ?? null;
	}

	/** All of it. It is another object where something has changed. */
	get state(): KeptState {
		return this.#state;
	}

	/** When to look again, in milliseconds, where another worker is asking KIS for a token; 0 where none is. */
	get askedElsewhereMs(): number {
		return this.#elsewhere.waitMs;
	}

	/** The token, unless it is known to be of no use: dead, or past its end. */
	usable(credential: KisCredential): AccessToken | null {
		const { grant } = this.#state;
		return grant && flawOf(grant, credential) === null ? grant.token : null;
	}

	/** Whether it is time for another token. */
	isDue(now: number): boolean {
		return this.#state.renewAt <= now;
	}

	/** Whether the token has not been seen alive for so long that KIS has to be asked. */
	isToBeAskedAbout(now: number): boolean {
		const { askAt } = this.#state;
		// Further off than it is ever set: the computer's clock has been put back.
		return askAt <= now || askAt - now > TRUSTED_MS;
	}

	/** `null` where a token may be issued. */
	obstacle(now: number): Obstacle | null {
		// Before it was met: the computer's clock has been put back.
		const isThere = (it: Obstacle | null) => it !== null && it.since <= now && now < it.until;
		return [this.#state.obstacle, this.#elsewhere.obstacle].find(isThere) ?? null;
	}

	/** Takes in how a request for a token has ended, whoever has made it. */
	note(issuance: Issuance, now: number): void {
		// An execution was given again what it had, or was stopped before.
		if (issuance.attempts.length === 0) return;
		if (issuance.outcome === 'issued') return this.#keep(issuance.grant, now);
		const until = notIssuedBefore(issuance, now);
		this.#change(now, {
			...(until !== null && { obstacle: { since: now, until, issuance } }),
			// What is kept serves for the time being.
			renewAt: Math.max(this.#state.renewAt, now + ISSUE_INTERVAL_MS),
		});
	}

	/** Takes in whether the token is alive, by KIS's answer; `null` where that could not be told. */
	noteAsked(alive: boolean | null, now: number): void {
		const { grant, givenAt } = this.#state;
		const askAt = Math.max(this.#state.askAt, now + (alive ? TRUSTED_MS : UNDECIDED_MS));
		this.#change(now, { askAt });
		if (alive !== false || !grant) return;
		// Just given, though not new: KIS would give it again.
		const isNew = givenAt - (grant.token.claims?.issuedAt ?? 0) < ISSUE_INTERVAL_MS;
		if (isNew || now - givenAt >= ISSUE_INTERVAL_MS) return;
		const issuance = { outcome: 'unusable', grant, flaw: 'dead', attempts: [] } as const;
		this.#change(now, { obstacle: { since: now, until: sameTokenEnds(grant, now), issuance } });
	}

	/** What has become of the token meanwhile is not known: KIS is asked before it is used. */
	noteUnseen(now: number): void {
		if (this.token) this.#change(now, { askAt: now });
	}

	/** Takes in what other workers are doing. */
	noteElsewhere(elsewhere: Elsewhere | null): void {
		this.#elsewhere = elsewhere ?? { ...this.#elsewhere, waitMs: 0 };
	}

	/** Takes over what another worker keeps. */
	adopt(state: KeptState): void {
		const { grant } = this.#state;
		// A token that is the same stays the same object: what is under way goes by it.
		const isSame = grant !== null && grant.token.value === state.grant?.token.value;
		this.#state = isSame ? { ...state, grant: { ...state.grant, token: grant.token } } : state;
	}

	#keep(grant: Grant, now: number): void {
		const { value, claims } = grant.token;
		const seenAlive = Math.min(claims?.issuedAt ?? -Infinity, now);
		const knownBefore = value === this.token?.value ? this.#state.askAt : -Infinity;
		this.#change(now, {
			askAt: Math.max(seenAlive + TRUSTED_MS, knownBefore),
			renewAt: renewalOf(grant, now),
			grant,
			givenAt: now,
			obstacle: null,
		});
	}

	#change(changedAt: number, changes: Partial<KeptState>): void {
		this.#state = { ...this.#state, ...changes, changedAt };
	}
}

/** Until when it would be in vain to ask KIS again; `null` if it would not be. */
function notIssuedBefore(issuance: UnusableGrant | NotIssued, now: number): number | null {
	if (issuance.outcome === 'unusable') return unusableUntil(issuance, now);
	return isInVainSoon(issuance) ? now + ISSUE_INTERVAL_MS : null;
}

/**
 * When to ask for another token, by this computer's clock.
 *
 * @param now When KIS gave it. If it is due by then already, KIS would give it again: it serves until its end.
 */
function renewalOf({ token: { claims }, expiresAt, clockAheadMs }: Grant, now: number): number {
	const end = Math.min(expiresAt ?? Infinity, claims?.expiresAt ?? Infinity) - clockAheadMs;
	const life = end - ((claims?.issuedAt ?? now + clockAheadMs) - clockAheadMs);
	const due = end - Math.min(RENEWED_BEFORE_MS, life * RENEWED_BEFORE_SHARE);
	return Math.max(due > now ? due : end, now + ISSUE_INTERVAL_MS);
}

function unusableUntil({ grant, flaw }: UnusableGrant, now: number): number {
	return flaw === 'dead' ? sameTokenEnds(grant, now) : now + NOT_ISSUED_AGAIN_MS[flaw];
}

/**
 * Until when KIS may go on giving this token, by this computer's clock; where the token does not say, it was issued now.
 * If that is over, the token died while KIS gave it: the next one is another.
 */
function sameTokenEnds({ token: { claims }, clockAheadMs }: Grant, now: number): number {
	const issuedAt = Math.min((claims?.issuedAt ?? now + clockAheadMs) - clockAheadMs, now);
	return Math.max(issuedAt + SAME_TOKEN_MS, now + ISSUE_INTERVAL_MS);
}

/** The next request for a token would end likewise, or might be refused for coming too soon. */
function isInVainSoon({ outcome, decisive }: NotIssued): boolean {
	return (
		outcome === 'unknown' ||
		(decisive !== null && (isLimited(decisive) || decisive.rule?.refusesCredential === true))
	);
}

/** Far more than an n8n has credentials; the ones that were first used longest ago are forgotten. */
const MAX_KEPT = 1000;
const kept = new Map<string, KeptToken>();

/** The token that everything in this process shares for one key pair at one host. */
export function keptTokenOf({ appkey, appsecret, baseUrl }: KisCredential): KeptToken {
	const named = JSON.stringify([addressOf(baseUrl), appkey, appsecret]);
	const name = createHash('sha256').update(named).digest('hex');
	const found = kept.get(name) ?? new KeptToken();
	kept.set(name, found);
	const [oldest] = kept.keys();
	if (kept.size > MAX_KEPT) kept.delete(oldest);
	return found;
}
