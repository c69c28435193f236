import type { AccessToken } from '../input/accessToken';
import { addressOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import type { Attempt } from '../reply/attempt';
import type { RevokeOutcome } from '../reply/revokeOutcome';

/** How one execution's revokes with one credential have left a token. */
export interface LeftAs {
	readonly outcome: RevokeOutcome;
	/** The attempt that decided it. */
	readonly decisive: Attempt;
}

/** Over all executions; far more than a sweep has. Beyond it whole executions are forgotten, the oldest first. */
const MAX_ENTRIES = 200_000;

/** What one execution knows. */
interface Known {
	/** How it has left each token: by fingerprint, then by app key and host. */
	readonly tokens: Map<string, Map<string, LeftAs>>;
	/** The app key and host that each run of a node was for; `null` if they have changed. */
	readonly runs: Map<string, string | null>;
}

const NOTHING: Known = { tokens: new Map(), runs: new Map() };

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
		const { tokens } = this.#executions.get(execution) ?? NOTHING;
		const byCredential = tokens.get(token.fingerprint);
		return byCredential?.get(keyOf(credential)) ?? null;
	}

	/**
	 * Returns how the execution left the token for a run that cannot read its credential now. If it sent the token, but not
	 * surely with that credential, the token is `unknown`: what another host has said does not count. `null` if it did not send
	 * it.
	 *
	 * @param run As its earlier try was {@link noteTry noted}; `null` if it has none.
	 */
	recallForRun(execution: string, { fingerprint }: AccessToken, run: string | null): LeftAs | null {
		const { tokens, runs } = this.#executions.get(execution) ?? NOTHING;
		const key = run === null ? null : runs.get(run);
		const sent = [...(tokens.get(fingerprint) ?? [])].filter(([, left]) => isSent(left));
		const withCredential = sent.find(([sentWith]) => sentWith === key);
		if (withCredential) return withCredential[1];
		return sent.length > 0 ? { ...sent[0][1], outcome: 'unknown' } : null;
	}

	/** Returns whether the execution attempted any revoke. */
	hasAttempted(execution: string): boolean {
		const { tokens } = this.#executions.get(execution) ?? NOTHING;
		return tokens.size > 0;
	}

	/** Returns whether the execution sent any token. */
	hasSent(execution: string): boolean {
		const { tokens } = this.#executions.get(execution) ?? NOTHING;
		return [...tokens.values()].some((byCredential) => [...byCredential.values()].some(isSent));
	}

	/**
	 * Notes which app key and host a run is for, for a later try that cannot read the credential.
	 *
	 * @param credential `null` if it was read and cannot be used.
	 */
	noteTry(execution: string, run: string, credential: KisCredential | null): void {
		const { runs } = this.#use(execution);
		const key = credential && keyOf(credential);
		const before = runs.get(run);
		if (before === undefined) this.#size++;
		runs.set(run, before === undefined || before === key ? key : null);
		this.#forget(execution);
	}

	/** Notes how the execution has left the token. */
	remember(
		execution: string,
		{ fingerprint }: AccessToken,
		credential: KisCredential,
		left: LeftAs,
	): void {
		const { tokens } = this.#use(execution);
		const byCredential = tokens.get(fingerprint) ?? new Map<string, LeftAs>();
		this.#size -= byCredential.size;
		byCredential.set(keyOf(credential), left);
		this.#size += byCredential.size;
		tokens.set(fingerprint, byCredential);
		this.#forget(execution);
	}

	/** Returns what the execution knows, which makes it the last one to be forgotten. */
	#use(execution: string): Known {
		const known = this.#executions.get(execution) ?? { tokens: new Map(), runs: new Map() };
		this.#executions.delete(execution);
		this.#executions.set(execution, known);
		return known;
	}

	#forget(execution: string): void {
		for (const [oldest, known] of this.#executions) {
			if (this.#size <= MAX_ENTRIES || oldest === execution) return;
			this.#executions.delete(oldest);
			this.#size -= known.runs.size;
			for (const byCredential of known.tokens.values()) this.#size -= byCredential.size;
		}
	}
}

/** This process's one history of revokes. */
export const revokeHistory = new RevokeHistory();

function isSent({ outcome }: LeftAs): boolean {
	return outcome !== 'notSent';
}

function keyOf({ appkey, baseUrl }: KisCredential): string {
	return `${appkey}\n${addressOf(baseUrl)}`;
}
