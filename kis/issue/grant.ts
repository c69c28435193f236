import type { Answered } from '../http/exchange';
import {
	MAX_TOKEN_BYTES,
	looksLikeToken,
	parseAccessToken,
	type AccessToken,
} from '../input/accessToken';
import type { KisCredential } from '../input/credential';
import { InvalidInput } from '../input/invalidInput';
import { readAttempt, type Attempt } from '../reply/attempt';
import { OPEN_ANSWERS } from '../reply/httpAnswers';
import { parseKisTime } from '../reply/koreanTime';
import { isText, type KisReply, type ParsedExchange } from '../reply/reply';
import { clockAheadOf } from '../reply/serverClock';
import { SecretGuard } from '../secrets/secretGuard';

/** 접근토큰발급. The path is case-sensitive. */
export const ISSUE_PATH = '/oauth2/tokenP';

/**
 * Makes the body of OAuth 2.0's client credentials grant, with KIS's names for the key pair.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 */
export function issueBody({ appkey, appsecret }: KisCredential): object {
	return { grant_type: 'client_credentials', appkey, appsecret };
}

/** A token as KIS gave it. */
export interface Grant {
	readonly token: AccessToken;
	/** By KIS's own field, else by the token's claim, in milliseconds since 1970; `null` if neither says. */
	readonly expiresAt: number | null;
	/** Whether KIS said that its life is over (`expires_in` of 0 or less). */
	readonly isOver: boolean;
	/** How far KIS's clock is ahead of this computer's, in milliseconds; 0 if they differ by five minutes or less. */
	readonly clockAheadMs: number;
	/** KIS's four fields as they came, but the token bare. */
	readonly fields: Readonly<Partial<Record<GrantField, string | number>>>;
}

/** When it expires (Korean time without an offset, `2026-11-23 08:16:59`), `Bearer`, and in how many seconds it expires. */
const OTHER_FIELDS = ['access_token_token_expired', 'token_type', 'expires_in'] as const;
type GrantField = 'access_token' | (typeof OTHER_FIELDS)[number];

export interface IssueAttempt extends Attempt {
	/** `null` unless the verdict is `confirmed`. */
	readonly grant: Grant | null;
}

/** JSON that contains a JWT, or a string under a name that ends like `access_token`. */
const HOLDS_TOKEN = /eyJ[\w-]{4}i|token":[[{]*"[^"]/i;

/**
 * Reads what an exchange means. The only secret in the result is the token of its grant.
 *
 * @param known Guards the key pair, and the tokens that are known already: the server may quote them.
 */
export function readIssue(
	parsed: ParsedExchange,
	{ appsecret }: KisCredential,
	known: SecretGuard,
): IssueAttempt {
	const { exchange, reply } = parsed;
	const fields = reply?.fields ?? {};
	const given = isText(fields.access_token) ? fields.access_token : '';
	const guard = known.and(given.slice(0, MAX_TOKEN_BYTES));
	const grant = exchange.kind === 'answered' ? readGrant(exchange, fields, appsecret, guard) : null;
	const lacking = () => (grant ? null : OPEN_ANSWERS.withoutToken);
	const attempt = readAttempt(parsed, lacking, guard);
	if (attempt.verdict === 'confirmed') return { ...attempt, grant };
	if (!HOLDS_TOKEN.test(JSON.stringify(fields)) || attempt.verdict === 'noVerdict')
		return { ...attempt, grant: null };
	// A refusal that contains a token anywhere cannot be trusted.
	return { ...attempt, verdict: 'noVerdict', rule: OPEN_ANSWERS.contradiction, grant: null };
}

/** Reads a text as a token that KIS gave; `null` if it can be none. */
export function readGiven(text: unknown, appsecret: string): AccessToken | null {
	const token = parseAccessToken(text);
	if (token instanceof InvalidInput || !looksLikeToken(token)) return null;
	// Whoever gets the item gets the token (and the app key, which it names), but never the secret that makes tokens.
	return new SecretGuard([appsecret]).isQuotedIn(token.value) ? null : token;
}

function readGrant(
	answer: Answered,
	fields: KisReply['fields'],
	appsecret: string,
	guard: SecretGuard,
): Grant | null {
	const { access_token, access_token_token_expired, expires_in } = fields;
	const token = readGiven(access_token, appsecret);
	if (!token) return null;
	const others = OTHER_FIELDS.flatMap((name): Array<[GrantField, string | number]> => {
		const value = fields[name];
		if (typeof value === 'string') return [[name, guard.show(value)]];
		return typeof value === 'number' && !guard.reveals(String(value)) ? [[name, value]] : [];
	});
	return {
		token,
		expiresAt: parseKisTime(access_token_token_expired) ?? token.claims?.expiresAt ?? null,
		isOver: isText(String(expires_in ?? '')) && Number(expires_in) <= 0,
		clockAheadMs: clockAheadOf(answer),
		fields: { access_token: token.value, ...Object.fromEntries(others) },
	};
}
