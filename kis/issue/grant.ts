import { MAX_TOKEN_BYTES, parseAccessToken, type AccessToken } from '../accessToken';
import { readAttempt, replyOf, type Attempt } from '../attempt';
import type { KisCredential } from '../credential';
import type { Exchange } from '../http/exchange';
import { parseKisTime } from '../koreanTime';
import type { KisReply } from '../reply';
import { SecretGuard } from '../secretGuard';
import { Unusable } from '../unusable';

/** 접근토큰발급. The path is case-sensitive. */
export const ISSUE_PATH = '/oauth2/tokenP';

/** OAuth 2.0's client credentials grant (RFC 6749, section 4.4), the keys under KIS's names. */
export function issueBody({ appkey, appsecret }: KisCredential): object {
	return { grant_type: 'client_credentials', appkey, appsecret };
}

/** A token as KIS gives it. */
export interface Grant {
	readonly token: AccessToken;
	/** Milliseconds since 1970, by KIS's own field, else by the token's claim; `null` where neither says. */
	readonly expiresAt: number | null;
	/** KIS's four fields as they came; what is absent stays so. */
	readonly fields: Readonly<Partial<Record<GrantField, string | number>>>;
}

/** Beside the token: when it expires (Korean time without an offset, `2026-11-23 08:16:59`), `Bearer`, and in how many seconds. */
const OTHER_FIELDS = ['access_token_token_expired', 'token_type', 'expires_in'] as const;
type GrantField = 'access_token' | (typeof OTHER_FIELDS)[number];

export interface IssueAttempt extends Attempt {
	/** Where it was `confirmed`. */
	readonly grant: Grant | null;
}

/**
 * What an exchange means. The token is the one secret that is in it.
 *
 * @param known Keeps the keys, and the tokens that are known already: what the server says may quote them.
 */
export function readIssue(
	exchange: Exchange,
	{ appsecret }: KisCredential,
	known: SecretGuard,
): IssueAttempt {
	const reply = replyOf(exchange);
	const given = reply?.fields.access_token;
	const guard = known.and(typeof given === 'string' ? given.slice(0, MAX_TOKEN_BYTES) : '');
	const grant = reply && readGrant(reply, appsecret, guard);
	const attempt = readAttempt(exchange, () => grant !== null, guard);
	if (attempt.verdict === 'confirmed') return { ...attempt, grant };
	// A refusal with a token in it is none.
	return { ...attempt, verdict: grant ? 'noVerdict' : attempt.verdict, grant: null };
}

function readGrant({ fields }: KisReply, appsecret: string, guard: SecretGuard): Grant | null {
	const { access_token } = fields;
	const token = parseAccessToken(access_token);
	if (token instanceof Unusable || typeof access_token !== 'string') return null;
	// Whoever gets the item gets the token (and the app key, which it names), but never the secret that makes tokens.
	if (new SecretGuard([appsecret]).isIn(access_token)) return null;
	const others = OTHER_FIELDS.flatMap((name): Array<[GrantField, string | number]> => {
		const value = fields[name];
		if (typeof value === 'string') return [[name, guard.show(value)]];
		return typeof value === 'number' && !guard.reveals(String(value)) ? [[name, value]] : [];
	});
	return {
		token,
		expiresAt: parseKisTime(fields.access_token_token_expired) ?? token.claims?.expiresAt ?? null,
		fields: { access_token, ...Object.fromEntries(others) },
	};
}
