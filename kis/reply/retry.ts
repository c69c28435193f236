import { setTimeout as delay } from 'node:timers/promises';

import type { AnswerRule } from './answerRule';
import type { Attempt } from './attempt';
import { EGRESS_REFUSED, PROXY_UNUSABLE } from '../http/transportCodes';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const PERMANENT: ReadonlySet<string | null> = new Set([EGRESS_REFUSED, PROXY_UNUSABLE]);

/**
 * How long to wait before the next attempt, in milliseconds, or `null` if there should be none. The rule that the answer
 * falls under decides: what was not processed may be sent again, and so may what has no verdict. A request that is not
 * safe to repeat must not come here without a verdict.
 *
 * @param attempts All attempts so far, oldest first; at least one.
 * @param retries How many of them were retries.
 * @param random From 0 to 1; spreads the retries of clients that were refused together.
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
	const timesSeen = attempts.filter(({ rule }) => rule !== null && rule === last.rule).length;
	if (retry.times !== undefined && timesSeen > retry.times) return null;
	const growing = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** retries) * (0.5 + random / 2);
	return Math.max(retry.afterMs ?? 0, pauseLeft(last)) + growing;
}

/** The rule under which the same request may be sent again; `null` if it may not. */
export function retryRuleOf(attempt: Attempt): NonNullable<AnswerRule['retry']> | null {
	if (attempt.rule) return attempt.rule.retry ?? null;
	const mayRepeat = attempt.verdict === 'unwritten' || attempt.verdict === 'noVerdict';
	return mayRepeat && !isPermanent(attempt) ? {} : null;
}

/** For how long from now the server wants no request, in milliseconds. */
export function pauseLeft({ pause }: Attempt): number {
	return pause ? Math.max(0, pause.until - Date.now()) : 0;
}

/** The server wants no request for longer than anyone waits here. */
export function asksToComeBack({ pause }: Attempt): boolean {
	return pause !== null && pause.isTooLong;
}

/** No request at all could be written from this computer as it is set up. */
export function isPermanent({ transportCode }: Attempt): boolean {
	return PERMANENT.has(transportCode);
}

/** Waits, and resolves to `true`; to `false`, immediately, if `stop` is aborted. */
export async function wait(milliseconds: number, stop: AbortSignal): Promise<boolean> {
	try {
		await delay(milliseconds, undefined, { signal: stop });
		return true;
	} catch {
		return false;
	}
}
