import { setMaxListeners } from 'node:events';

import { hasExpired, isIssuedTo, type AccessToken } from '../accessToken';
import { requestEndOf, type Attempt } from '../attempt';
import { endpointOf } from '../baseUrl';
import type { KisCredential } from '../credential';
import { lookUpCode } from '../errorCodes';
import { Connection } from '../http/connection';
import type { EgressRules } from '../http/egress';
import { isSameAnswer, type Exchange } from '../http/exchange';
import { limiterOf, type RateLimiter } from '../rateLimit/rateLimiter';
import { isPermanent, wait, waitBeforeRetry } from '../retry';
import { SecretGuard } from '../secretGuard';
import { decisiveAmong, weigh, type Outcome } from './outcome';
import { readRevocation, revokeBody, REVOKE_PATH } from './revocation';
import { deferred, TaskGroup } from './taskGroup';
import { scopeOf, tokenMemory, type Scope } from './tokenMemory';

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
	| { readonly because: 'credentialRefused' | 'hostUnreachable'; readonly seen: Attempt };

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
	readonly #scope: Scope;
	/** Aborted when nothing more is to be sent; what is under way may still be answered. */
	readonly #sending = new AbortController();
	/** Aborted when what is under way is to be broken off, too. */
	readonly #exchanging = new AbortController();
	#ended: EndOfSending | null = null;
	#unwrittenInARow = 0;
	/**
	 * Most answers are the same as the one before: they share what was read of it, which saves time and memory. Within
	 * this run only: an attempt of an earlier try has to be told apart.
	 */
	#lastRead: { readonly exchange: Exchange; readonly attempt: Attempt } | null = null;
	/** Something was heard of KIS, or the first token has ended otherwise. */
	readonly #heard = deferred();
	#isAlone = true;
	/** By value, so that each is there once. */
	readonly #distinct: ReadonlyMap<string, AccessToken>;
	/** All connections take from the one iterator. */
	readonly #queue: Iterable<AccessToken>;
	#queued: number;
	readonly #revocations = new Map<string, Revocation>();
	/** One for each connection. */
	readonly #workers = new TaskGroup();
	/** Workers that wait for the limiter. */
	#waiting = 0;

	constructor(credential: KisCredential, tokens: readonly AccessToken[], options: RevokeOptions) {
		const { appkey, appsecret } = credential;
		this.#credential = credential;
		this.#scope = scopeOf(options.execution, credential);
		this.#tokens = tokens;
		this.#distinct = new Map(tokens.map((token) => [token.value, token]));
		this.#queue = this.#distinct.values();
		this.#queued = this.#distinct.size;
		this.#options = options;
		this.#limiter = limiterOf(appkey);
		// Every connection listens to them.
		setMaxListeners(0, this.#sending.signal, this.#exchanging.signal);
		// A token names the app key of its owner, who may be another.
		const ofTokens = tokens.flatMap(({ value, claims }) => [value, claims?.appkey ?? '']);
		this.#guard = new SecretGuard([...new Set([appkey, appsecret, ...ofTokens])]);
	}

	async revokeAll(): Promise<Revocation[]> {
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
		return this.#tokens.map(({ value }) => this.#revocations.get(value) as Revocation);
	}

	/** Revokes one token after the other over a connection of its own, until none is left. */
	async #work(): Promise<void> {
		const url = endpointOf(this.#credential.baseUrl, REVOKE_PATH);
		const connection = new Connection({ ...this.#options, url });
		try {
			for (const token of this.#queue) {
				this.#queued--;
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
		const { maxRetries } = this.#options;
		const { standing } = tokenMemory.recall(token, this.#scope);
		const before = standing?.outcome ?? null;
		const attempts: Attempt[] = [];
		let outcome = before ?? 'notSent';
		let retries = 0;
		let freeRepeat = true;
		for (;;) {
			const exchange = await this.#send(token, connection);
			if (!exchange) break;
			const attempt = this.#read(exchange);
			attempts.push(attempt);
			this.#learn(attempt);
			outcome = this.#weigh(attempts, token, before);
			if (outcome === 'revoked' || outcome === 'alreadyInvalid') break;

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
		const decisive = decisiveAmong(attempts, outcome) ?? standing?.decisive ?? null;
		// What this execution has revoked itself stays so, however often it finds it invalid later.
		const now = standing?.outcome === 'revoked' ? standing : decisive && { outcome, decisive };
		if (now) tokenMemory.remember(token, this.#scope, now);
		return { outcome, attempts, decisive, before, ended: this.#ended };
	}

	/** `null` if sending has ended. */
	async #send(token: AccessToken, connection: Connection): Promise<Exchange | null> {
		this.#waiting++;
		const place = await this.#limiter.acquire(this.#sending.signal);
		this.#waiting--;
		if (!place) return null;
		this.#openByNeed();
		const { appkey, appsecret } = this.#credential;
		const body = revokeBody(appkey, appsecret, token);
		const exchange = await connection.post(body, this.#exchanging.signal, () => place.sent());
		place.release(requestEndOf(exchange, this.#read(exchange).refusalCode));
		return exchange;
	}

	#read(exchange: Exchange): Attempt {
		if (!this.#lastRead || !isSameAnswer(exchange, this.#lastRead.exchange)) {
			this.#lastRead = { exchange, attempt: readRevocation(exchange, this.#guard) };
		}
		return this.#lastRead.attempt;
	}

	#weigh(attempts: readonly Attempt[], token: AccessToken, before: Outcome | null): Outcome {
		const isOwn = isIssuedTo(token, this.#credential.appkey) === true;
		return weigh(
			attempts.map(({ verdict }) => verdict),
			{
				whole: isOwn && token.claims?.complete === true,
				expired: hasExpired(token, Date.now()),
				// Another execution may be revoking it at this moment.
				revokedBefore: tokenMemory.recall(token, this.#scope).revoked,
			},
			before ?? undefined,
		);
	}

	/** What an attempt on one token says about the others. */
	#learn(attempt: Attempt): void {
		if (attempt.httpStatus !== null) this.#heard.resolve();
		this.#unwrittenInARow = attempt.verdict === 'unwritten' ? this.#unwrittenInARow + 1 : 0;
		if (isPermanent(attempt)) this.#endSending({ because: 'hostUnreachable', seen: attempt });
		if (attempt.refusalCode === null) return;
		const { refusesCredential } = lookUpCode(attempt.refusalCode);
		if (refusesCredential) this.#endSending({ because: 'credentialRefused', seen: attempt });
	}

	/** A token has used up its attempts. If none of anyone's was written for a while, the host is not there. */
	#giveUp(attempts: readonly Attempt[]): void {
		const neverWritten = attempts.every(({ verdict }) => verdict === 'unwritten');
		if (neverWritten && this.#unwrittenInARow >= UNREACHABLE_ATTEMPTS) {
			const seen = attempts[attempts.length - 1];
			this.#endSending({ because: 'hostUnreachable', seen });
		}
	}

	#endSending(end: EndOfSending): void {
		this.#ended ??= end;
		this.#sending.abort();
	}
}
