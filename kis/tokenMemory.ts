import type { AccessToken } from './accessToken';
import type { Attempt } from './revocation';

/** What identifies an execution: the same for all tries of a "Retry On Fail". */
export type ExecutionKey = string | object;

/** What this process knows of a token from earlier calls. */
export interface Recollection {
	/** KIS confirmed its revocation to this process. */
	readonly revoked: boolean;
	/** All attempts on it in earlier calls of this execution, oldest first. */
	readonly earlier: readonly Attempt[];
}

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** Far more than a sweep has; beyond it the oldest are forgotten. */
const MAX_TOKENS = 200_000;
/** Per token; a retry follows its first try closely. */
const MAX_EXECUTIONS = 20;

interface Entry {
	revoked: boolean;
	readonly attempts: Map<ExecutionKey, Attempt[]>;
	until: number;
}

/**
 * Remembers tokens by fingerprint until they expire (for a day, a KIS token's life, where that is not known), and at
 * least for an hour, so that a retry is safe for a token that expires meanwhile.
 */
export class TokenMemory {
	readonly #entries = new Map<string, Entry>();

	recall({ fingerprint }: AccessToken, execution: ExecutionKey): Recollection {
		const entry = this.#entries.get(fingerprint);
		if (!entry || entry.until <= Date.now()) return { revoked: false, earlier: [] };
		return { revoked: entry.revoked, earlier: entry.attempts.get(execution) ?? [] };
	}

	remember(token: AccessToken, execution: ExecutionKey, attempts: readonly Attempt[]): void {
		const { fingerprint, claims } = token;
		const now = Date.now();
		const known = this.#entries.get(fingerprint);
		const entry: Entry =
			known && known.until > now
				? known
				: {
						revoked: false,
						attempts: new Map(),
						until: 0,
					};
		entry.until = Math.max(claims?.expiresAt ?? now + DAY_MS, now + HOUR_MS);
		entry.revoked ||= attempts.some(({ verdict }) => verdict === 'confirmed');
		renew(entry.attempts, execution, [...(entry.attempts.get(execution) ?? []), ...attempts]);
		renew(this.#entries, fingerprint, entry);
		forgetOldest(entry.attempts, MAX_EXECUTIONS);
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
