import { isCutOff, isIssuedTo, type AccessToken } from '../../../../kis/accessToken';
import type { Attempt } from '../../../../kis/attempt';
import type { KisCredential } from '../../../../kis/credential';
import { koreanTime } from '../../../../kis/koreanTime';
import type { Revocation } from '../../../../kis/revoke/revokeTokens';
import { explain, explainAll, sentences, type Explanation } from '../../report/explain';

const REVOKE_AGAIN = 'Revoke the token again; that is safe.';
const ACCEPT_INVALID =
	'Nothing is left to do. To accept this, set If Token Is Already Invalid to Succeed.';

/** Why a token did not end as it should have. */
export function reasonOf(
	{ outcome, attempts, decisive, asked, ended }: Revocation,
	token: AccessToken,
	credential: KisCredential,
): Explanation {
	if (decisive === null) return whySendingEnded(ended);
	if (decisive === asked?.attempt) {
		return { happened: `asked for a quote, ${explain(decisive).happened}`, todo: ACCEPT_INVALID };
	}
	const { happened, todo } = explainAll(attempts, decisive);
	if (outcome === 'alreadyInvalid') return { happened, todo: ACCEPT_INVALID };
	const mayRepeat = outcome === 'unknown' && decisive.verdict !== 'doubtfulConfirmation';
	const again = mayRepeat ? REVOKE_AGAIN : '';
	const said = sentences(
		again,
		aboutQuestion(asked),
		todo,
		aboutToken(decisive, token, credential),
	);
	return { happened, todo: said };
}

/** What KIS said when it was asked whether the token is alive, where that has not settled it. */
function aboutQuestion(asked: Revocation['asked']): string {
	if (!asked?.attempt) return '';
	const { liveness, attempt, askedAt } = asked;
	return liveness === 'alive' && askedAt !== null
		? `KIS was then asked for a quote with the token, and still accepted it at ${koreanTime(askedAt)}. A revoke that KIS is still working on can end it later.`
		: `KIS was then asked for a quote with the token, and did not say whether it is alive: ${explain(attempt).happened}.`;
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
