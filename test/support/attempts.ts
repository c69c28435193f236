import type { AnswerRule } from '../../kis/reply/answerRule';
import type { Attempt } from '../../kis/reply/attempt';
import { isListed, KIS_CODES } from '../../kis/reply/errorCodes';
import type { Answered } from '../../kis/http/exchange';
import { OPEN_ANSWERS, refusingStatus } from '../../kis/reply/httpAnswers';

const NOTHING = {
	httpStatus: null,
	refusalCode: null,
	code: null,
	text: null,
	transportCode: null,
	pause: null,
	clockAheadMs: 0,
} as const;

/** An attempt under the rule that an answer with its code or status falls under. */
export function makeAttempt(
	verdict: Attempt['verdict'],
	known: Partial<Omit<Attempt, 'verdict'>> = {},
): Attempt {
	return { ...NOTHING, rule: ruleOf(verdict, known), verdict, ...known };
}

function ruleOf(
	verdict: Attempt['verdict'],
	{ refusalCode = null, httpStatus = null, transportCode = null }: Partial<Attempt>,
): AnswerRule | null {
	if (refusalCode !== null && isListed(refusalCode)) return KIS_CODES[refusalCode];
	if (httpStatus === null || transportCode !== null || verdict === 'confirmed') return null;
	return verdict === 'noVerdict' ? OPEN_ANSWERS.unreadable : refusingStatus(httpStatus);
}

/** A whole HTTP answer; text stands for its bytes. */
export function makeAnswer(
	httpStatus: number,
	body: string | Uint8Array,
	headers: Partial<Pick<Answered, 'contentEncoding' | 'retryAfter' | 'date'>> = {},
): Answered {
	return {
		kind: 'answered',
		httpStatus,
		contentEncoding: null,
		retryAfter: null,
		date: null,
		...headers,
		body: Buffer.from(body),
	};
}
