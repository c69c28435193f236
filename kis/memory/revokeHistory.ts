import type { AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import type { Attempt } from '../reply/attempt';
import { meansDead, type RevokeOutcome } from '../reply/revokeOutcome';

/** How one execution's revokes with one credential have left a token. */
export interface LeftAs {
	readonly outcome: RevokeOutcome;
	/** The attempt that decided it. */
	readonly decisive: Attempt;
}

/** Over all executions; far more than a sweep has. Beyond it whole executions are forgotten, the oldest first. */
const MAX_ENTRIES = 200_000;

/** What one execution knows: by fingerprint, then by credential. */
type Known = Map<string, Map<string, LeftAs>>;

/**
 * Remembers how each execution has left each token, so that a second try of a node (n8n's "Retry On Fail") continues from
 * there. Forgets by count, never by the clock: an execution may wait for days.
 *
 * Executions go by name here, since nothing secret is kept and a retry must find it. `kis/issue/issueHistory.ts` holds
 * tokens, and so goes by an object that is garbage when the execution is.
 */
export class RevokeHistory {
	/** In order of use. */
	readonly #executions = new Map<string, Known>();
	#size = 0;

	/** Returns how the execution left the token; `null` if it has not sent it with this credential. */
	recall(execution: string, token: AccessToken, credential: KisCredential): LeftAs | null {
		const byCredential = this.#executions.get(execution)?.get(token.fingerprint);
		return byCredential?.get(keyOf(credential)) ?? null;
	}

	/**
	 * Returns how the execution left the token if the credential cannot be read: dead if its revokes with every credential say
	 * so, and `unknown` if they otherwise differ. `null` if none was written.
	 */
	recallAny(execution: string, { fingerprint }: AccessToken): LeftAs | null {
		const known = this.#executions.get(execution)?.get(fingerprint)?.values() ?? [];
		const sent = [...known].filter(({ outcome }) => outcome !== 'notSent');
		const leftAs = (wanted: RevokeOutcome) => sent.find(({ outcome }) => outcome === wanted);
		const [first] = sent;
		if (!first || sent.every(({ outcome }) => outcome === first.outcome)) return first ?? null;
		const { decisive } = leftAs('revoked') ?? leftAs('alreadyInvalid') ?? first;
		if (sent.every(({ outcome }) => meansDead(outcome))) return { outcome: 'revoked', decisive };
		return leftAs('unknown') ?? { outcome: 'unknown', decisive };
	}

	/** Returns whether the execution attempted any revoke. */
	hasAttempted(execution: string): boolean {
		return this.#executions.has(execution);
	}

	/** Notes how the execution has left the token. */
	remember(
		execution: string,
		{ fingerprint }: AccessToken,
		credential: KisCredential,
		left: LeftAs,
	): void {
		const known: Known = this.#executions.get(execution) ?? new Map();
		this.#executions.delete(execution);
		this.#executions.set(execution, known);
		const byCredential = known.get(fingerprint) ?? new Map<string, LeftAs>();
		this.#size -= byCredential.size;
		byCredential.set(keyOf(credential), left);
		this.#size += byCredential.size;
		known.set(fingerprint, byCredential);
		this.#forget(execution);
	}

	#forget(execution: string): void {
		for (const [oldest, known] of this.#executions) {
			if (this.#size <= MAX_ENTRIES || oldest === execution) return;
			this.#executions.delete(oldest);
			for (const byCredential of known.values()) this.#size -= byCredential.size;
		}
	}
}

/** This process's one history of revokes. */
export const revokeHistory = new RevokeHistory();

function keyOf({ appkey, baseUrl }: KisCredential): string {
	return `${appkey}\n${addressOf(baseUrl)}`;
}
