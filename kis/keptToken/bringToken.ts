import type { AccessToken } from '../input/accessToken';
import type { KisCredential } from '../input/credential';
import { ENVIRONMENTS } from '../input/environments';
import type { Issuance } from '../issue/issuance';
import { never, wait, withDeadline } from '../waiting';
import { checkKept } from './checkToken';
import { issueUnderLease, LONGEST_WAIT_FOR_WORKER_MS, LOOK_AGAIN_MS } from './issueUnderLease';
import { learnOfKept } from './keptShare';
import { keptTokenOf, type KeptToken } from './keptToken';
import { nextStep, ORDER_WAIT_MS, type NoToken, type Progress } from './nextStep';
import { SharedWork } from './sharedWork';

/** For each liveness check and each token request. */
const TIMEOUT_MS = 10_000;
/** For a token request that KIS did not process. */
const MAX_RETRIES = 3;

/** How long an order waits for a liveness check of a token that was good. */
const ORDER_CHECK_MS = 2000;

const NO_PROGRESS: Progress = {
	mayWait: false,
	waitedOut: null,
	patientUntil: 0,
	checked: null,
	issuance: null,
};

const NOT_REQUESTED: Issuance = { outcome: 'notSent', attempts: [], decisive: null };

export interface BringOptions {
	/** Whether the request may wait until KIS's minute is over: reads may, orders may not. */
	readonly mayWait: boolean;
	/** Ends waiting immediately. */
	readonly cancel: AbortSignal;
}

/**
 * Returns the access token for a request with this credential: the kept one, or a new one if that is missing, dead or about
 * to expire. Concurrent callers share one token request. An order waits no longer than {@link ORDER_WAIT_MS}, though what it
 * waits for runs on for the others. Never throws.
 */
export async function bringToken(
	credential: KisCredential,
	{ mayWait, cancel }: BringOptions,
): Promise<AccessToken | NoToken> {
	const kept = keptTokenOf(credential);
	const brought = await withDeadline(
		mayWait ? null : ORDER_WAIT_MS,
		cancel,
		async (stop) => await bringUntil(stop, credential, kept, mayWait),
	);
	if (brought) return brought;
	if (cancel.aborted) return { because: 'cancelled' };
	return { because: kept.waitForOthersMs > 0 ? 'requestedElsewhere' : 'tookTooLong' };
}

/** @returns `null` if `stop` was aborted first. */
async function bringUntil(
	stop: AbortSignal,
	credential: KisCredential,
	kept: KeptToken,
	mayWait: boolean,
): Promise<AccessToken | NoToken | null> {
	const patientUntil = Date.now() + (mayWait ? LONGEST_WAIT_FOR_WORKER_MS : ORDER_WAIT_MS);
	let progress: Progress = { ...NO_PROGRESS, mayWait, patientUntil };
	// Anything may change while a step waits, so each round decides anew.
	while (!stop.aborted) {
		if (credential.redis) await learnOfKept(kept, credential);
		const step = nextStep(credential, kept, progress, Date.now());
		switch (step.kind) {
			case 'use':
				return step.token;
			case 'useAndIssue':
				void issueForAll(credential, kept, never());
				return step.token;
			case 'refuse':
				return step.noToken;
			case 'check': {
				// No revoke has put the token in doubt: it is most likely alive, and an order does not wait long to hear so.
				const isRoutine = step.about === step.token && !mayWait;
				await withDeadline(
					isRoutine ? ORDER_CHECK_MS : null,
					stop,
					async (cancel) =>
						await checkKept(credential, step.token, { ...sendingTo(credential), cancel }),
				);
				progress = { ...progress, checked: step.about };
				break;
			}
			case 'issue': {
				const issuance = await issueForAll(credential, kept, stop);
				if (!issuance) await wait(LOOK_AGAIN_MS, stop);
				// Whatever keeps Redis from granting the lease must not hold a read for ever.
				const isGivenUp = Date.now() >= patientUntil;
				progress = { ...progress, issuance: issuance ?? (isGivenUp ? NOT_REQUESTED : null) };
				break;
			}
			case 'wait':
				await wait(step.hold.until - Date.now(), stop);
				progress = { ...progress, waitedOut: step.hold, issuance: null };
				break;
			case 'lookAgain':
				await wait(step.waitMs, stop);
		}
	}
	return null;
}

/**
 * Returns the token if a request may be sent with it immediately; `null` if one has to be brought first.
 *
 * @param checked A token that need not be checked: the request has waited for that as long as it may.
 */
export async function tokenAtHand(
	credential: KisCredential,
	checked: AccessToken | null = null,
): Promise<AccessToken | null> {
	const kept = keptTokenOf(credential);
	if (credential.redis) await learnOfKept(kept, credential);
	const step = nextStep(credential, kept, { ...NO_PROGRESS, checked }, Date.now());
	return step.kind === 'use' || step.kind === 'useAndIssue' ? step.token : null;
}

const issues = new SharedWork<Issuance | null>();

/** @returns `null` if the caller was cancelled, or another worker was faster. */
async function issueForAll(
	credential: KisCredential,
	kept: KeptToken,
	cancel: AbortSignal,
): Promise<Issuance | null> {
	const issue = async () =>
		await issueUnderLease(credential, {
			...sendingTo(credential),
			maxRetries: MAX_RETRIES,
			waitWhenLimited: false,
			// Runs to completion even if all callers are cancelled: a token must not be issued that nobody knows of.
			cancel: never(),
			// A new one each time: the history of an earlier one would return the token that is to be replaced.
			execution: {},
			knownTokens: kept.token ? [kept.token.value] : [],
		});
	return await issues.join(kept, issue, cancel);
}

function sendingTo({ environment }: KisCredential) {
	return {
		requestsPerSecond: ENVIRONMENTS[environment].requestsPerSecond,
		timeoutMs: TIMEOUT_MS,
	};
}
