import { EGRESS_REFUSED, PROXY_UNUSABLE } from '../http/transportCodes';
import type { AnswerRule } from './answerRule';
import type { Attempt } from './attempt';

const FIRST_RETRY_WAIT_MS = 500;
const LONGEST_RETRY_WAIT_MS = 8000;
const PERMANENT: ReadonlySet<string | null> = new Set([EGRESS_REFUSED, PROXY_UNUSABLE]);

/**
 * Decides whether to send a request again, by the rule of its last answer. A request without a verdict is repeated too,
 * so callers must not pass one that is unsafe to repeat.
 *
 * @param attempts All attempts so far, oldest first; at least one.
 * @param retries How many of them were retries.
 * @param random From 0 to 1: spreads the retries of clients that were refused together.
 * @returns How long to wait first, in milliseconds; `null` if it should not be sent again.
 */
export function waitBeforeRetry(
	attempts: readonly Attempt[],
	retries: number,
	maxRetries: number,
	random = Math.random(),
): number | null {
	const last = attempts[attempts.length - 1];
	const retry = retryRuleOf(last);
	if (!retry || retries >= maxRetries || asksToComeBack(last)) return null;
	const timesSeen = attempts.filter(({ rule }) => rule === last.rule).length;
	if (timesSeen > (retry.times ?? Infinity)) return null;
	const growing =
		Math.min(LONGEST_RETRY_WAIT_MS, FIRST_RETRY_WAIT_MS * 2 ** retries) * (0.5 + random / 2);
	return Math.max(retry.afterMs ?? 0, pauseLeft(last)) + growing;
}

/** Returns how the request of an attempt may be sent again; `null` if it may not. */
function retryRuleOf(attempt: Attempt): NonNullable<AnswerRule['retry']> | null {
	if (attempt.rule) return attempt.rule.retry ?? null;
	const mayRepeat = attempt.verdict === 'unwritten' || attempt.verdict === 'noVerdict';
	return mayRepeat && !isPermanent(attempt) ? {} : null;
}

/** Returns how much is left of the pause that the server asked for, in milliseconds. */
export function pauseLeft({ pause }: Attempt): number {
	return pause ? Math.max(0, pause.until - Date.now()) : 0;
}

/** Returns whether the server asked for a longer pause than this client ever waits. */
export function asksToComeBack({ pause }: Attempt): boolean {
	return pause !== null && pause.isTooLong;
}

/** Returns whether no request can leave this computer as it is set up. */
export function isPermanent({ transportCode }: Attempt): boolean {
	return PERMANENT.has(transportCode);
}
