import type { Connection } from '../http/connection';
import { isWholeTokenOf, secretsOf, type AccessToken } from '../input/accessToken';
import type { KisCredential } from '../input/credential';
import { askIfAlive } from '../liveness/askIfAlive';
import { deadTokens } from '../memory/deadTokens';
import { revokeHistory } from '../memory/revokeHistory';
import { sendPermitted, type SendingOptions, type Sent } from '../rateLimit/pacedRequest';
import type { RateLimiter } from '../rateLimit/rateLimiter';
import type { Attempt } from '../reply/attempt';
import type { ParsedExchange } from '../reply/reply';
import { waitBeforeRetry } from '../reply/retry';
import {
	decisiveAmong,
	meansDead,
	outcomeOf,
	outcomeOfInvalid,
	type RevokeOutcome,
} from '../reply/revokeOutcome';
import { expiryAt } from '../reply/serverClock';
import { SecretGuard } from '../secrets/secretGuard';
import { wait } from '../waiting';
import type { BatchStop } from './batchStop';
import {
	checkConfirmation,
	readRevocation,
	revokeBody,
	type Asked,
	type Revocation,
} from './revocation';
import type { Senders } from './senders';

/** `cancel` ends everything immediately: what has not been written by then never is. */
export interface RevokeOptions extends SendingOptions {
	/** How often an attempt may be repeated for each token, 0 or more. */
	readonly maxRetries: number;
	/**
	 * Whether to ask KIS for a quote with a token that is still `unknown` after its attempts. Only a whole token of this app
	 * key is asked about: for any other, the answer would prove nothing.
	 */
	readonly askBeforeUnknown: boolean;
	/** Names the n8n execution: all its calls go on from where the ones before left each token. */
	readonly executionId: string;
	/** Called with each distinct token's result as soon as it is there, and with how many there will be. */
	readonly onResult?: (revocation: Revocation, tokens: number) => void;
}

/** What the tokens of one batch share. */
export interface Batch {
	readonly credential: KisCredential;
	readonly options: RevokeOptions;
	readonly limiter: RateLimiter;
	readonly batchStop: BatchStop;
	readonly senders: Senders;
}

/** Revokes the tokens of one batch, each by itself. */
export class Revoker {
	readonly #batch: Batch;
	readonly #guard: SecretGuard;
	/**
	 * Most attempts end like the one before, and share its object to save memory. Within a batch only: attempts of an earlier
	 * try must stay distinct.
	 */
	#lastRead: Attempt | null = null;

	constructor(batch: Batch) {
		const { appkey, appsecret } = batch.credential;
		this.#batch = batch;
		this.#guard = new SecretGuard([appkey, appsecret]);
	}

	/** Revokes one token. Goes on from where the execution left it, and remembers the outcome. */
	async revoke(token: AccessToken, connection: Connection): Promise<Revocation> {
		const { credential, options, batchStop } = this.#batch;
		const standing = revokeHistory.recall(options.executionId, token, credential);
		const before = standing?.outcome ?? null;
		const attempts: Attempt[] = [];
		if (standing?.decisive.verdict === 'unprovenConfirmation') {
			// KIS would answer the same again, which proves nothing.
			const { decisive } = standing;
			return { outcome: 'unknown', attempts, decisive, asked: null, before, stoppedBy: null };
		}
		let outcome = await this.#attempt(token, connection, before, attempts);
		const asked = outcome === 'unknown' ? await this.#ask(token) : null;
		const invalid = asked?.liveness === 'invalid' ? asked.attempt : null;
		if (invalid) outcome = outcomeOfInvalid(invalid.verdict, expiryAt(token, [invalid]));
		const foundDead = meansDead(outcome) ? invalid : null;
		batchStop.noteFinished(meansDead(outcome), attempts);
		const found = before === 'revoked' ? null : decisiveAmong(attempts, outcome);
		const decisive = foundDead ?? found ?? standing?.decisive ?? null;
		if (decisive) {
			revokeHistory.remember(options.executionId, token, credential, { outcome, decisive });
		}
		if (meansDead(outcome)) deadTokens.add(token, credential);
		return { outcome, attempts, decisive, asked, before, stoppedBy: batchStop.stoppedBy };
	}

	/**
	 * Sends the token until it is dead, may not be sent again, or sending stops.
	 *
	 * @param attempts Takes each attempt.
	 */
	async #attempt(
		token: AccessToken,
		connection: Connection,
		before: RevokeOutcome | null,
		attempts: Attempt[],
	): Promise<RevokeOutcome> {
		const { options, batchStop, senders } = this.#batch;
		let outcome = before ?? 'notSent';
		let retries = 0;
		let freeRepeat = true;
		for (;;) {
			const sent = await this.#send(token, connection);
			if (!sent) return outcome;
			const { exchange, attempt } = sent;
			attempts.push(attempt);
			batchStop.learn(attempt);
			if (attempt.httpStatus !== null) senders.noteHeard();
			outcome = this.#outcomeOf(attempts, token, before);
			if (meansDead(outcome)) return outcome;

			// KIS sometimes drops idle connections; the repeat goes over a new one.
			if (freeRepeat && exchange.kind === 'unanswered' && exchange.onStaleConnection) {
				freeRepeat = false;
				continue;
			}
			const waitMs = waitBeforeRetry(attempts, retries, options.maxRetries);
			if (waitMs === null) {
				batchStop.noteExhausted(attempts);
				return outcome;
			}
			if (!(await senders.whileRetrying(wait(waitMs, batchStop.signal)))) return outcome;
			retries++;
		}
	}

	/** @returns `null` if sending has stopped. */
	async #send(token: AccessToken, connection: Connection): Promise<Sent<Attempt> | null> {
		const { credential, options, limiter, batchStop, senders } = this.#batch;
		const permit = await senders.whileWaiting(limiter.acquire(batchStop.signal));
		if (!permit) return null;
		const body = revokeBody(credential.appkey, credential.appsecret, token);
		return await sendPermitted(
			limiter,
			permit,
			async (onWriting) => {
				senders.startIfNeeded();
				return await connection.post(body, options.cancel, onWriting);
			},
			(parsed) => this.#read(parsed, token),
		);
	}

	#read(parsed: ParsedExchange, token: AccessToken): Attempt {
		const { appkey } = this.#batch.credential;
		const guard = this.#guard.and(...secretsOf(token));
		const attempt = checkConfirmation(readRevocation(parsed, guard), token, appkey);
		if (!this.#lastRead || !areAlike(attempt, this.#lastRead)) this.#lastRead = attempt;
		return this.#lastRead;
	}

	#outcomeOf(
		attempts: readonly Attempt[],
		token: AccessToken,
		before: RevokeOutcome | null,
	): RevokeOutcome {
		const { credential } = this.#batch;
		const verdicts = attempts.map(({ verdict }) => verdict);
		const facts = {
			whole: isWholeTokenOf(token, credential.appkey),
			expired: expiryAt(token, attempts),
			// Looked up anew each time: another execution may be revoking it at this moment.
			knownDead: deadTokens.has(token, credential),
		};
		return outcomeOf(verdicts, facts, before ?? undefined);
	}

	/**
	 * Asks KIS whether a token is alive that is `unknown` after its attempts.
	 *
	 * @returns `null` if the answer could prove nothing, if sending has stopped, if the question could not be written, or
	 * if the end of sending broke it off.
	 */
	async #ask(token: AccessToken): Promise<Asked | null> {
		const { credential, options, batchStop, senders } = this.#batch;
		const isProvable = isWholeTokenOf(token, credential.appkey);
		if (batchStop.stoppedBy || !options.askBeforeUnknown || !isProvable) return null;
		const cancel = batchStop.signal;
		const answer = await senders.whileWaiting(
			askIfAlive(credential, token, { ...options, cancel }),
		);
		if (!answer) return null;
		const { liveness, attempt, askedAt } = answer;
		if (askedAt === null || (cancel.aborted && liveness === 'undecided')) return null;
		// Only what it says about the pace: a credential that is refused for quotes may still revoke.
		batchStop.stopIfPaceRefused(attempt);
		return { liveness, attempt, askedAt };
	}
}

/** Returns whether two attempts say the same. Those with a pause do not: each pause has its own end. */
function areAlike(one: Attempt, other: Attempt): boolean {
	const keys = Object.keys(one) as Array<keyof Attempt>;
	return keys.every((key) => one[key] === other[key]);
}
