import type { AccessToken } from './accessToken';

/** What identifies an execution: the same for all tries of a "Retry On Fail". */
export type ExecutionKey = string | object;

/** What this process knows of a token from earlier calls. */
export interface Recollection {
	/** KIS confirmed its revocation to this process. */
	readonly revoked: boolean;
	/** … in this very execution. */
	readonly revokedInThisExecution: boolean;
	/** In this execution an attempt on it was written and never settled. */
	readonly unsettledInThisExecution: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Far more than a sweep has; beyond it the oldest are forgotten. About 300 bytes each. */
const MAX_TOKENS = 200_000;

interface Entry {
	revokedBy: ExecutionKey | null;
	unsettledBy: ExecutionKey | null;
	until: number;
}

/** Remembers tokens by fingerprint until they expire, at least for a day (a KIS token's usual life). */
export class TokenMemory {
	readonly #entries = new Map<string, Entry>();

	recall(token: AccessToken, execution: ExecutionKey): Recollection {
		const entry = this.#entries.get(token.fingerprint);
		return {
			revoked: entry !== undefined && entry.revokedBy !== null,
			revokedInThisExecution: entry?.revokedBy === execution,
			unsettledInThisExecution: entry?.unsettledBy === execution,
		};
	}

	rememberRevoked(token: AccessToken, execution: ExecutionKey): void {
		Object.assign(this.#entryOf(token), { revokedBy: execution, unsettledBy: null });
	}

	rememberUnsettled(token: AccessToken, execution: ExecutionKey): void {
		this.#entryOf(token).unsettledBy = execution;
	}

	#entryOf(token: AccessToken): Entry {
		const now = Date.now();
		const entry = this.#entries.get(token.fingerprint) ?? {
			revokedBy: null,
			unsettledBy: null,
			until: Math.max(token.claims?.expiresAt ?? 0, now + DAY_MS),
		};
		this.#entries.delete(token.fingerprint);
		this.#entries.set(token.fingerprint, entry);
		this.#forgetOldest(now);
		return entry;
	}

	/** The map is in order of use: what is over, and what is too many, goes from its front. */
	#forgetOldest(now: number): void {
		for (const [fingerprint, { until }] of this.#entries) {
			if (until > now && this.#entries.size <= MAX_TOKENS) return;
			this.#entries.delete(fingerprint);
		}
	}
}
