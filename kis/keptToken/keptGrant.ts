import type { KisCredential } from '../input/credential';
import type { Grant } from '../issue/grant';
import { reuse } from '../issue/issuance';
import type { SendingOptions } from '../rateLimit/pacedRequest';
import { checkKept } from './checkToken';
import { learnOfKept } from './keptShare';
import { keptTokenOf } from './keptToken';
import { doubtAbout, isBeingRevoked } from '../memory/revokeMarks';
import { learnFromOthers } from '../memory/sharedMarks';

/**
 * Returns the token that the credential keeps, in the form in which KIS would issue it, after asking KIS whether it is alive.
 *
 * @returns `null` if it is dead, being revoked, in doubt, or valid for less than `minimumMs`.
 */
export async function keptGrant(
	credential: KisCredential,
	minimumMs: number,
	options: SendingOptions,
): Promise<Grant | null> {
	const kept = keptTokenOf(credential);
	await learnOfKept(kept, credential);
	const { token } = kept;
	if (!token || isBeingRevoked(token, credential)) return null;
	if (!reuse(token, credential, minimumMs)) return null;
	await checkKept(credential, token, options);
	// It may have been revoked meanwhile.
	await learnFromOthers(token, credential);
	if (isBeingRevoked(token, credential) || doubtAbout(token, credential)) return null;
	return reuse(token, credential, minimumMs);
}
