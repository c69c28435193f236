import { isIssuedTo, type AccessToken } from '../../../kis/accessToken';
import type { KisCredential } from '../../../kis/credential';
import { kisCode } from '../../../kis/errorCodes';
import { explainTransportCode } from '../../../kis/http/transportCodes';
import type { Outcome, Verdict } from '../../../kis/outcome';
import type { Attempt } from '../../../kis/revocation';
import type { EndOfSending, Revocation } from '../../../kis/revokeTokens';

export interface Reason {
	readonly happened: string;
	readonly todo: string;
}

const CHECK_ADDRESS =
	'Check the Base URL of the KIS API credential and the relay or proxy in between. If KIS is called directly, see whether it announced maintenance (점검).';
const REVOKE_AGAIN =
	'Revoke the token again: that is safe, and the answer tells whether it is dead.';

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
	{ outcome, attempts, ended }: Revocation,
	token: AccessToken,
	credential: KisCredential,
): Reason {
	const decisive = attempts.findLast(({ verdict }) => DECIDING[outcome].includes(verdict));
	if (decisive && ended?.because !== 'cancelled') return ofAttempt(decisive, token, credential);
	if (ended && (outcome === 'notSent' || decisive)) return ofEnd(ended);
	return {
		happened: 'an earlier try of this execution was sent and never answered',
		todo: REVOKE_AGAIN,
	};
}

function ofAttempt(attempt: Attempt, token: AccessToken, credential: KisCredential): Reason {
	const { verdict, kisCode: code, transportCode, httpStatus } = attempt;
	if (code !== null) {
		const { happened, todo } = kisCode(code);
		const about =
			verdict === 'refused' || verdict === 'noVerdict' ? '' : ` ${ofToken(token, credential)}`;
		return { happened: `${happened} (${code})`, todo: todo + about };
	}
	if (transportCode !== null) return explainTransportCode(transportCode);
	if (verdict === 'refused') {
		return {
			happened: `the server refused the request (HTTP ${httpStatus}) without a code of KIS`,
			todo: CHECK_ADDRESS,
		};
	}
	return {
		happened: `the answer (HTTP ${httpStatus}) could not be read as an answer of KIS`,
		todo: `${REVOKE_AGAIN} ${CHECK_ADDRESS}`,
	};
}

function ofEnd(end: EndOfSending): Reason {
	switch (end.because) {
		case 'cancelled':
			return { happened: 'the execution was stopped', todo: REVOKE_AGAIN };
		case 'credentialRefused': {
			const { happened, todo } = kisCode(end.seen.kisCode ?? '');
			return {
				happened: `sending ended, because ${happened} (${end.seen.kisCode})`,
				todo,
			};
		}
		case 'hostUnreachable': {
			const { happened, todo } = explainTransportCode(end.seen.transportCode ?? '');
			return { happened: `sending ended, because ${happened}`, todo };
		}
	}
}

/** What the token says of itself, where KIS calls it invalid. */
function ofToken(token: AccessToken, { appkey }: KisCredential): string {
	if (token.claims === null) return 'The token is not a JWT, so that it says nothing of itself.';
	if (isIssuedTo(token, appkey) === false)
		return 'The token says that it was issued to another app key.';
	if (!token.claims.complete) return 'The end of the token is missing.';
	return '';
}
