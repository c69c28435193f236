import type { AccessToken } from '../input/accessToken';
import type { Attempt } from '../reply/attempt';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import { meansDead, type RevokeOutcome } from '../reply/revokeOutcome';

/** Where the calls of one execution, with one credential, have left a token. */
export interface Standing {
	readonly outcome: RevokeOutcome;
	/** The attempt that made it so. */
	readonly decisive: Attempt;
}

/** Of all executions together; far more than a sweep has. Beyond it whole executions are forgotten, the oldest first. */
const MAX_STANDINGS = 200_000;

/** What one execution knows: by fingerprint and credential. */
type Standings = Map<string, Map<string, Standing>>;

/**
 * Remembers where each execution has left each token, so that a second try of a node (n8n's "Retry On Fail") goes on from
 * there. Forgets by count, never by the clock: an execution may wait for days.
 */
export class ExecutionMemory {
	/** In order of use. */
	readonly #executions = new Map<string, Standings>();
	#size = 0;

	/** `null` where the execution has not sent the token with this credential. */
	recall(execution: string, token: AccessToken, credential: KisCredential): Standing | null {
		const standings = this.#executions.get(execution)?.get(token.fingerprint);
		return standings?.get(keyOf(credential)) ?? null;
	}

	/**
	 * What the execution knows of the token where it cannot be told with which credential it would be sent: dead if all its
	 * calls say so, and `unknown` where they have left it differently otherwise. `null` if none was written.
	 */
	recallAny(execution: string, { fingerprint }: AccessToken): Standing | null {
		const known = this.#executions.get(execution)?.get(fingerprint)?.values() ?? [];
		const standings = [...known].filter(({ outcome }) => outcome !== 'notSent');
		const leftAs = (wanted: RevokeOutcome) => standings.find(({ outcome }) => outcome === wanted);
		const [first] = standings;
		if (!first || standings.every(({ outcome }) => outcome === first.outcome)) return first ?? null;
		const { decisive } = leftAs('revoked') ?? leftAs('alreadyInvalid') ?? first;
		if (standings.every(({ outcome }) => meansDead(outcome)))
			return { outcome: 'revoked', decisive };
		return leftAs('unknown') ?? { outcome: 'unknown', decisive };
	}

	/** Whether the execution has tried to send anything. */
	hasSent(execution: string): boolean {
		return this.#executions.has(execution);
	}

	remember(
		execution: string,
		{ fingerprint }: AccessToken,
		credential: KisCredential,
		standing: Standing,
	): void {
		const known: Standings = this.#executions.get(execution) ?? new Map();
		this.#executions.delete(execution);
		this.#executions.set(execution, known);
		const standings = known.get(fingerprint) ?? new Map<string, Standing>();
		this.#size -= standings.size;
		standings.set(keyOf(credential), standing);
		this.#size += standings.size;
		known.set(fingerprint, standings);
		this.#forget(execution);
	}

	#forget(execution: string): void {
		for (const [oldest, known] of this.#executions) {
			if (this.#size <= MAX_STANDINGS || oldest === execution) return;
			this.#executions.delete(oldest);
			for (const standings of known.values()) this.#size -= standings.size;
		}
	}
}

/** The one memory of this process. */
export const executionMemory = new ExecutionMemory();

function keyOf({ appkey, baseUrl }: KisCredential): string {
	return `${appkey}\n${addressOf(baseUrl)}`;
}
