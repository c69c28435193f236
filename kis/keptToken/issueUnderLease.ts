import type { KisCredential } from '../input/credential';
import { ISSUE_INTERVAL_MS } from '../input/environments';
import type { Issuance } from '../issue/issuance';
import { requestToken, type IssueOptions } from '../issue/issueToken';
import { keptShareOf } from './keptShare';
import { keptTokenOf } from './keptToken';

/** The pause before looking again if another worker was faster. */
export const LOOK_AGAIN_MS = 50;
/** How long to wait, at most, while another worker requests a token. That includes KIS's minute. */
export const LONGEST_WAIT_FOR_WORKER_MS = 90_000;

export interface LeaseOptions {
	/** Whether to request a token even if another worker holds the lease. */
	readonly insist?: boolean;
	/** How long to make no request after a worker died before it could report an answer, in milliseconds. */
	readonly deadWorkerHoldMs?: number;
}

/**
 * Requests the token that the credential keeps, one worker at a time.
 *
 * @returns `null` if another worker holds the lease, or has written since this process last looked: perhaps the token that is
 * wanted. That may also end a request which this caller has joined. Without a Redis, `null` if this process has got another
 * token while the request waited.
 */
export async function issueUnderLease(
	credential: KisCredential,
	options: IssueOptions,
	{ insist = false, deadWorkerHoldMs = ISSUE_INTERVAL_MS }: LeaseOptions = {},
): Promise<Issuance | null> {
	const kept = keptTokenOf(credential);
	const before = kept.token;
	const share = keptShareOf(kept, credential);
	const lease = await share?.takeLease(deadWorkerHoldMs);
	if (lease === null && !insist) return null;
	try {
		const beforeSending = share ? lease?.beforeRequest : async () => kept.token === before;
		const { issuance, isWithdrawn } = await requestToken(credential, options, beforeSending);
		// What KIS said before is older than what withdrew the request.
		if (isWithdrawn) return null;
		kept.note(issuance, Date.now());
		return issuance;
	} finally {
		await (lease ? lease.release() : share?.sync());
	}
}
