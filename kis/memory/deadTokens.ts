import { isWholeTokenOf, type AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';

/** The life of a KIS token. */
const DAY_MS = 24 * 60 * 60 * 1000;
/** Far more than a sweep has; beyond it the oldest are forgotten. */
const MAX_TOKENS = 200_000;
/** The most that one `add` forgets: a whole sweep expires together, and must not block the event loop. */
const MAX_FORGOTTEN = 100;

interface Entry {
	/** Where it is dead; see {@link scopeOf}. */
	readonly scopes: readonly string[];
	/** Milliseconds since 1970. */
	readonly until: number;
}

/**
 * Remembers, by fingerprint, the tokens that this process knows to be dead. Each is kept until it expires, and for at least
 * a day: a retry is safe if the token expires meanwhile, and a clock that is ahead of KIS's revives none.
 */
export class DeadTokens {
	readonly #entries = new Map<string, Entry>();

	/** Notes that the credential's host has shown the token to be dead. */
	add(token: AccessToken, credential: KisCredential): void {
		const { fingerprint, claims } = token;
		const now = Date.now();
		const scopes = new Set([...this.#scopesOf(token), scopeOf(token, credential)]);
		// Reinserted at the end, so that the map is in order of use.
		this.#entries.delete(fingerprint);
		this.#entries.set(fingerprint, {
			scopes: [...scopes],
			until: Math.max(claims?.expiresAt ?? 0, now + DAY_MS),
		});
		let forgotten = 0;
		for (const [oldest, { until }] of this.#entries) {
			if (this.#entries.size <= MAX_TOKENS && until > now) return;
			this.#entries.delete(oldest);
			if (++forgotten === MAX_FORGOTTEN) return;
		}
	}

	/** Returns whether the token is dead at this credential's host. */
	has(token: AccessToken, credential: KisCredential): boolean {
		return this.#scopesOf(token).includes(scopeOf(token, credential));
	}

	/** Returns whether only another host, or this one for another credential, has shown the token to be dead. */
	isDeadAtAnotherHost(token: AccessToken, credential: KisCredential): boolean {
		return this.#scopesOf(token).length > 0 && !this.has(token, credential);
	}

	#scopesOf({ fingerprint }: AccessToken): readonly string[] {
		const entry = this.#entries.get(fingerprint);
		return entry && entry.until > Date.now() ? entry.scopes : [];
	}
}

/** This process's one memory of dead tokens. */
export const deadTokens = new DeadTokens();

/**
 * Returns where a host's word on a token counts: at that host. A token that may be cut off, or belong to another app key, may
 * have been called invalid for that reason: then it counts for this app key only.
 */
function scopeOf(token: AccessToken, { appkey, baseUrl }: KisCredential): string {
	const host = addressOf(baseUrl);
	return isWholeTokenOf(token, appkey) ? host : `${host}\n${appkey}`;
}
