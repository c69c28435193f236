import { isDeepStrictEqual } from 'node:util';

import { hasExpired, isIssuedTo, type AccessToken } from '../accessToken';
import type { Attempt } from '../attempt';
import { endpointOf } from '../baseUrl';
import type { KisCredential } from '../credential';
import { lookUpCode } from '../errorCodes';
import { Connection } from '../http/connection';
import type { EgressRules } from '../http/egress';
import type { Exchange } from '../http/exchange';
import { limiterOf, type RateLimiter } from '../rateLimiter';
import { isPermanent, wait, waitBeforeRetry } from '../retry';
import { SecretGuard } from '../secretGuard';
import { mapInTurns, nextTurn, turnIsOver } from '../turns';
import { decisiveAmong, weigh, type Outcome } from './outcome';
import { readRevocation, revokeBody, REVOKE_PATH } from './revocation';
import { scopeOf, tokenMemory, type Scope } from './tokenMemory';

/** How many tokens are under way at once, each on a connection of its own. */
const MAX_CONNECTIONS = 8;
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
	#ended: EndOfSending | null = null;
	#unwrittenInARow = 0;
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
		this.#scope = scopeOf(options.execution, credential);
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
			const attempt = this.#read(exchange, token);
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
		const { refusesCredential, retry } = lookUpCode(attempt.refusalCode);
		if (refusesCredential) this.#endSending({ because: 'credentialRefused', seen: attempt });
		if (retry?.holdsEveryone) this.#limiter.hold(retry.afterMs ?? 0);
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

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
	let resolve = () => {};
	const promise = new Promise<void>((settle) => {
		resolve = settle;
	});
	return { promise, resolve };
}
