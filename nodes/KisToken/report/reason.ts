import { isIssuedTo, type AccessToken } from '../../../kis/accessToken';
import type { KisCredential } from '../../../kis/credential';
import { isListed, lookUpCode, REVOKE_AGAIN } from '../../../kis/errorCodes';
import { explainTransportCode } from '../../../kis/http/transportCodes';
import type { Outcome, Verdict } from '../../../kis/outcome';
import type { Attempt } from '../../../kis/revocation';
import type { EndOfSending, Revocation } from '../../../kis/revokeTokens';

export interface Reason {
	/** A clause, without a full stop. */
	readonly happened: string;
	/** Sentences. */
	readonly todo: string;
}

const CHECK_ADDRESS =
	'Check the Base URL of the KIS API credential and the relay or proxy in between. If KIS is called directly, see whether it announced maintenance (점검).';
const ACCEPT_INVALID =
	'Nothing is left to do. To accept this, set If Token Is Already Invalid to Succeed.';

/** Which attempts make a token end like this; the last of them is the reason. */
const DECIDING: Readonly<Record<Outcome, readonly Verdict[]>> = {
	revoked: ['confirmed'],
	alreadyInvalid: ['invalidToken', 'expiredToken'],
	rejected: ['refused', 'invalidToken', 'expiredToken'],
	unknown: ['noVerdict'],
	notSent: ['unwritten'],
};

/** Why a token did not end as it should have. */
export function reasonOf(
	{ outcome, attempts, earlier, ended }: Revocation,
	token: AccessToken,
	credential: KisCredential,
): Reason {
	if (ended?.because === 'cancelled') return ofEnd(ended);
	const isDecisive = ({ verdict }: Attempt) => DECIDING[outcome].includes(verdict);
	const decisive = attempts.findLast(isDecisive);
	if (decisive) return ofAttempt(decisive, outcome, token, credential);
	if (ended && !earlier.some(isDecisive)) return ofEnd(ended);
	return {
		happened: 'an earlier attempt in this execution ended without a better answer',
		todo: REVOKE_AGAIN,
	};
}

function ofAttempt(
	attempt: Attempt,
	outcome: Outcome,
	token: AccessToken,
	credential: KisCredential,
): Reason {
	const { happened, todo } = ofAnswer(attempt);
	if (outcome === 'alreadyInvalid') return { happened, todo: ACCEPT_INVALID };
	if (outcome === 'unknown' && !todo.startsWith(REVOKE_AGAIN)) {
		return { happened, todo: `${REVOKE_AGAIN} ${todo}` };
	}
	const isAboutToken = attempt.verdict === 'invalidToken' || attempt.verdict === 'expiredToken';
	return { happened, todo: isAboutToken ? `${todo}${ofToken(token, credential)}` : todo };
}

function ofAnswer({ verdict, refusalCode, transportCode, httpStatus, text }: Attempt): Reason {
	if (refusalCode !== null) {
		const { happened, todo } = lookUpCode(refusalCode);
		// n8n replaces a message that holds the name of a system fault, which an unlisted code may be.
		return { happened: isListed(refusalCode) ? `${happened} (${refusalCode})` : happened, todo };
	}
	if (transportCode !== null) return explainTransportCode(transportCode);
	const answer = `the server answered HTTP ${httpStatus}`;
	if (verdict === 'refused') {
		return { happened: `${answer} without a code of KIS`, todo: CHECK_ADDRESS };
	}
	const unclear = text === null ? 'what cannot be read as an answer of KIS' : 'neither yes nor no';
	return { happened: `${answer} and says ${unclear}`, todo: CHECK_ADDRESS };
}

function ofEnd(end: EndOfSending): Reason {
	switch (end.because) {
		case 'cancelled':
			return { happened: 'the execution was stopped', todo: REVOKE_AGAIN };
		case 'credentialRefused':
		case 'hostUnreachable': {
			const { happened, todo } = ofAnswer(end.seen);
			return { happened: `sending ended, because ${happened}`, todo };
		}
	}
}

/** What the token says of itself, where KIS calls it invalid. */
function ofToken(token: AccessToken, { appkey }: KisCredential): string {
	if (token.claims === null) return ' The token is not a JWT: it cannot be told whose it is.';
	if (isIssuedTo(token, appkey) === false) {
		return ' The token says that it was issued to another app key.';
	}
	return token.claims.complete ? '' : ' The end of the token is missing.';
}
