import { isDeepStrictEqual } from 'node:util';

import { hasExpired, isWholeTokenOf, type AccessToken } from '../accessToken';
import type { Attempt } from '../attempt';
import { endpointOf } from '../baseUrl';
import type { KisCredential } from '../credential';
import { deadTokens } from '../deadTokens';
import { Connection } from '../http/connection';
import type { EgressRules } from '../http/egress';
import type { Exchange } from '../http/exchange';
import { limiterOf, type RateLimiter } from '../rateLimiter';
import {
	asksToComeBack,
	isPermanent,
	retryAfterMs,
	retryRuleOf,
	wait,
	waitBeforeRetry,
} from '../retry';
import { SecretGuard } from '../secretGuard';
import { mapInTurns, nextTurn, turnIsOver } from '../turns';
import { executionMemory } from './executionMemory';
import { decisiveAmong, isDeadBy, weigh, type Outcome } from './outcome';
import { doubt, readRevocation, revokeBody, REVOKE_PATH } from './revocation';

/** How many tokens are under way at once, each on a connection of its own. */
const MAX_CONNECTIONS = 8;
/** So many attempts in a row that could not be written, over all tokens, before the host counts as staying unreachable. */
const UNREACHABLE_ATTEMPTS = 4;
/** So many tokens in a row that used up their attempts, and the same is taken to be in store for the others. */
const UNSETTLED_TOKENS = 8;
/** A key that gets nothing through for so long, and is refused so often for the rate, gets nothing through later. */
const RATE_PATIENCE_MS = 10_000;
const MIN_RATE_REFUSALS = 4;

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
	#ended: EndOfSending | null = null;
	#unwrittenInARow = 0;
	#unsettledInARow = 0;
	/** Refusals for the rate since a request was let through, and the time of the first on the monotonic clock. */
	#rateRefusals = { count: 0, since: 0 };
	/**
	 * Most attempts end as the one before: they share what was read of it, which saves memory. Within this run only: an
	 * attempt of an earlier try has to be told apart.
	 */
	#lastRead: Attempt | null = null;
	/** Something was heard of KIS, or the first token has ended otherwise. */
	readonly #heard = deferred();

	constructor(credential: KisCredential, tokens: readonly AccessToken[], options: RevokeOptions) {
		const { appkey, appsecret } = credential;
		this.#credential = credential;
		this.#tokens = tokens;
		this.#options = options;
		this.#limiter = limiterOf(appkey);
		this.#guard = new SecretGuard([appkey, appsecret]);
	}

	async revokeAll(): Promise<Revocation[]> {
		const tokens = this.#tokens;
		const distinct = new Map<string, AccessToken>();
		for (const token of tokens) {
			while (turnIsOver()) await nextTurn();
			distinct.set(token.value, token);
		}
		const revocations = new Map<string, Revocation>();
		const queue = distinct.values();
		const url = endpointOf(this.#credential.baseUrl, REVOKE_PATH);
		const work = async () => {
			const connection = new Connection({ ...this.#options, url });
			try {
				// All connections take from the one iterator.
				for (const token of queue) {
					// Where nothing more is sent, nothing else is waited for.
					while (turnIsOver()) await nextTurn();
					const revocation = await this.#revokeOne(token, connection);
					revocations.set(token.value, revocation);
					this.#heard.resolve();
					this.#options.onSettled?.(revocation, distinct.size);
				}
			} finally {
				await connection.close();
			}
		};

		const { cancel, requestsPerSecond } = this.#options;
		const onCancel = () => this.#endSending({ because: 'cancelled' });
		cancel.addEventListener('abort', onCancel);
		if (cancel.aborted) onCancel();
		this.#limiter.join(this, requestsPerSecond);
		try {
			// Alone until something is heard, so that a bad key pair costs one call.
			const first = work();
			await Promise.race([this.#heard.promise, first]);
			const others = Math.min(MAX_CONNECTIONS, distinct.size) - 1;
			await Promise.all([first, ...Array.from({ length: others }, work)]);
		} finally {
			this.#limiter.leave(this);
			cancel.removeEventListener('abort', onCancel);
		}
		// Every distinct token has had its turn.
		return await mapInTurns(tokens, ({ value }) => revocations.get(value) as Revocation);
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
			const exchange = await this.#send(token, connection);
			if (!exchange) break;
			const attempt = doubt(this.#read(exchange, token), token, this.#credential.appkey);
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
	async #send(token: AccessToken, connection: Connection): Promise<Exchange | null> {
		const slot = await this.#limiter.acquire(this.#sending.signal);
		if (!slot) return null;
		let exchange: Exchange | undefined;
		try {
			const { appkey, appsecret } = this.#credential;
			const body = revokeBody(appkey, appsecret, token);
			exchange = await connection.post(body, this.#options.cancel);
			return exchange;
		} finally {
			slot.release(exchange?.ended === 'unanswered');
		}
	}

	#read(exchange: Exchange, { value, claims }: AccessToken): Attempt {
		// A token names the app key of its owner, who may be another.
		const guard = this.#guard.and(value, claims?.appkey ?? '');
		const attempt = readRevocation(exchange, guard);
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
		else if (attempt.retryAt !== null) this.#limiter.hold(retryAfterMs(attempt));
		this.#learnRate(attempt);
	}

	#learnRate(attempt: Attempt): void {
		const retry = attempt.rule?.retry;
		if (retry?.holdsEveryone) {
			const now = performance.now();
			const { count, since } = this.#rateRefusals;
			this.#rateRefusals = { count: count + 1, since: count === 0 ? now : since };
			this.#limiter.hold(retry.afterMs ?? 0);
			if (count + 1 >= MIN_RATE_REFUSALS && now - since >= RATE_PATIENCE_MS) {
				this.#endSending({ because: 'rateRefused', seen: attempt });
			}
		} else if (attempt.verdict !== 'noVerdict' && attempt.verdict !== 'unwritten') {
			this.#rateRefusals = { count: 0, since: 0 };
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
		if (retry?.holdsEveryone) return;
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

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
	let resolve = () => {};
	const promise = new Promise<void>((settle) => {
		resolve = settle;
	});
	return { promise, resolve };
}
