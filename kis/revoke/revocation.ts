import { isCutOff, isIssuedTo, looksLikeToken, type AccessToken } from '../input/accessToken';
import type { LivenessAnswer } from '../liveness/askIfAlive';
import type { AnswerRule } from '../reply/answerRule';
import { readAttempt, type Attempt } from '../reply/attempt';
import { OPEN_ANSWERS } from '../reply/httpAnswers';
import type { KisReply, ParsedExchange } from '../reply/reply';
import type { RevokeOutcome } from '../reply/revokeOutcome';
import type { SecretGuard } from '../secrets/secretGuard';
import type { StopReason } from './batchStop';

/** What became of one token. */
export interface Revocation {
	readonly outcome: RevokeOutcome;
	/** Of this call, oldest first; empty if none was made. */
	readonly attempts: readonly Attempt[];
	/** The attempt or question that decided the outcome; `null` if there was none. */
	readonly decisive: Attempt | null;
	/** What KIS said when it was asked whether the token is alive; `null` if it was not asked. */
	readonly asked: Asked | null;
	/** Where earlier calls of this execution had left the token; `null` if there were none. */
	readonly before: RevokeOutcome | null;
	/** What kept further attempts from being made, if it was not about this token; else `null`. */
	readonly stoppedBy: StopReason | null;
}

/** A question that was written. */
export interface Asked extends Pick<LivenessAnswer, 'liveness' | 'attempt'> {
	readonly askedAt: number;
}

/** 접근토큰폐기. The path is case-sensitive. */
export const REVOKE_PATH = '/oauth2/revokeP';

/** Makes the body that KIS's page asks for: the key pair and the bare token, without a grant type. */
export function revokeBody(appkey: string, appsecret: string, token: AccessToken): object {
	return { appkey, appsecret, token: token.value };
}

/** Reads what an exchange means for a token that KIS has to know; {@link checkConfirmation} is for the others. */
export function readRevocation(parsed: ParsedExchange, guard: SecretGuard): Attempt {
	return readAttempt(parsed, lackingCode, guard);
}

/** KIS confirms with `{"code":200,"message":"…"}`. By now a `code`, where there is one, is 200. */
function lackingCode({ statedStatus }: KisReply): AnswerRule | null {
	return statedStatus === null ? OPEN_ANSWERS.withoutCode : null;
}

/** What a confirmation means for a token that the server may not know. */
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
	notAToken: {
		meaning: 'noVerdict',
		happened:
			'the server confirmed it, which proves nothing: the text does not look like an access token, so the server may not know it',
		todo: 'Find the token and revoke that, not this text again.',
	},
} as const satisfies Record<string, AnswerRule>;

/**
 * Doubts a confirmation about a token that the server may not know: by RFC 7009 a server confirms the revocation of an
 * invalid token too. Whether KIS does is not known. Any other attempt is returned as it is.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2.2
 */
export function checkConfirmation(attempt: Attempt, token: AccessToken, appkey: string): Attempt {
	if (attempt.verdict !== 'confirmed') return attempt;
	const why = whyUnproven(token, appkey);
	return why ? { ...attempt, verdict: 'unprovenConfirmation', rule: UNPROVEN[why] } : attempt;
}

function whyUnproven(token: AccessToken, appkey: string): keyof typeof UNPROVEN | null {
	if (isIssuedTo(token, appkey) === false) return 'otherAppKey';
	if (isCutOff(token)) return 'cutOff';
	const isBrokenJwt = token.claims === null && token.value.split('.').length === 3;
	return looksLikeToken(token) && !isBrokenJwt ? null : 'notAToken';
}
