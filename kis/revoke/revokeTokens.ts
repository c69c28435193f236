import { setMaxListeners } from 'node:events';
import { isDeepStrictEqual } from 'node:util';

import { hasExpired, isWholeTokenOf, type AccessToken } from '../input/accessToken';
import type { Attempt } from '../reply/attempt';
import { endpointOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import { deadTokens } from '../memory/deadTokens';
import { Connection } from '../http/connection';
import type { Exchange } from '../http/exchange';
import { limiterFor } from '../rateLimit/limiterFor';
import { askIfAlive, type LivenessAnswer } from '../liveness/askIfAlive';
import { sendPermitted, type Sent, type SendingOptions } from '../rateLimit/pacedRequest';
import type { RateLimiter } from '../rateLimit/rateLimiter';
import { wait, waitBeforeRetry } from '../reply/retry';
import { SecretGuard } from '../secrets/secretGuard';
import { mapInTurns, nextTurn, turnIsOver } from '../turns';
import { executionMemory } from '../memory/executionMemory';
import {
	decisiveAmong,
	meansDead,
	outcomeOfDead,
	outcomeOf,
	type RevokeOutcome,
} from '../reply/outcome';
import { checkConfirmation, readRevocation, revokeBody, REVOKE_PATH } from './revocation';
import { Sending, type StopReason } from './sending';
import { deferred, TaskGroup } from './taskGroup';

/** Of a run. They carry 3,200 requests a second where answers take 20 ms: more than one n8n process sends. */
const MAX_CONNECTIONS = 64;
/** Opened where needed, however quick answers are: while one is read, others are made. */
const FEW_CONNECTIONS = 8;
/** The most at first, and one more for each token that is settled: the first answers may be slow for reasons of their own. */
const CONNECTIONS_AT_FIRST = 16;
/** What a run can send. By Little's law, this times an answer's seconds is how many are under way then. */
const MOST_REQUESTS_PER_SECOND = 2000;

/** `cancel` ends everything immediately: what has not been written by then never is. */
export interface RevokeOptions extends SendingOptions {
	/** How often an attempt may be repeated for each token, 0 or more. */
	readonly maxRetries: number;
	/**
	 * Asks KIS for one quote with a token that its attempts leave `unknown`, if KIS can settle that: a whole one of the app
	 * key.
	 */
	readonly askBeforeUnknown: boolean;
	/** The same for all calls of one execution, and for no other. */
	readonly execution: string;
	/** Told of each distinct token as soon as it is settled, and how many of them there are. */
	readonly onResult?: (revocation: Revocation, tokens: number) => void;
}

/** What became of one token. */
export interface Revocation {
	readonly outcome: RevokeOutcome;
	/** Of this call, oldest first; empty where none was made. */
	readonly attempts: readonly Attempt[];
	/** The attempt, or the question, that made it so; `null` where none was made. */
	readonly decisive: Attempt | null;
	/** What KIS said when it was asked whether the token is alive; `null` where it was not asked. */
	readonly asked: LivenessAnswer | null;
	/** Where earlier calls of this execution had left it; `null` where there were none. */
	readonly before: RevokeOutcome | null;
	/** Why there were no more attempts, where something else than this token ended them. */
	readonly stoppedBy: StopReason | null;
}

/**
 * Revokes each token once, however often it is listed, and tells what became of each, in the order of `tokens`. Never
 * throws, and leaves no connection and no timer behind.
 */
export async function revokeTokens(
	credential: KisCredential,
	tokens: readonly AccessToken[],
	options: RevokeOptions,
): Promise<Revocation[]> {
	return await new Run(credential, tokens, options).revokeAll();
}

class Run {
	readonly #credential: KisCredential;
	readonly #tokens: readonly AccessToken[];
	readonly #options: RevokeOptions;
	readonly #limiter: RateLimiter;
	readonly #guard: SecretGuard;
	readonly #sending: Sending;
	/** Aborted when what is under way is to be broken off, too. */
	readonly #exchanging = new AbortController();
	/**
	 * Most attempts end as the one before: they share what was read of it, which saves memory. Within this run only: an
	 * attempt of an earlier try has to be told apart.
	 */
	#lastRead: Attempt | null = null;
	/** Something was heard of KIS, or the first token has ended otherwise. */
	readonly #heard = deferred();
	#isAlone = true;
	/** By value, so that each is there once. */
	readonly #distinct = new Map<string, AccessToken>();
	/** All connections take from the one iterator. */
	#queue: Iterable<AccessToken> = [];
	#queued = 0;
	readonly #revocations = new Map<string, Revocation>();
	/** One for each connection. */
	readonly #workers = new TaskGroup();
	/** Workers that wait for the limiter, or for a question to be answered. */
	#waiting = 0;
	/** Workers that wait to try again. */
	#retrying = 0;

	constructor(credential: KisCredential, tokens: readonly AccessToken[], options: RevokeOptions) {
		const { appkey, appsecret } = credential;
		this.#credential = credential;
		this.#tokens = tokens;
		this.#options = options;
		this.#limiter = limiterFor(credential);
		this.#sending = new Sending(this.#limiter);
		this.#guard = new SecretGuard([appkey, appsecret]);
		// Every connection listens to it.
		setMaxListeners(0, this.#exchanging.signal);
	}

	async revokeAll(): Promise<Revocation[]> {
		const tokens = this.#tokens;
		const { cancel, requestsPerSecond } = this.#options;
		// Before anything is waited for: a limiter that nobody takes part in may be forgotten.
		this.#limiter.join(this, requestsPerSecond, () => this.#queued);
		const onCancel = () => {
			this.#sending.stop({ because: 'cancelled' });
			this.#exchanging.abort();
		};
		cancel.addEventListener('abort', onCancel);
		if (cancel.aborted) onCancel();
		try {
			for (const token of tokens) {
				while (turnIsOver()) await nextTurn();
				this.#distinct.set(token.value, token);
			}
			this.#queue = this.#distinct.values();
			this.#queued = this.#distinct.size;
			// Alone until something is heard, so that a bad key pair costs one call.
			this.#workers.start(this.#work());
			await Promise.race([this.#heard.promise, this.#workers.done]);
			this.#isAlone = false;
			this.#openByNeed();
			await this.#workers.done;
		} finally {
			this.#limiter.leave(this);
			cancel.removeEventListener('abort', onCancel);
		}
		// Every distinct token has had its turn.
		return await mapInTurns(tokens, ({ value }) => this.#revocations.get(value) as Revocation);
	}

	/** Revokes one token after the other over a connection of its own, until none is left. */
	async #work(): Promise<void> {
		const url = endpointOf(this.#credential.baseUrl, REVOKE_PATH);
		const connection = new Connection({ ...this.#options, url });
		try {
			for (const token of this.#queue) {
				this.#queued--;
				// Where nothing more is sent, nothing else is waited for.
				while (turnIsOver()) await nextTurn();
				const revocation = await this.#revokeOne(token, connection);
				this.#revocations.set(token.value, revocation);
				this.#heard.resolve();
				this.#options.onResult?.(revocation, this.#distinct.size);
			}
		} finally {
			await connection.close();
		}
	}

	/** Starts another worker if tokens are left, none of the others waits for the limit or a question, and there may be more. */
	#openByNeed(): void {
		const { maxConcurrent, shortestAnswerTime } = this.#limiter;
		const underWay = Math.ceil((MOST_REQUESTS_PER_SECOND * shortestAnswerTime) / 1000);
		const most = Math.min(
			MAX_CONNECTIONS,
			maxConcurrent,
			CONNECTIONS_AT_FIRST + this.#revocations.size,
			// Where some have to try again, others may have to: no more than a few.
			this.#retrying > 0 ? FEW_CONNECTIONS : Math.max(FEW_CONNECTIONS, underWay),
		);
		const isNeeded = !this.#isAlone && this.#waiting === 0 && this.#queued > 0;
		if (isNeeded && this.#workers.running < most) this.#workers.start(this.#work());
	}

	async #revokeOne(token: AccessToken, connection: Connection): Promise<Revocation> {
		const { maxRetries, execution } = this.#options;
		const standing = executionMemory.recall(execution, token, this.#credential);
		const before = standing?.outcome ?? null;
		const attempts: Attempt[] = [];
		if (standing?.decisive.verdict === 'unprovenConfirmation') {
			// Sent again, it would get the same answer, which proves nothing.
			const { decisive } = standing;
			return { outcome: 'unknown', attempts, decisive, asked: null, before, stoppedBy: null };
		}
		let outcome = before ?? 'notSent';
		let retries = 0;
		let freeRepeat = true;
		for (;;) {
			const sent = await this.#send(token, connection);
			if (!sent) break;
			const { exchange, attempt } = sent;
			attempts.push(attempt);
			if (attempt.httpStatus !== null) this.#heard.resolve();
			this.#sending.learn(attempt);
			outcome = this.#weigh(attempts, token, before);
			if (meansDead(outcome)) break;

			// KIS sometimes drops idle connections; the repeat goes over a new one.
			if (freeRepeat && exchange.kind === 'unanswered' && exchange.onStaleConnection) {
				freeRepeat = false;
				continue;
			}
			const waitMs = waitBeforeRetry(attempts, retries, maxRetries);
			if (waitMs === null) {
				this.#sending.noteUnreachable(attempts);
				break;
			}
			this.#retrying++;
			const goesOn = await wait(waitMs, this.#sending.signal);
			this.#retrying--;
			if (!goesOn) break;
			retries++;
		}
		const asked = outcome === 'unknown' ? await this.#ask(token) : null;
		const foundDead = asked?.liveness === 'invalid' ? asked.attempt : null;
		if (foundDead) outcome = outcomeOfDead(foundDead.verdict, hasExpired(token, Date.now()));
		this.#sending.noteFinished(meansDead(outcome), attempts);
		const found = before === 'revoked' ? null : decisiveAmong(attempts, outcome);
		const decisive = foundDead ?? found ?? standing?.decisive ?? null;
		const now = decisive && { outcome, decisive };
		if (now) executionMemory.remember(execution, token, this.#credential, now);
		if (meansDead(outcome)) deadTokens.add(token, this.#credential);
		return { outcome, attempts, decisive, asked, before, stoppedBy: this.#sending.stoppedBy };
	}

	/** `null` if sending has ended. */
	async #send(token: AccessToken, connection: Connection): Promise<Sent<Attempt> | null> {
		const { appkey, appsecret } = this.#credential;
		const body = revokeBody(appkey, appsecret, token);
		this.#waiting++;
		return await sendPermitted(
			this.#limiter,
			this.#sending.signal,
			async (onWriting) => {
				this.#waiting--;
				this.#openByNeed();
				return await connection.post(body, this.#exchanging.signal, onWriting);
			},
			(exchange) => this.#read(exchange, token),
		);
	}

	#read(exchange: Exchange, token: AccessToken): Attempt {
		const { value, claims } = token;
		// A token names the app key of its owner, who may be another.
		const guard = this.#guard.and(value, claims?.appkey ?? '');
		const attempt = checkConfirmation(
			readRevocation(exchange, guard),
			token,
			this.#credential.appkey,
		);
		if (!this.#lastRead || !isDeepStrictEqual(attempt, this.#lastRead)) this.#lastRead = attempt;
		return this.#lastRead;
	}

	#weigh(
		attempts: readonly Attempt[],
		token: AccessToken,
		before: RevokeOutcome | null,
	): RevokeOutcome {
		return outcomeOf(
			attempts.map(({ verdict }) => verdict),
			{
				whole: isWholeTokenOf(this.#credential.appkey, token),
				expired: hasExpired(token, Date.now()),
				// Another execution may be revoking it at this moment.
				knownDead: deadTokens.has(token, this.#credential),
			},
			before ?? undefined,
		);
	}

	/**
	 * Asks whether a token is alive that its attempts have left open.
	 *
	 * @returns `null` where KIS is not asked, because its answer could prove nothing, because sending has ended, or because
	 * the question could not be written; and where the end of sending has broken it off.
	 */
	async #ask(token: AccessToken): Promise<LivenessAnswer | null> {
		const isProvable = isWholeTokenOf(this.#credential.appkey, token);
		if (this.#sending.stoppedBy || !this.#options.askBeforeUnknown || !isProvable) return null;
		const cancel = this.#sending.signal;
		this.#waiting++;
		const answer = await askIfAlive(this.#credential, token, { ...this.#options, cancel });
		this.#waiting--;
		const { liveness, attempt, askedAt } = answer;
		if (askedAt === null || (cancel.aborted && liveness === 'undecided')) return null;
		// Not all of it: a credential that is refused for quotes may still revoke.
		if (attempt) this.#sending.learnPace(attempt);
		return answer;
	}
}
