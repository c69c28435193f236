import { isCutOff, isIssuedTo, type AccessToken } from '../../../../kis/accessToken';
import type { Attempt } from '../../../../kis/attempt';
import type { KisCredential } from '../../../../kis/credential';
import type { Revocation } from '../../../../kis/revoke/revokeTokens';
import { explain, explainAll, sentences, type Explanation } from '../../report/explain';

const REVOKE_AGAIN = 'Revoke the token again; that is safe.';
const ACCEPT_INVALID =
	'Nothing is left to do. To accept this, set If Token Is Already Invalid to Succeed.';

/** Why a token did not end as it should have. */
export function reasonOf(
	{ outcome, attempts, decisive, ended }: Revocation,
	token: AccessToken,
	credential: KisCredential,
): Explanation {
	if (decisive === null) return whySendingEnded(ended);
	const { happened, todo } = explainAll(attempts, decisive);
	if (outcome === 'alreadyInvalid') return { happened, todo: ACCEPT_INVALID };
	const mayRepeat = outcome === 'unknown' && decisive.verdict !== 'doubtfulConfirmation';
	const again = mayRepeat ? REVOKE_AGAIN : '';
	return { happened, todo: sentences(again, todo, aboutToken(decisive, token, credential)) };
}

/** For a token that never had its turn. */
function whySendingEnded(ended: Revocation['ended']): Explanation {
	if (!ended || ended.because === 'cancelled') {
		return { happened: 'the execution was stopped', todo: REVOKE_AGAIN };
	}
	const { happened, todo } = explain(ended.seen);
	return { happened: `sending ended, because ${happened}`, todo };
}

/** What the token says of itself, where KIS calls it invalid. */
function aboutToken({ verdict }: Attempt, token: AccessToken, { appkey }: KisCredential): string {
	if (verdict !== 'invalidToken' && verdict !== 'expiredToken') return '';
	if (isIssuedTo(token, appkey) === false) {
		return 'The token says that it was issued to another app key.';
	}
	if (isCutOff(token)) return 'The end of the token is missing.';
	return token.claims ? '' : 'The token is not a JWT: it cannot be told whose it is.';
}
