import { setMaxListeners } from 'node:events';
import { isDeepStrictEqual } from 'node:util';

import { hasExpired, isWholeTokenOf, type AccessToken } from '../accessToken';
import type { Attempt } from '../attempt';
import { endpointOf } from '../baseUrl';
import type { KisCredential } from '../credential';
import { deadTokens } from '../deadTokens';
import { Connection } from '../http/connection';
import type { EgressRules } from '../http/egress';
import type { Exchange } from '../http/exchange';
import { limiterFor, settlePlace } from '../pacedRequest';
import type { RateLimiter } from '../rateLimit/rateLimiter';
import { asksToComeBack, isPermanent, retryRuleOf, wait, waitBeforeRetry } from '../retry';
import { SecretGuard } from '../secretGuard';
import { mapInTurns, nextTurn, turnIsOver } from '../turns';
import { executionMemory } from './executionMemory';
import { decisiveAmong, isDeadBy, weigh, type Outcome } from './outcome';
import { doubt, readRevocation, revokeBody, REVOKE_PATH } from './revocation';
import { deferred, TaskGroup } from './taskGroup';

/** Of a run. They carry 3,200 requests a second where answers take 20 ms: more than one n8n process sends. */
const MAX_CONNECTIONS = 64;
/** Opened where needed, however quick answers are: while one is read, others are made. */
const FEW_CONNECTIONS = 8;
/** The most at first, and one more for each token that is settled: the first answers may be slow for reasons of their own. */
const CONNECTIONS_AT_FIRST = 16;
/** What a run can send. By Little's law, this times an answer's seconds is how many are under way then. */
const MOST_REQUESTS_PER_SECOND = 2000;
/** So many attempts in a row that could not be written, over all tokens, before the host counts as staying unreachable. */
const UNREACHABLE_ATTEMPTS = 4;
/** So many tokens in a row that used up their attempts, and the same is taken to be in store for the others. */
const UNSETTLED_TOKENS = 8;
export interface RevokeOptions {
	/** How often an attempt may be repeated for each token, 0 or more. */
	readonly maxRetries: number;
	/** Never more in any second, together with all else in this process that uses the app key. */
	readonly requestsPerSecond: number;
	/** For each attempt, from connecting to the last byte, in milliseconds. */
	readonly timeoutMs: number;
	/** Ends everything at once; what has not been written by then never is. */
	readonly cancel: AbortSignal;
	/** The same for all calls of one execution, and for no other. */
	readonly execution: string;
	readonly egress?: EgressRules;
	/** Told of each distinct token as soon as it is settled, and how many of them there are. */
	readonly onSettled?: (revocation: Revocation, tokens: number) => void;
}

/** Why sending ended before every token had its turn. */
export type EndOfSending =
	| { readonly because: 'cancelled' }
	| {
			readonly because:
				| 'credentialRefused'
				| 'hostUnreachable'
				/** The app key is refused for the rate, and nothing else. */
				| 'rateRefused'
				/** The server wants no request for longer than anyone waits here. */
				| 'askedToComeBack'
				/** One token after the other used up its attempts. */
				| 'nothingSettled';
			readonly seen: Attempt;
	  };

/** What became of one token. */
export interface Revocation {
	readonly outcome: Outcome;
	/** Of this call, oldest first; empty where none was made. */
	readonly attempts: readonly Attempt[];
	/** The attempt that made it so; `null` where none was made. */
	readonly decisive: Attempt | null;
	/** Where earlier calls of this execution had left it; `null` where there were none. */
	readonly before: Outcome | null;
	/** Why there were no more attempts, where something else than this token ended them. */
	readonly ended: EndOfSending | null;
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
	/** Aborted when nothing more is to be sent; what is under way may still be answered. */
	readonly #sending = new AbortController();
	/** Aborted when what is under way is to be broken off, too. */
	readonly #exchanging = new AbortController();
	#ended: EndOfSending | null = null;
	#unwrittenInARow = 0;
	#unsettledInARow = 0;
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
	/** Workers that wait for the limiter. */
	#waiting = 0;

	constructor(credential: KisCredential, tokens: readonly AccessToken[], options: RevokeOptions) {
		const { appkey, appsecret } = credential;
		this.#credential = credential;
		this.#tokens = tokens;
		this.#options = options;
		this.#limiter = limiterFor(credential);
		this.#guard = new SecretGuard([appkey, appsecret]);
		// Every connection listens to them.
		setMaxListeners(0, this.#sending.signal, this.#exchanging.signal);
	}

	async revokeAll(): Promise<Revocation[]> {
		const tokens = this.#tokens;
		for (const token of tokens) {
			while (turnIsOver()) await nextTurn();
			this.#distinct.set(token.value, token);
		}
		this.#queue = this.#distinct.values();
		this.#queued = this.#distinct.size;

		const { cancel, requestsPerSecond } = this.#options;
		const onCancel = () => {
			this.#endSending({ because: 'cancelled' });
			this.#exchanging.abort();
		};
		cancel.addEventListener('abort', onCancel);
		if (cancel.aborted) onCancel();
		this.#limiter.join(this, requestsPerSecond, () => this.#queued);
		try {
			// Alone until something is heard, so that a bad key pair costs one call.
			this.#workers.start(this.#work());
			await Promise.race([this.#heard.promise, this.#workers.ended]);
			this.#isAlone = false;
			this.#openByNeed();
			await this.#workers.ended;
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
				this.#options.onSettled?.(revocation, this.#distinct.size);
			}
		} finally {
			await connection.close();
		}
	}

	/** Starts another worker if tokens are left, all workers are busy, none of them with waiting for the limit, and there may be more. */
	#openByNeed(): void {
		const { places, shortestAnswerTime } = this.#limiter;
		const underWay = Math.ceil((MOST_REQUESTS_PER_SECOND * shortestAnswerTime) / 1000);
		const most = Math.min(
			MAX_CONNECTIONS,
			places,
			CONNECTIONS_AT_FIRST + this.#revocations.size,
			Math.max(FEW_CONNECTIONS, underWay),
		);
		const isNeeded = !this.#isAlone && this.#waiting === 0 && this.#queued > 0;
		if (isNeeded && this.#workers.running < most) this.#workers.start(this.#work());
	}

	async #revokeOne(token: AccessToken, connection: Connection): Promise<Revocation> {
		const { maxRetries, execution } = this.#options;
		const standing = executionMemory.recall(execution, token, this.#credential);
		const before = standing?.outcome ?? null;
		const attempts: Attempt[] = [];
		if (standing?.decisive.verdict === 'doubtfulConfirmation') {
			// Sent again, it would get the same answer, which proves nothing.
			return { outcome: 'unknown', attempts, decisive: standing.decisive, before, ended: null };
		}
		let outcome = before ?? 'notSent';
		let retries = 0;
		let freeRepeat = true;
		for (;;) {
			const sent = await this.#send(token, connection);
			if (!sent) break;
			const { exchange, attempt } = sent;
			attempts.push(attempt);
			this.#learn(attempt);
			outcome = this.#weigh(attempts, token, before);
			if (isDeadBy(outcome)) {
				this.#unsettledInARow = 0;
				break;
			}

			// KIS sometimes drops idle connections; the repeat goes over a new one.
			if (freeRepeat && exchange.ended === 'unanswered' && exchange.onStaleConnection) {
				freeRepeat = false;
				continue;
			}
			const waitMs = waitBeforeRetry(attempts, retries, maxRetries);
			if (waitMs === null) {
				this.#giveUp(attempts);
				break;
			}
			if (!(await wait(waitMs, this.#sending.signal))) break;
			retries++;
		}
		const found = before === 'revoked' ? null : decisiveAmong(attempts, outcome);
		const decisive = found ?? standing?.decisive ?? null;
		const now = decisive && { outcome, decisive };
		if (now) executionMemory.remember(execution, token, this.#credential, now);
		if (isDeadBy(outcome)) deadTokens.add(token, this.#credential);
		return { outcome, attempts, decisive, before, ended: this.#ended };
	}

	/** `null` if sending has ended. */
	async #send(
		token: AccessToken,
		connection: Connection,
	): Promise<{ readonly exchange: Exchange; readonly attempt: Attempt } | null> {
		this.#waiting++;
		const place = await this.#limiter.acquire(this.#sending.signal);
		this.#waiting--;
		if (!place) return null;
		this.#openByNeed();
		const { appkey, appsecret } = this.#credential;
		const body = revokeBody(appkey, appsecret, token);
		const exchange = await connection.post(body, this.#exchanging.signal, () => place.sent());
		const attempt = this.#read(exchange, token);
		settlePlace(this.#limiter, place, attempt);
		return { exchange, attempt };
	}

	#read(exchange: Exchange, token: AccessToken): Attempt {
		const { value, claims } = token;
		// A token names the app key of its owner, who may be another.
		const guard = this.#guard.and(value, claims?.appkey ?? '');
		const attempt = doubt(readRevocation(exchange, guard), token, this.#credential.appkey);
		if (!this.#lastRead || !isDeepStrictEqual(attempt, this.#lastRead)) this.#lastRead = attempt;
		return this.#lastRead;
	}

	#weigh(attempts: readonly Attempt[], token: AccessToken, before: Outcome | null): Outcome {
		return weigh(
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

	/** What an attempt on one token says about the others. */
	#learn(attempt: Attempt): void {
		if (attempt.httpStatus !== null) this.#heard.resolve();
		this.#unwrittenInARow = attempt.verdict === 'unwritten' ? this.#unwrittenInARow + 1 : 0;
		if (isPermanent(attempt)) this.#endSending({ because: 'hostUnreachable', seen: attempt });
		if (attempt.rule?.refusesCredential) {
			this.#endSending({ because: 'credentialRefused', seen: attempt });
		}
		if (asksToComeBack(attempt)) this.#endSending({ because: 'askedToComeBack', seen: attempt });
		if (attempt.rule?.retry?.slowsEveryone && this.#limiter.isRefusedThroughout) {
			this.#endSending({ because: 'rateRefused', seen: attempt });
		}
	}

	/** A token has had its attempts. Where nothing settles one token after the other, it would settle no further one. */
	#giveUp(attempts: readonly Attempt[]): void {
		const seen = attempts[attempts.length - 1];
		const neverWritten = attempts.every(({ verdict }) => verdict === 'unwritten');
		if (neverWritten && this.#unwrittenInARow >= UNREACHABLE_ATTEMPTS) {
			this.#endSending({ because: 'hostUnreachable', seen });
		}
		const retry = retryRuleOf(seen);
		// Refusals for the rate have an end of their own.
		if (retry?.slowsEveryone) return;
		this.#unsettledInARow = retry ? this.#unsettledInARow + 1 : 0;
		if (this.#unsettledInARow >= UNSETTLED_TOKENS) {
			this.#endSending({ because: 'nothingSettled', seen });
		}
	}

	#endSending(end: EndOfSending): void {
		this.#ended ??= end;
		this.#sending.abort();
	}
}
