import { endpointOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import { ISSUE_INTERVAL_MS } from '../input/environments';
import { isBeingRevoked, isRevokeOpen } from '../memory/revokeMarks';
import { learnFromOthers } from '../memory/sharedMarks';
import { sendPaced, type SendingOptions } from '../rateLimit/pacedRequest';
import type { ParsedExchange } from '../reply/reply';
import { asksToComeBack, waitBeforeRetry } from '../reply/retry';
import { quotedParts, SecretGuard } from '../secrets/secretGuard';
import { wait } from '../waiting';
import { ISSUE_PATH, issueBody, readIssue, type Grant, type IssueAttempt } from './grant';
import { flawOf, isLimited, notIssued, type Issuance, type Issued } from './issuance';
import { historyKeyOf, issueHistoryOf } from './issueHistory';
import { SharedCall } from './sharedCall';

export interface IssueOptions extends SendingOptions {
	/** How often to repeat a request that KIS did not process, 0 or more. */
	readonly maxRetries: number;
	/** Whether to wait 61 seconds and ask once more if KIS's minute is not over, or its answer was lost. */
	readonly waitWhenLimited: boolean;
	/** Stands for the n8n execution. What it was given is remembered as long as this object lives. */
	readonly execution: object;
	/** Further tokens that the caller knows, and the server may quote. */
	readonly knownTokens?: readonly string[];
}

/** Called before a request, once it is permitted to go out. Resolves to `false` if it must not be sent after all. */
export type BeforeSending = () => Promise<boolean>;

/** How a request for a token ended that may have been withdrawn. */
export interface Requested {
	readonly issuance: Issuance;
	/** Whether it ended because a request was withdrawn: what the caller knew before may have changed. */
	readonly isWithdrawn: boolean;
}

/**
 * Asks KIS for a token. An execution that was given one gets it again while it is good, and executions that ask
 * concurrently share a request. Never throws, and leaves no connection and no timer behind.
 */
export async function issueToken(
	credential: KisCredential,
	options: IssueOptions,
): Promise<Issuance> {
	return (await requestToken(credential, options)).issuance;
}

/**
 * Asks KIS for a token, and tells whether the request was withdrawn. Otherwise does the same as {@link issueToken}.
 *
 * @param beforeSending Called before each request that this caller starts. What it withdraws is withdrawn for all who share
 * the request. They are told so if they gave a `beforeSending`, too; the others ask KIS themselves.
 */
export async function requestToken(
	credential: KisCredential,
	options: IssueOptions,
	beforeSending?: BeforeSending,
): Promise<Requested> {
	const key = historyKeyOf(credential);
	const history = issueHistoryOf(options.execution);
	const before = history.issuances.get(key);
	if (before?.outcome === 'issued' && (await isStillGood(before.grant, credential))) {
		const again: Issued = { outcome: 'issued', grant: before.grant, attempts: [] };
		return { issuance: again, isWithdrawn: false };
	}
	const request = new TokenRequest(credential, options, key, beforeSending);
	const requested = await request.send(before, history.tokens);
	const { issuance } = requested;
	if ('grant' in issuance) history.tokens.add(issuance.grant.token.value);
	// An unusable token does not tell what became of an attempt whose answer was lost.
	const open = notIssued(issuance.attempts, before);
	const isOpen = issuance.outcome === 'unusable' && open.outcome === 'unknown';
	history.issuances.set(key, isOpen ? open : issuance);
	return requested;
}

/** Returns whether a token may be passed on once more without asking KIS. */
async function isStillGood(grant: Grant, credential: KisCredential): Promise<boolean> {
	await learnFromOthers(grant.token, credential);
	return flawOf(grant, credential) === null && !isRevokeOpen(grant.token, credential);
}

/** Returns all text of an answer that may be shown, without the token itself. */
function shownOf({ code, refusalCode, text, grant }: IssueAttempt): string {
	const fields = Object.entries(grant?.fields ?? {}).filter(([name]) => name !== 'access_token');
	return [code, refusalCode, text, ...fields.map(([, value]) => value)].join('\n');
}

/** The calls under way, by credential. */
const underWay = new Map<string, SharedCall>();

/** One caller's request for a token, with its retries. Each attempt may be shared with other callers. */
class TokenRequest {
	readonly #credential: KisCredential;
	readonly #options: IssueOptions;
	readonly #key: string;
	readonly #beforeSending: BeforeSending | undefined;
	#mayWait: boolean;
	#retries = 0;

	constructor(
		credential: KisCredential,
		options: IssueOptions,
		key: string,
		beforeSending: BeforeSending | undefined,
	) {
		this.#credential = credential;
		this.#options = options;
		this.#key = key;
		this.#beforeSending = beforeSending;
		this.#mayWait = options.waitWhenLimited;
	}

	/** @param given Tokens that the execution was given before, and the server may quote. */
	async send(before: Issuance | undefined, given: ReadonlySet<string>): Promise<Requested> {
		const { cancel } = this.#options;
		const { appkey, appsecret } = this.#credential;
		const guard = new SecretGuard([appkey, appsecret]).and(...given);
		const attempts: IssueAttempt[] = [];
		const withoutToken = (isWithdrawn: boolean) => ({
			issuance: notIssued(attempts, before),
			isWithdrawn,
		});
		if (cancel.aborted) return withoutToken(false);
		let call = this.#current();
		for (;;) {
			const end = await call.join(cancel);
			if (end === 'withdrawn' && !this.#beforeSending && !cancel.aborted) {
				// What withdrew it does not concern this caller.
				call = this.#current();
				continue;
			}
			if (end === null || end === 'withdrawn') return withoutToken(end === 'withdrawn');
			const attempt = await this.#read(end, guard);
			attempts.push(attempt);
			const { grant } = attempt;
			if (grant) {
				await learnFromOthers(grant.token, this.#credential);
				const flaw = flawOf(grant, this.#credential);
				const wasBeingRevoked = isBeingRevoked(grant.token, this.#credential);
				const issuance: Issuance =
					flaw === null
						? { outcome: 'issued', grant, wasBeingRevoked, attempts }
						: { outcome: 'unusable', grant, flaw, attempts };
				return { issuance, isWithdrawn: false };
			}
			const waitMs = this.#waitAfter(attempt, attempts);
			if (waitMs === null || !(await wait(waitMs, cancel))) return withoutToken(false);
			// Callers that waited out the minute share the next call; other waits are jittered.
			const current = () => this.#current();
			call = waitMs === ISSUE_INTERVAL_MS ? call.next(current) : current();
		}
	}

	/** Reads an answer, and withholds what it quotes of the tokens that the caller knows. */
	async #read(parsed: ParsedExchange, guard: SecretGuard): Promise<IssueAttempt> {
		const attempt = readIssue(parsed, this.#credential, guard);
		const quoted = await quotedParts(shownOf(attempt), this.#options.knownTokens ?? []);
		return quoted.length > 0 ? readIssue(parsed, this.#credential, guard.and(...quoted)) : attempt;
	}

	/** @returns How long to wait before the next attempt; `null` if there should be none. */
	#waitAfter(attempt: IssueAttempt, attempts: readonly IssueAttempt[]): number | null {
		// Do not repeat immediately, as a revoke would: if KIS issued a token, it gives it again only after a minute.
		if (attempt.verdict === 'noVerdict' || isLimited(attempt)) {
			const mayWait = this.#mayWait && !asksToComeBack(attempt);
			this.#mayWait = false;
			return mayWait ? ISSUE_INTERVAL_MS : null;
		}
		return waitBeforeRetry(attempts, this.#retries++, this.#options.maxRetries);
	}

	/** Joins the call under way, or starts one. */
	#current(): SharedCall {
		const current = underWay.get(this.#key);
		return current && !current.isAbandoned ? current : this.#start();
	}

	#start(): SharedCall {
		const call = new SharedCall(async (cancel) => {
			try {
				return await this.#call(cancel);
			} finally {
				if (underWay.get(this.#key) === call) underWay.delete(this.#key);
			}
		});
		underWay.set(this.#key, call);
		return call;
	}

	/** @returns `null` if it was cancelled before it was sent. */
	async #call(cancel: AbortSignal): Promise<ParsedExchange | 'withdrawn' | null> {
		const credential = this.#credential;
		const { appkey, appsecret, baseUrl } = credential;
		const beforeSending = this.#beforeSending ?? (async () => true);
		let isWithdrawn = false;
		const url = endpointOf(baseUrl, ISSUE_PATH);
		const sent = await sendPaced(
			credential,
			{ ...this.#options, url, cancel },
			async (connection, onWriting) => {
				isWithdrawn = !(await beforeSending());
				return isWithdrawn ? null : await connection.post(issueBody(credential), cancel, onWriting);
			},
			(parsed) => readIssue(parsed, credential, new SecretGuard([appkey, appsecret])),
		);
		return isWithdrawn ? 'withdrawn' : sent;
	}
}
