import { isWholeTokenOf, type AccessToken } from '../input/accessToken';
import type { KisCredential } from '../input/credential';
import { askIfAlive, type Liveness } from '../liveness/askIfAlive';
import { deadTokens } from '../memory/deadTokens';
import { doubtAbout, resolveDoubt } from '../memory/revokeMarks';
import { tellOthers } from '../memory/sharedMarks';
import type { SendingOptions } from '../rateLimit/pacedRequest';
import type { Attempt } from '../reply/attempt';
import { expiryAt } from '../reply/serverClock';
import { never } from '../waiting';
import { keptShareOf } from './keptShare';
import { keptTokenOf } from './keptToken';
import { SharedWork } from './sharedWork';

/** Whether a token is alive, and the request that showed it. */
export interface TokenState {
	/** `false`: dead. `null`: not known, or not for certain. */
	readonly alive: boolean | null;
	readonly attempt: Attempt;
	/** As in `LivenessAnswer`. */
	readonly clockAheadMs: number | null;
}

/**
 * Asks KIS whether a token is alive, and passes the answer on to this process and the other workers. Never throws.
 *
 * @returns `null` if the request was cancelled before it was sent.
 */
export async function checkToken(
	credential: KisCredential,
	token: AccessToken,
	options: SendingOptions,
): Promise<TokenState | null> {
	const kept = keptTokenOf(credential);
	const isKept = () => kept.token?.value === token.value;
	const wasKept = isKept();
	const doubt = doubtAbout(token, credential);
	const answer = await askIfAlive(credential, token, options);
	if (!answer) return null;
	const { liveness, attempt, clockAheadMs } = answer;
	const alive = ALIVE[liveness](wasKept || isDeadIfInvalid(credential, token, attempt));
	if (alive !== null && doubt) resolveDoubt(doubt);
	if (alive === false) deadTokens.add(token, credential);
	// A question that was cancelled leaves the next one as due as it was.
	const isCancelled = alive === null && options.cancel.aborted;
	if (isKept() && !isCancelled) kept.noteChecked(alive, Date.now());
	await tellOthers(alive, token, credential, doubt);
	if (isKept()) await keptShareOf(kept, credential)?.sync();
	return { alive, attempt, clockAheadMs };
}

const checks = new SharedWork<TokenState | null>();

/**
 * Checks the token that the credential keeps. Concurrent callers share one check, which runs to completion even if this
 * caller is cancelled.
 *
 * @returns `null` if the caller was cancelled.
 */
export async function checkKept(
	credential: KisCredential,
	token: AccessToken,
	options: SendingOptions,
): Promise<TokenState | null> {
	const check = async () => await checkToken(credential, token, { ...options, cancel: never() });
	// A check that began before a revoke cannot resolve the doubt that the revoke left, so it is not shared.
	const about = doubtAbout(token, credential) ?? token;
	return await checks.join(about, check, options.cancel);
}

const ALIVE: Readonly<Record<Liveness, (meansDead: boolean) => boolean | null>> = {
	alive: () => true,
	invalid: (meansDead) => (meansDead ? false : null),
	undecided: () => null,
};

/**
 * KIS also calls a token invalid that is cut off or another app key's, and one of the other environment expired. None of
 * that is so of the token that the credential keeps: KIS gave it to this app key, at this address.
 */
function isDeadIfInvalid({ appkey }: KisCredential, token: AccessToken, attempt: Attempt): boolean {
	const isPlausible = attempt.verdict !== 'expiredToken' || expiryAt(token, [attempt]) === true;
	return isPlausible && isWholeTokenOf(token, appkey);
}
