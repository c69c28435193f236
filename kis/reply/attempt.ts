import type { AnswerRule, Meaning } from './answerRule';
import { isListed } from './errorCodes';
import type { Answered } from '../http/exchange';
import { pauseOf, type Pause } from '../http/retryAfter';
import { refusingStatus, TOO_MANY_REQUESTS } from './httpAnswers';
import { isGatewayCode, isShowable, type KisReply, type ParsedExchange } from './reply';
import type { SecretGuard } from '../secrets/secretGuard';
import { ruleOf } from './verdict';

/**
 * How one attempt ended. `confirmed`: KIS did what it was asked to. `unprovenConfirmation`: it said so of a token that it
 * may not know. `unwritten`: nothing of the request was written.
 */
export type Verdict = 'confirmed' | 'unprovenConfirmation' | Meaning | 'unwritten';

/** One request to KIS, as far as it can be told. Nothing in it is secret. */
export interface Attempt {
	readonly verdict: Verdict;
	/** `null` where no answer came. */
	readonly httpStatus: number | null;
	/** The rule that the answer falls under; `null` where it confirms, and where no whole answer came. */
	readonly rule: AnswerRule | null;
	/** The gateway code of a refusal, such as `EGW00121`; `null` where KIS gave none, or two. */
	readonly refusalCode: string | null;
	/** What the server gave as a code of any kind; its HTTP status stands in where it confirmed or refused without. */
	readonly code: string | null;
	/** The server's own words (for a forbidden address, the host's); `null` where there are none. */
	readonly text: string | null;
	/** Why no whole answer came, where none came. */
	readonly transportCode: string | null;
	/** That the server asked for (`Retry-After`); `null` if it asked for none. */
	readonly pause: Pause | null;
}

const NOTHING_KNOWN = {
	httpStatus: null,
	rule: null,
	refusalCode: null,
	code: null,
	text: null,
	transportCode: null,
	pause: null,
} as const;

/**
 * Reads what an exchange means. What comes from outside is kept only as far as the guard lets it pass.
 *
 * @param lacking What a reply on HTTP 200 without a sign of refusal lacks to confirm; `null` if nothing.
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
			// The one status that refuses whatever the body, so also with a part of it.
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
	return {
		...NOTHING_KNOWN,
		verdict,
		httpStatus,
		rule,
		refusalCode: showCode(refusalCode, guard),
		code: showCode(given, guard) ?? standIn,
		text: reply && reply.text !== null ? guard.show(reply.text) : null,
		pause: pauseOf(answer),
	};
}

/** A code of KIS's list is public, whatever a secret may hold. */
function showCode(code: string | null, guard: SecretGuard): string | null {
	return code === null || (!isListed(code) && guard.reveals(code)) ? null : code;
}
