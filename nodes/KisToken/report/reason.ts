import { isIssuedTo, type AccessToken } from '../../../kis/accessToken';
import type { KisCredential } from '../../../kis/credential';
import { isListed, lookUpCode, REVOKE_AGAIN } from '../../../kis/errorCodes';
import { explainTransportCode } from '../../../kis/http/transportCodes';
import type { Attempt } from '../../../kis/revocation';
import type { Revocation } from '../../../kis/revokeTokens';

export interface Reason {
	/** A clause, without a full stop. */
	readonly happened: string;
	/** Sentences. */
	readonly todo: readonly string[];
}

const CHECK_ADDRESS =
	'Check the Base URL of the KIS API credential and the relay or proxy in between. If KIS is called directly, see whether it announced maintenance (점검).';
const ACCEPT_INVALID =
	'Nothing is left to do. To accept this, set If Token Is Already Invalid to Succeed.';

/** Why a token did not end as it should have. */
export function reasonOf(
	{ outcome, attempts, decisive, ended }: Revocation,
	token: AccessToken,
	credential: KisCredential,
): Reason {
	if (decisive === null) return whySendingEnded(ended);
	const { happened, todo } = explain(decisive);
	const when = attempts.includes(decisive) ? '' : 'in an earlier try of this execution, ';
	if (outcome === 'alreadyInvalid') return { happened: when + happened, todo: [ACCEPT_INVALID] };

	const last = attempts.at(-1) ?? decisive;
	const steps = new Set([
		...(outcome === 'unknown' ? [REVOKE_AGAIN] : []),
		todo,
		// What would keep the next try from going better.
		explain(last).todo,
		...aboutToken(decisive, token, credential),
	]);
	return { happened: when + happened, todo: [...steps].filter((step) => step !== '') };
}

function explain({ verdict, refusalCode, transportCode, httpStatus, text }: Attempt): {
	happened: string;
	todo: string;
} {
	if (refusalCode !== null) {
		const { happened, todo } = lookUpCode(refusalCode);
		// n8n replaces a message that holds the name of a system fault, which an unlisted code may be.
		return { happened: isListed(refusalCode) ? `${happened} (${refusalCode})` : happened, todo };
	}
	if (transportCode !== null) return explainTransportCode(transportCode);
	return { happened: `the server answered HTTP ${httpStatus} ${unclear()}`, todo: CHECK_ADDRESS };

	function unclear(): string {
		if (verdict === 'refused') return 'without an error code of KIS';
		return text === null
			? 'with what cannot be read as an answer of KIS'
			: 'and says neither yes nor no';
	}
}

/** For a token that never had its turn. */
function whySendingEnded(ended: Revocation['ended']): Reason {
	if (!ended || ended.because === 'cancelled') {
		return { happened: 'the execution was stopped', todo: [REVOKE_AGAIN] };
	}
	const { happened, todo } = explain(ended.seen);
	return { happened: `sending ended, because ${happened}`, todo: [todo] };
}

/** What the token says of itself, where KIS calls it invalid. */
function aboutToken({ verdict }: Attempt, token: AccessToken, { appkey }: KisCredential): string[] {
	if (verdict !== 'invalidToken' && verdict !== 'expiredToken') return [];
	if (token.claims === null) return ['The token is not a JWT: it cannot be told whose it is.'];
	if (isIssuedTo(token, appkey) === false) {
		return ['The token says that it was issued to another app key.'];
	}
	return token.claims.complete ? [] : ['The end of the token is missing.'];
}
