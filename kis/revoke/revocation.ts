import { isCutOff, isIssuedTo, type AccessToken } from '../input/accessToken';
import type { AnswerRule } from '../reply/answerRule';
import { readAttempt, type Attempt } from '../reply/attempt';
import type { Exchange } from '../http/exchange';
import { OPEN_ANSWERS } from '../reply/httpAnswers';
import type { KisReply } from '../reply/reply';
import type { SecretGuard } from '../secrets/secretGuard';

/** 접근토큰폐기. The path is case-sensitive. */
export const REVOKE_PATH = '/oauth2/revokeP';

/** What KIS's page asks for: the bare token, and neither header nor grant type. */
export function revokeBody(appkey: string, appsecret: string, token: AccessToken): object {
	return { appkey, appsecret, token: token.value };
}

/** Reads what an exchange means for a token that KIS has to know. */
export function readRevocation(exchange: Exchange, guard: SecretGuard): Attempt {
	return readAttempt(exchange, lackingCode, guard);
}

/** KIS confirms with `{"code":200,"message":"…"}`; `ruleOf` has seen to it that a code is 200 where there is one. */
function lackingCode({ statedStatus }: KisReply): AnswerRule | null {
	return statedStatus === null ? OPEN_ANSWERS.withoutCode : null;
}

/**
 * Tokens that a server may not know, and whose revocation it may confirm all the same (RFC 7009, section 2.2). Whether
 * KIS does is not known.
 */
const UNPROVEN = {
	otherAppKey: {
		meaning: 'noVerdict',
		happened:
			'the server confirmed it, which proves nothing: the token was issued to another app key, and the server may not know it',
		todo: 'Revoke it with the credential of its own app key, not again with this one.',
	},
	cutOff: {
		meaning: 'noVerdict',
		happened:
			'the server confirmed it, which proves nothing: the end of the token is missing, so the server cannot know it',
		todo: 'Find the whole token and revoke that, not this text again.',
	},
} as const satisfies Record<string, AnswerRule>;

/** Makes less of a confirmation about a token that the server may not know; any other attempt stays as it is. */
export function checkConfirmation(attempt: Attempt, token: AccessToken, appkey: string): Attempt {
	if (attempt.verdict !== 'confirmed') return attempt;
	const isForeign = isIssuedTo(token, appkey) === false;
	if (!isForeign && !isCutOff(token)) return attempt;
	const rule = isForeign ? UNPROVEN.otherAppKey : UNPROVEN.cutOff;
	return { ...attempt, verdict: 'unprovenConfirmation', rule };
}
