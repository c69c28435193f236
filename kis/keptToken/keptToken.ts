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

/**
 * Why no token is issued for a while: KIS goes on giving one that is dead, its minute is not over, a lost answer may have
 * brought one, or the answer was of no use and the next one might be.
 */
export interface Obstacle {
	/** When it was met, in milliseconds since 1970. */
	readonly since: number;
	/** Likewise. */
	readonly until: number;
	readonly issuance: UnusableGrant | NotIssued;
}

/** The token of one key pair at one host, in memory only, and what was learnt of issuing it. */
export class KeptToken {
	#grant: Grant | null = null;
	#givenAt = 0;
	#renewAt = Infinity;
	#askAt = Infinity;
	#obstacle: Obstacle | null = null;

	/** What KIS gave last, whatever has become of it; `null` if it gave nothing yet. */
	get token(): AccessToken | null {
		return this.#grant?.token ?? null;
	}

	/** The token, unless it is known to be of no use: dead, or past its end. */
	usable(credential: KisCredential): AccessToken | null {
		const grant = this.#grant;
		return grant && flawOf(grant, credential) === null ? grant.token : null;
	}

	/** Whether it is time for another token. */
	isDue(now: number): boolean {
		return this.#renewAt <= now;
	}

	/** Whether the token has not been seen alive for so long that KIS has to be asked. */
	isToBeAskedAbout(now: number): boolean {
		// Further off than it is ever set: the computer's clock has been put back.
		return this.#askAt <= now || this.#askAt - now > TRUSTED_MS;
	}

	/** `null` where a token may be issued. */
	obstacle(now: number): Obstacle | null {
		const { since = 0, until = 0 } = this.#obstacle ?? {};
		// Before it was met: the computer's clock has been put back.
		return since <= now && now < until ? this.#obstacle : null;
	}

	/** Takes in how a request for a token has ended, whoever has made it. */
	note(issuance: Issuance, now: number): void {
		// An execution was given again what it had, or was stopped before.
		if (issuance.attempts.length === 0) return;
		switch (issuance.outcome) {
			case 'issued':
				return this.#keep(issuance.grant, now);
			case 'unusable':
				this.#obstacle = { since: now, until: unusableUntil(issuance, now), issuance };
				break;
			default:
				if (isInVainSoon(issuance)) {
					this.#obstacle = { since: now, until: now + ISSUE_INTERVAL_MS, issuance };
				}
		}
		// What is kept serves for the time being.
		this.#renewAt = Math.max(this.#renewAt, now + ISSUE_INTERVAL_MS);
	}

	/** Takes in whether the token is alive, by KIS's answer; `null` where that could not be told. */
	noteAsked(alive: boolean | null, now: number): void {
		this.#askAt = Math.max(this.#askAt, now + (alive ? TRUSTED_MS : UNDECIDED_MS));
		const grant = this.#grant;
		if (alive !== false || !grant) return;
		// Just given, though not new: KIS would give it again.
		const isNew = this.#givenAt - (grant.token.claims?.issuedAt ?? 0) < ISSUE_INTERVAL_MS;
		if (isNew || now - this.#givenAt >= ISSUE_INTERVAL_MS) return;
		const issuance = { outcome: 'unusable', grant, flaw: 'dead', attempts: [] } as const;
		this.#obstacle = { since: now, until: sameTokenEnds(grant, now), issuance };
	}

	#keep(grant: Grant, now: number): void {
		const { value, claims } = grant.token;
		const seenAlive = Math.min(claims?.issuedAt ?? -Infinity, now);
		const knownBefore = value === this.#grant?.token.value ? this.#askAt : -Infinity;
		this.#askAt = Math.max(seenAlive + TRUSTED_MS, knownBefore);
		this.#renewAt = renewalOf(grant, now);
		this.#grant = grant;
		this.#givenAt = now;
		this.#obstacle = null;
	}
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
