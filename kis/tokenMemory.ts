import type { AccessToken } from './accessToken';
import type { Outcome } from './outcome';
import type { Attempt } from './revocation';

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
/** Per token; a retry follows its first try closely. */
const MAX_SCOPES = 20;

interface Entry {
	revoked: boolean;
	readonly standings: Map<string, Standing>;
	until: number;
}

/**
 * Remembers tokens by fingerprint until they expire (for a day, a KIS token's life, where that is not known), and at
 * least for an hour, so that a retry is safe for a token that expires meanwhile.
 */
export class TokenMemory {
	readonly #entries = new Map<string, Entry>();

	/** @param scope Names an execution and a credential: what was learnt with another key pair explains nothing. */
	recall({ fingerprint }: AccessToken, scope: string): Recollection {
		const entry = this.#entries.get(fingerprint);
		if (!entry || entry.until <= Date.now()) return { revoked: false, standing: null };
		return { revoked: entry.revoked, standing: entry.standings.get(scope) ?? null };
	}

	remember(token: AccessToken, scope: string, standing: Standing): void {
		const { fingerprint, claims } = token;
		const now = Date.now();
		const known = this.#entries.get(fingerprint);
		const entry: Entry =
			known && known.until > now ? known : { revoked: false, standings: new Map(), until: 0 };
		entry.until = Math.max(claims?.expiresAt ?? now + DAY_MS, now + HOUR_MS);
		entry.revoked ||= standing.decisive.verdict === 'confirmed';
		renew(entry.standings, scope, standing);
		renew(this.#entries, fingerprint, entry);
		forgetOldest(entry.standings, MAX_SCOPES);
		forgetOldest(this.#entries, MAX_TOKENS, ({ until }) => until <= now);
	}
}

/** Sets an entry and moves it to the end, so that a map is in order of use. */
function renew<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
	map.delete(key);
	map.set(key, value);
}

/** Deletes from the front what is too many or over. */
function forgetOldest<Key, Value>(
	map: Map<Key, Value>,
	most: number,
	isOver?: (value: Value) => boolean,
): void {
	for (const [key, value] of map) {
		if (map.size <= most && !isOver?.(value)) return;
		map.delete(key);
	}
}
