import { parseAccessToken, type AccessToken } from '../accessToken';
import { readAttempt, replyOf, type Attempt } from '../attempt';
import type { KisCredential } from '../credential';
import type { Exchange } from '../http/exchange';
import { parseKoreanTime } from '../koreanTime';
import { TELLING_LENGTH } from '../partIndex';
import type { KisReply } from '../reply';
import { SecretGuard } from '../secretGuard';
import { Unusable } from '../unusable';

/** 접근토큰발급. The path is case-sensitive. */
export const ISSUE_PATH = '/oauth2/tokenP';

/** For so long after an issue, in milliseconds, KIS gives the same token again, dead or alive. */
export const SAME_TOKEN_MS = 6 * 60 * 60 * 1000;

/** OAuth 2.0's client credentials grant (RFC 6749, section 4.4), the keys under KIS's names. */
export function issueBody({ appkey, appsecret }: KisCredential): object {
	return { grant_type: 'client_credentials', appkey, appsecret };
}

/** A token as KIS gave it. */
export interface Grant {
	readonly token: AccessToken;
	/** Milliseconds since 1970, by KIS's own field, else by the token's claim; `null` where neither says. */
	readonly expiresAt: number | null;
	/** KIS's four fields as they came. */
	readonly fields: Readonly<Record<GrantField, string | number | undefined>>;
}

export type GrantField =
	| 'access_token'
	/** Korean time without an offset: `2026-11-23 08:16:59`. */
	| 'access_token_token_expired'
	| 'token_type'
	/** Seconds. */
	| 'expires_in';

export interface IssueAttempt extends Attempt {
	/** Where it was `confirmed`. */
	readonly grant: Grant | null;
}

/** What an exchange means. The token is the one secret that is in it. */
export function readIssue(exchange: Exchange, credential: KisCredential): IssueAttempt {
	const { appkey, appsecret } = credential;
	const reply = replyOf(exchange);
	const given = reply?.fields.access_token;
	const guard = new SecretGuard([appkey, appsecret, typeof given === 'string' ? given : '']);
	const grant = reply && readGrant(reply, credential, guard);
	const attempt = readAttempt(exchange, () => grant !== null, guard);
	return { ...attempt, grant: attempt.verdict === 'confirmed' ? grant : null };
}

function readGrant(
	{ fields }: KisReply,
	{ appkey, appsecret }: KisCredential,
	guard: SecretGuard,
): Grant | null {
	const token = parseAccessToken(fields.access_token);
	if (token instanceof Unusable) return null;
	// Whoever gets the item gets the token, but never the keys that make tokens.
	const keys = [appkey, appsecret].filter((key) => key.length >= TELLING_LENGTH);
	if (keys.some((key) => token.value.includes(key))) return null;
	const show = (value: unknown) => {
		if (typeof value === 'number') return value;
		return typeof value === 'string' ? guard.show(value) : undefined;
	};
	return {
		token,
		expiresAt:
			parseKoreanTime(fields.access_token_token_expired) ?? token.claims?.expiresAt ?? null,
		fields: {
			access_token: fields.access_token as string,
			access_token_token_expired: show(fields.access_token_token_expired),
			token_type: show(fields.token_type),
			expires_in: show(fields.expires_in),
		},
	};
}
