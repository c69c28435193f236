import {
	isCutOff,
	isIssuedTo,
	isWholeTokenOf,
	type AccessToken,
} from '../../../../kis/input/accessToken';
import type { KisCredential } from '../../../../kis/input/credential';
import type { Attempt } from '../../../../kis/reply/attempt';
import { explain, explainAll, sentences } from '../../../../kis/reply/explanation';
import { koreanTime } from '../../../../kis/reply/koreanTime';
import { expiryAt } from '../../../../kis/reply/serverClock';
import type { Revocation } from '../../../../kis/revoke/revocation';

/** Why a token did not end as it should have. The parts are in the order in which the user reads them. */
interface Reason {
	/** A clause, without a full stop. */
	readonly happened: string;
	/** What else is known of the token: a sentence or more; empty if nothing is. */
	readonly known: string;
	/** How to get unstuck: a sentence or more. */
	readonly todo: string;
}

const REVOKE_AGAIN = 'Revoke the token again; that is safe.';
const ACCEPT_INVALID =
	'Nothing is left to do. To accept this, set If Token Is Already Invalid to Succeed.';

/** Explains why a token did not end as it should have. */
export function reasonOf(
	{ outcome, attempts, decisive, asked, stoppedBy }: Revocation,
	token: AccessToken,
	credential: KisCredential,
): Reason {
	if (decisive === null) return whySendingStopped(stoppedBy);
	if (decisive === asked?.attempt) {
		const happened = `asked for a quote, ${explain(decisive).happened}`;
		return { happened, known: '', todo: ACCEPT_INVALID };
	}
	const cause = causeInToken(decisive, token, credential);
	const { happened, todo, optionsTodo } = explainAll(attempts, decisive, cause?.todo);
	if (outcome === 'alreadyInvalid') return { happened, known: '', todo: ACCEPT_INVALID };
	const mayRepeat = outcome === 'unknown' && decisive.verdict !== 'unprovenConfirmation';
	return {
		happened,
		known: cause?.known ?? aboutQuestion(asked),
		todo: sentences(mayRepeat ? REVOKE_AGAIN : '', todo, optionsTodo),
	};
}

/** Says what a question to KIS found out about the token, if the question was asked and did not settle the outcome. */
function aboutQuestion(asked: Revocation['asked']): string {
	if (!asked) return '';
	const { liveness, attempt, askedAt } = asked;
	if (attempt.verdict === 'expiredToken') {
		return `After the last attempt KIS was asked for a quote with the token, and called it expired (${attempt.code}), as it does with tokens of another environment too. ${CAUSES.notExpired.known} ${CAUSES.notExpired.todo}`;
	}
	return liveness === 'alive'
		? `After the last attempt KIS was asked for a quote with the token, and still accepted it at ${koreanTime(askedAt)}. A revoke that KIS is still working on can end it later.`
		: `After the last attempt KIS was asked for a quote with the token, and did not say whether it is alive: ${explain(attempt).happened}.`;
}

/** Explains a token for which no attempt was made. */
function whySendingStopped(stoppedBy: Revocation['stoppedBy']): Reason {
	if (!stoppedBy || stoppedBy.because === 'cancelled') {
		return { happened: 'the execution was stopped', known: '', todo: REVOKE_AGAIN };
	}
	const { happened, todo, optionsTodo } = explain(stoppedBy.seen);
	return {
		happened: `sending ended, because ${happened}`,
		known: '',
		todo: sentences(todo, optionsTodo),
	};
}

/** What in a token may have made KIS call it invalid, although it is not known to be dead. */
interface CauseInToken {
	readonly known: string;
	/** Replaces the general advice on the answer; absent if there is nothing better to say. */
	readonly todo?: string;
}

const CAUSES = {
	otherAppKey: {
		known: 'The token says that it was issued to another app key.',
		todo: 'Revoke it with the credential of that app key.',
	},
	cutOff: {
		known: 'The end of the token is missing.',
		todo: 'Find the whole token and revoke that.',
	},
	notExpired: {
		known: "By this computer's clock, or by that of the server, the token has not expired yet.",
		todo: 'Check the clock, and the Environment of the KIS API credential.',
	},
	opaque: { known: 'The token is not a JWT: it cannot be told whose it is.' },
} as const satisfies Record<string, CauseInToken>;

function causeInToken(
	attempt: Attempt,
	token: AccessToken,
	{ appkey }: KisCredential,
): CauseInToken | null {
	const { verdict } = attempt;
	if (verdict !== 'invalidToken' && verdict !== 'expiredToken') return null;
	if (isIssuedTo(token, appkey) === false) return CAUSES.otherAppKey;
	if (isCutOff(token)) return CAUSES.cutOff;
	if (!token.claims) return CAUSES.opaque;
	const mayBeClock = verdict === 'expiredToken' && isWholeTokenOf(token, appkey);
	return mayBeClock && expiryAt(token, [attempt]) !== true ? CAUSES.notExpired : null;
}
