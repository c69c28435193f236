import type { AccessToken } from '../accessToken';
import type { Attempt } from '../attempt';
import type { KisCredential } from '../credential';
import type { Outcome } from './outcome';

/** Who revokes, and where: what was learnt with another key pair or from another host explains nothing. */
export interface Scope {
	/** Names the execution, the app key and the host. */
	readonly name: string;
	readonly host: string;
}

export function scopeOf(execution: string, { appkey, baseUrl: { href } }: KisCredential): Scope {
	return { name: [execution, appkey, href].join('\n'), host: href };
}

/** Where the calls of one execution, with one credential, have left a token. */
export interface Standing {
	readonly outcome: Outcome;
	/** The attempt that made it so. */
	readonly decisive: Attempt;
}

/** What this process knows of a token from earlier calls. */
export interface Recollection {
	/** KIS confirmed its revocation to this process. */
	readonly revoked: boolean;
	/** `null` where the scope has not sent it before. */
	readonly standing: Standing | null;
}

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** Far more than a sweep has; beyond it the oldest are forgotten. */
const MAX_TOKENS = 200_000;
/** Forgotten for each token that is remembered: a whole sweep that expires together would hold the host's turn. */
const MAX_FORGOTTEN = 100;
/** Per token: KIS gives all programs of an app key the same one, and each of their executions may come back to it. */
const MAX_SCOPES = 10_000;

interface Entry {
	readonly revoked: boolean;
	/** The hosts where it ended as `revoked` or `alreadyInvalid`. */
	readonly deadAt: readonly string[];
	/** Oldest first. */
	readonly standings: ReadonlyArray<readonly [scope: string, standing: Standing]>;
	readonly until: number;
}

const UNKNOWN: Entry = { revoked: false, deadAt: [], standings: [], until: 0 };

/**
 * Remembers tokens by fingerprint until they expire (for a day, a KIS token's life, where that is not known), and at
 * least for an hour, so that a retry is safe for a token that expires meanwhile.
 */
export class TokenMemory {
	readonly #entries = new Map<string, Entry>();

	recall(token: AccessToken, { name }: Scope): Recollection {
		const { revoked, standings } = this.#find(token);
		const [, standing = null] = standings.find(([other]) => other === name) ?? [];
		return { revoked, standing };
	}

	/** KIS confirmed its revocation to this process, or this host has shown that it is dead. */
	isDead(token: AccessToken, baseUrl: URL): boolean {
		const { revoked, deadAt } = this.#find(token);
		return revoked || deadAt.includes(baseUrl.href);
	}

	remember(token: AccessToken, { name, host }: Scope, standing: Standing): void {
		const { fingerprint, claims } = token;
		const now = Date.now();
		const { revoked, deadAt, standings } = this.#find(token);
		const others = standings.filter(([other]) => other !== name);
		const isDead = standing.outcome === 'revoked' || standing.outcome === 'alreadyInvalid';
		// To the end, so that the map is in order of use.
		this.#entries.delete(fingerprint);
		this.#entries.set(fingerprint, {
			revoked: revoked || standing.decisive.verdict === 'confirmed',
			deadAt: isDead && !deadAt.includes(host) ? [...deadAt, host] : deadAt,
			standings: [...others.slice(1 - MAX_SCOPES), [name, standing]],
			until: Math.max(claims?.expiresAt ?? now + DAY_MS, now + HOUR_MS),
		});
		let forgotten = 0;
		for (const [oldest, { until }] of this.#entries) {
			if (this.#entries.size <= MAX_TOKENS && until > now) return;
			this.#entries.delete(oldest);
			if (++forgotten === MAX_FORGOTTEN) return;
		}
	}

	#find({ fingerprint }: AccessToken): Entry {
		const entry = this.#entries.get(fingerprint);
		return entry && entry.until > Date.now() ? entry : UNKNOWN;
	}
}

/** The one memory of this process. */
export const tokenMemory = new TokenMemory();
