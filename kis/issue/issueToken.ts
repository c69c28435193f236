import { hasExpired, isIssuedTo, type AccessToken } from '../accessToken';
import type { Attempt } from '../attempt';
import type { KisCredential } from '../credential';
import { lookUpCode } from '../errorCodes';
import { Connection } from '../http/connection';
import type { EgressRules } from '../http/egress';
import type { Exchange } from '../http/exchange';
import { limiterOf } from '../rateLimiter';
import { wait, waitBeforeRetry } from '../retry';
import { tokenMemory } from '../tokenMemory';
import { ISSUE_PATH, issueBody, readIssue, type Grant, type IssueAttempt } from './issuance';
import { SharedCall } from './sharedCall';

/** KIS issues a token once a minute; a second more, for the way there. */
export const ISSUE_INTERVAL_MS = 61_000;

export interface IssueOptions {
	/** How often a request that KIS did not process may be repeated, 0 or more. */
	readonly maxRetries: number;
	/** Never more in any second, together with all else in this process that uses the app key. */
	readonly requestsPerSecond: number;
	/** For each attempt, from connecting to the last byte, in milliseconds. */
	readonly timeoutMs: number;
	/** Whether to wait {@link ISSUE_INTERVAL_MS} and ask once more, where KIS asks for it or its answer was lost. */
	readonly waitWhenLimited: boolean;
	/** The execution's own: it stands for the execution, too. */
	readonly cancel: AbortSignal;
	readonly egress?: EgressRules;
}

/**
 * What can become of a request for a token:
 *
 * - `issued`: KIS gave a token, and nothing speaks against it.
 * - `unusable`: KIS gave a token that cannot be used.
 * - `rejected`: KIS refused, and no attempt was processed.
 * - `unknown`: an attempt was sent, and no readable answer came. A token may have been issued.
 * - `notSent`: no attempt was ever written.
 */
export type Issuance = Issued | UnusableGrant | NotIssued;

export interface Issued {
	readonly outcome: 'issued';
	readonly grant: Grant;
	/** Of this call, oldest first; empty where the execution has got the token before. */
	readonly attempts: readonly Attempt[];
}

export interface UnusableGrant {
	readonly outcome: 'unusable';
	readonly flaw: Flaw;
	readonly token: AccessToken;
	readonly attempts: readonly Attempt[];
}

export interface NotIssued {
	readonly outcome: 'rejected' | 'unknown' | 'notSent';
	readonly attempts: readonly Attempt[];
	/** The attempt that made it so, if need be of an earlier call of the execution; `null` where none was made. */
	readonly decisive: Attempt | null;
}

/** Why a token cannot be used: `dead` if this process has revoked it, or has learnt that it is invalid. */
export type Flaw = 'dead' | 'expired' | 'otherAppKey';

/**
 * Asks KIS for a token, at most once for each execution and credential that got one, and together with all executions
 * that ask at the same time. Never throws, and leaves no connection and no timer behind.
 */
export async function issueToken(
	credential: KisCredential,
	options: IssueOptions,
): Promise<Issuance> {
	const { appkey, appsecret, baseUrl } = credential;
	const key = JSON.stringify([baseUrl.href, appkey, appsecret]);
	const earlier = issuances.get(options.cancel) ?? new Map<string, Issuance>();
	issuances.set(options.cancel, earlier);
	const before = earlier.get(key);
	if (before?.outcome === 'issued' && flawOf(before.grant, appkey) === null) {
		return { ...before, attempts: [] };
	}
	const issuance = await new Request(credential, options, key).ask(before);
	earlier.set(key, issuance);
	return issuance;
}

/** Whether a token need not be issued anew: a whole token of the app key, not known to be dead, good for so long. */
export function isGoodFor(token: AccessToken, appkey: string, milliseconds: number): boolean {
	const { claims } = token;
	return (
		claims?.complete === true &&
		claims.appkey === appkey &&
		claims.expiresAt !== null &&
		claims.expiresAt - Date.now() >= milliseconds &&
		!tokenMemory.recall(token, NO_SCOPE).dead
	);
}

/** By execution and credential. What an execution was given goes with it. */
const issuances = new WeakMap<AbortSignal, Map<string, Issuance>>();
/** By credential: the one that whoever asks now would join. */
const underWay = new Map<string, SharedCall>();
const NO_SCOPE = '';

function flawOf({ token, expiresAt }: Grant, appkey: string): Flaw | null {
	const now = Date.now();
	if (isIssuedTo(token, appkey) === false) return 'otherAppKey';
	if (tokenMemory.recall(token, NO_SCOPE).dead) return 'dead';
	const isOver = hasExpired(token, now) || (expiresAt !== null && expiresAt <= now);
	return isOver ? 'expired' : null;
}

class Request {
	readonly #credential: KisCredential;
	readonly #options: IssueOptions;
	readonly #key: string;
	#mayWait: boolean;
	#retries = 0;

	constructor(credential: KisCredential, options: IssueOptions, key: string) {
		this.#credential = credential;
		this.#options = options;
		this.#key = key;
		this.#mayWait = options.waitWhenLimited;
	}

	async ask(before: Issuance | undefined): Promise<Issuance> {
		const { cancel } = this.#options;
		const attempts: IssueAttempt[] = [];
		const current = underWay.get(this.#key);
		let call = current && !current.isAbandoned ? current : this.#call();
		for (;;) {
			const exchange = await call.join(cancel);
			if (!exchange) break;
			const attempt = readIssue(exchange, this.#credential);
			attempts.push(attempt);
			if (attempt.grant) return this.#check(attempt.grant, attempts);
			this.#learn(attempt);
			const waitMs = this.#waitAfter(attempt, attempts);
			if (waitMs === null || !(await wait(waitMs, cancel))) break;
			call = call.next(() => this.#call());
		}
		return weigh(attempts, before);
	}

	/** KIS hands the same token out again until six hours after its issue, dead or alive. */
	#check(grant: Grant, attempts: readonly Attempt[]): Issuance {
		const flaw = flawOf(grant, this.#credential.appkey);
		return flaw === null
			? { outcome: 'issued', grant, attempts }
			: { outcome: 'unusable', flaw, token: grant.token, attempts };
	}

	/** `null` if there should be no further attempt. */
	#waitAfter(attempt: IssueAttempt, attempts: readonly IssueAttempt[]): number | null {
		const { maxRetries } = this.#options;
		// Not safe to repeat at once, unlike a revoke: if a token was issued, KIS gives it again, but only after a minute.
		if (attempt.verdict === 'noVerdict' || isLimited(attempt)) {
			const mayWait = this.#mayWait;
			this.#mayWait = false;
			return mayWait ? ISSUE_INTERVAL_MS : null;
		}
		const waitMs = waitBeforeRetry(attempts, this.#retries, maxRetries);
		this.#retries++;
		return waitMs;
	}

	#learn({ refusalCode }: Attempt): void {
		const retry = refusalCode === null ? undefined : lookUpCode(refusalCode).retry;
		if (retry?.holdsEveryone) limiterOf(this.#credential.appkey).hold(retry.afterMs ?? 0);
	}

	#call(): SharedCall {
		const call = new SharedCall(async (cancel) => {
			try {
				return await this.#send(cancel);
			} finally {
				if (underWay.get(this.#key) === call) underWay.delete(this.#key);
			}
		});
		underWay.set(this.#key, call);
		return call;
	}

	async #send(cancel: AbortSignal): Promise<Exchange | null> {
		const { requestsPerSecond } = this.#options;
		const limiter = limiterOf(this.#credential.appkey);
		limiter.join(this, requestsPerSecond);
		const slot = await limiter.acquire(cancel);
		const connection = new Connection({ ...this.#options, baseUrl: this.#credential.baseUrl });
		try {
			return slot && (await connection.post(ISSUE_PATH, issueBody(this.#credential), cancel));
		} finally {
			slot?.release();
			limiter.leave(this);
			await connection.close();
		}
	}
}

function isLimited({ refusalCode }: Attempt): boolean {
	return refusalCode !== null && lookUpCode(refusalCode).limitsIssue === true;
}

/** One without an answer may have issued a token, whatever KIS says later: else a refusal counts, else nothing was sent. */
function weigh(attempts: readonly Attempt[], before: Issuance | undefined): NotIssued {
	const unanswered = attempts.findLast(({ verdict }) => verdict === 'noVerdict');
	if (unanswered) return { outcome: 'unknown', attempts, decisive: unanswered };
	if (before?.outcome === 'unknown') return { ...before, attempts };
	const refused = attempts.findLast(({ verdict }) => verdict !== 'unwritten');
	if (refused) return { outcome: 'rejected', attempts, decisive: refused };
	if (before?.outcome === 'rejected') return { ...before, attempts };
	return { outcome: 'notSent', attempts, decisive: attempts.at(-1) ?? null };
}
