import type { KisCredential } from '../input/credential';
import type { Grant } from '../issue/grant';
import { grantOf, reuse, type Issuance } from '../issue/issuance';
import type { IssueOptions } from '../issue/issueToken';
import { isBeingRevoked } from '../memory/revokeMarks';
import { learnFromOthers } from '../memory/sharedMarks';
import { wait } from '../waiting';
import { checkKept } from './checkToken';
import { issueUnderLease, LONGEST_WAIT_FOR_WORKER_MS, LOOK_AGAIN_MS } from './issueUnderLease';
import { learnOfKept } from './keptShare';
import { keptTokenOf } from './keptToken';

/**
 * Returns the token that the credential keeps if it is valid for `minimumMs`, unless KIS, asked for a quote, calls it dead.
 * Otherwise requests another.
 */
export async function keptOrIssued(
	credential: KisCredential,
	minimumMs: number,
	options: IssueOptions,
): Promise<{ readonly kept: Grant } | Issuance> {
	const patientUntil = Date.now() + LONGEST_WAIT_FOR_WORKER_MS;
	const isPatient = () => Date.now() < patientUntil && !options.cancel.aborted;
	for (;;) {
		await waitForOtherWorkers(credential, isPatient, options.cancel);
		const kept = await keptGrant(credential, minimumMs, options);
		if (kept) return { kept };
		// A user has asked for it: do not hold back because a worker died without reporting an answer.
		const lease = { insist: !isPatient(), deadWorkerHoldMs: 0 };
		const issuance = await issueUnderLease(credential, options, lease);
		if (issuance) return issuance;
		await wait(LOOK_AGAIN_MS, options.cancel);
	}
}

async function waitForOtherWorkers(
	credential: KisCredential,
	isPatient: () => boolean,
	cancel: AbortSignal,
): Promise<void> {
	const kept = keptTokenOf(credential);
	for (;;) {
		await learnOfKept(kept, credential);
		if (kept.waitForOthersMs === 0 || !isPatient()) return;
		if (!(await wait(kept.waitForOthersMs, cancel))) return;
	}
}

/**
 * Returns the token that the credential keeps, after asking KIS whether it is alive.
 *
 * @returns `null` if it is dead, being revoked, in doubt, or valid for less than `minimumMs`.
 */
async function keptGrant(
	credential: KisCredential,
	minimumMs: number,
	options: IssueOptions,
): Promise<Grant | null> {
	const kept = keptTokenOf(credential);
	const { grant } = kept.state;
	if (!grant || isBeingRevoked(grant.token, credential)) return null;
	const { token } = grant;
	// If a revoke has left open whether it is dead, KIS's answer may settle that.
	if (!grantOf(token, credential, minimumMs, grant)) return null;
	const checked = await checkKept(credential, token, options);
	// It may have been revoked meanwhile.
	await learnFromOthers(token, credential);
	// A renewal may have brought another.
	if (kept.token?.value !== token.value) return await keptGrant(credential, minimumMs, options);
	// This computer's clock may have been put right since KIS gave the token.
	const clockAheadMs = checked?.clockAheadMs ?? grant.clockAheadMs;
	return reuse(token, credential, minimumMs, { ...grant, clockAheadMs });
}
