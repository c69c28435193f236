import type { KisCredential } from '../input/credential';
import type { Grant } from '../issue/grant';
import { reuse } from '../issue/issuance';
import type { SendingOptions } from '../rateLimit/pacedRequest';
import { askAboutKept } from './askAboutToken';
import { learnOfKept } from './keptShare';
import { keptTokenOf } from './keptToken';
import { doubtAbout, isBeingRevoked } from '../memory/revokeMarks';
import { learnFromOthers } from '../memory/sharedMarks';

/**
 * Gives the token that the credential keeps as KIS would give it, after asking KIS whether it is alive; `null` if it is
 * dead, about to be, or valid for less than so many milliseconds.
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
	await askAboutKept(credential, token, options);
	// Meanwhile it may have been revoked.
	await learnFromOthers(token, credential);
	if (isBeingRevoked(token, credential) || doubtAbout(token, credential)) return null;
	return reuse(token, credential, minimumMs);
}
