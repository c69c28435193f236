import type { Answered } from '../http/exchange';
import { pauseOf, type Pause } from '../http/retryAfter';
import type { SecretGuard } from '../secrets/secretGuard';
import type { AnswerRule, Meaning } from './answerRule';
import { isListed } from './errorCodes';
import { refusingStatus, TOO_MANY_REQUESTS } from './httpAnswers';
import { isGatewayCode, isShowable, type KisReply, type ParsedExchange } from './reply';
import { ruleOf } from './ruleOf';
import { clockAheadOf } from './serverClock';

/**
 * How one attempt ended:
 *
 * - `confirmed`: KIS did what it was asked to.
 * - `unprovenConfirmation`: KIS confirmed, but it may not know the token.
 * - `unwritten`: nothing of the request was written.
 */
export type Verdict = 'confirmed' | 'unprovenConfirmation' | Meaning | 'unwritten';

/** One request to KIS and what came of it. Holds nothing secret. */
export interface Attempt {
	readonly verdict: Verdict;
	/** `null` if no answer came. */
	readonly httpStatus: number | null;
	/** The rule for this answer; `null` if it confirms, or if no whole answer came. */
	readonly rule: AnswerRule | null;
	/** KIS's gateway code, such as `EGW00121`; `null` if the answer has none, or two. */
	readonly refusalCode: string | null;
	/** Any code that the server gave, else the HTTP status of a confirmation or refusal; `null` if neither is known. */
	readonly code: string | null;
	/** The server's own words, or the host program's about a forbidden address; `null` if there are none. */
	readonly text: string | null;
	/** Why no whole answer came; `null` if one came. */
	readonly transportCode: string | null;
	/** The pause that the server asked for with `Retry-After`; `null` for none. */
	readonly pause: Pause | null;
	/** If KIS called the token invalid or expired: how many milliseconds the server's clock was ahead of this computer's; else 0. */
	readonly clockAheadMs: number;
}

const NOTHING_KNOWN = {
	httpStatus: null,
	rule: null,
	refusalCode: null,
	code: null,
	text: null,
	transportCode: null,
	pause: null,
	clockAheadMs: 0,
} as const;

/**
 * Reads what an exchange means. Text from outside is kept only if the guard lets it pass.
 *
 * @param lacking Checks a reply on HTTP 200 without a sign of refusal. Returns what it lacks to confirm; `null` if nothing.
 */
export function readAttempt(
	{ exchange, reply }: ParsedExchange,
	lacking: (reply: KisReply) => AnswerRule | null,
	guard: SecretGuard,
): Attempt {
	switch (exchange.kind) {
		case 'unwritten':
			return {
				...NOTHING_KNOWN,
				verdict: 'unwritten',
				text: exchange.forbidden && guard.show(exchange.forbidden),
				transportCode: exchange.transportCode,
			};
		case 'unanswered': {
			const { httpStatus, transportCode } = exchange;
			// This status refuses whatever the body says, so an incomplete body will do.
			const rule = httpStatus === TOO_MANY_REQUESTS ? refusingStatus(httpStatus) : null;
			const verdict = rule?.meaning ?? 'noVerdict';
			return { ...NOTHING_KNOWN, verdict, httpStatus, rule, transportCode };
		}
		case 'answered':
			return readAnswer(exchange, reply, lacking, guard);
	}
}

function readAnswer(
	answer: Answered,
	reply: KisReply | null,
	lacking: (reply: KisReply) => AnswerRule | null,
	guard: SecretGuard,
): Attempt {
	const { httpStatus } = answer;
	const rule = ruleOf(httpStatus, reply, lacking);
	const verdict = rule?.meaning ?? 'confirmed';
	const standIn = verdict === 'noVerdict' ? null : String(httpStatus);
	const codes = reply?.codes ?? [];
	const own = new Set(codes.filter(isGatewayCode));
	const [refusalCode = null] = own.size === 1 ? own : [];
	const stated = reply?.statedStatus ?? '';
	const given = refusalCode ?? codes[0] ?? (isShowable(stated) ? stated : null);
	// Written out: V8 takes microseconds to copy NOTHING_KNOWN.
	return {
		verdict,
		httpStatus,
		rule,
		refusalCode: showCode(refusalCode, guard),
		code: showCode(given, guard) ?? standIn,
		text: reply && reply.text !== null ? guard.show(reply.text) : null,
		transportCode: null,
		pause: pauseOf(answer),
		clockAheadMs: isAboutToken(verdict) ? clockAheadOf(answer) : 0,
	};
}

function isAboutToken(verdict: Verdict): boolean {
	return verdict === 'invalidToken' || verdict === 'expiredToken';
}

/** A listed code is public, even if a secret contains it. */
function showCode(code: string | null, guard: SecretGuard): string | null {
	return code === null || (!isListed(code) && guard.reveals(code)) ? null : code;
}
