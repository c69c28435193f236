import { secretsOf, type AccessToken } from '../input/accessToken';
import { endpointOf } from '../input/baseUrl';
import type { KisCredential } from '../input/credential';
import { sendPaced, type SendingOptions } from '../rateLimit/pacedRequest';
import type { AnswerRule } from '../reply/answerRule';
import { readAttempt, type Attempt, type Verdict } from '../reply/attempt';
import { OPEN_ANSWERS } from '../reply/httpAnswers';
import type { KisReply } from '../reply/reply';
import { clockAheadIfSaid } from '../reply/serverClock';
import { SecretGuard } from '../secrets/secretGuard';

/** 주식현재가 시세: changes nothing, and exists in both environments. The path is case-sensitive. */
export const QUOTE_PATH = '/uapi/domestic-stock/v1/quotations/inquire-price';
const QUOTE_TR_ID = 'FHKST01010100';
/** The KRX (J), and a share that is always listed there: Samsung Electronics. */
const QUOTE_QUERY = { FID_COND_MRKT_DIV_CODE: 'J', FID_INPUT_ISCD: '005930' };

/**
 * What KIS's answer to a request for a quote says about its token:
 *
 * - `alive`: KIS gave the quote.
 * - `invalid`: KIS called the token invalid (EGW00121, EGW00122) or expired (EGW00123). A whole token of the app key is dead
 *   then, unless it is called expired and is not: KIS says so of tokens of the other environment too.
 * - `undecided`: anything else.
 */
export type Liveness = 'alive' | 'invalid' | 'undecided';

export interface LivenessAnswer {
	readonly liveness: Liveness;
	readonly attempt: Attempt;
	/**
	 * When the question was written, in milliseconds since 1970; `null` if it was not. An `alive` token was alive at that
	 * moment, since dead tokens stay dead.
	 */
	readonly askedAt: number | null;
	/** How far KIS's clock is ahead of this computer's, in milliseconds; `null` if it did not say. */
	readonly clockAheadMs: number | null;
}

const LIVENESS: Readonly<Record<Verdict, Liveness>> = {
	confirmed: 'alive',
	unprovenConfirmation: 'undecided',
	invalidToken: 'invalid',
	expiredToken: 'invalid',
	refused: 'undecided',
	noVerdict: 'undecided',
	unwritten: 'undecided',
};

/**
 * Asks KIS for one quote with the token, within the app key's limit. Never throws, never retries, and leaves no connection
 * and no timer behind.
 *
 * @returns `null` if it was cancelled before it was sent.
 */
export async function askIfAlive(
	credential: KisCredential,
	token: AccessToken,
	options: SendingOptions,
): Promise<LivenessAnswer | null> {
	const { appkey, appsecret, baseUrl } = credential;
	const guard = new SecretGuard([appkey, appsecret]).and(...secretsOf(token));
	const url = endpointOf(baseUrl, QUOTE_PATH);
	url.search = new URLSearchParams(QUOTE_QUERY).toString();
	const authorization = `Bearer ${token.value}`;
	const headers = { authorization, appkey, appsecret, tr_id: QUOTE_TR_ID };
	let askedAt: number | null = null;
	const sent = await sendPaced(
		credential,
		{ ...options, url },
		async (connection, onWriting) =>
			await connection.get(headers, options.cancel, () => {
				askedAt = Date.now();
				onWriting();
			}),
		(parsed) => readAttempt(parsed, lackingQuote, guard),
	);
	if (!sent) return null;
	const { exchange, attempt } = sent;
	const clockAheadMs = clockAheadIfSaid(exchange);
	return { liveness: LIVENESS[attempt.verdict], attempt, askedAt, clockAheadMs };
}

/** By now an `rt_cd`, where there is one, is 0. */
function lackingQuote({ fields }: KisReply): AnswerRule | null {
	return fields.rt_cd === undefined || fields.rt_cd === null ? OPEN_ANSWERS.withoutQuote : null;
}
