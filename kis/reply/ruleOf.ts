import type { AnswerRule } from './answerRule';
import { isListed, KIS_CODES } from './errorCodes';
import { OPEN_ANSWERS, REFUSING_STATUSES, refusingStatus, TOO_MANY_REQUESTS } from './httpAnswers';
import { isGatewayCode, type KisReply } from './reply';

/** KIS confirms with this HTTP status and no other. */
const CONFIRMS = 200;

/**
 * Finds the rule for an answer. A listed code of KIS decides first, whatever the status; then the status does. Anything
 * that is not known to prove something is `noVerdict`.
 *
 * @param reply `null` if the body is not a JSON object.
 * @param lacking Checks a reply on HTTP 200 without a sign of refusal. Returns what it lacks to confirm; `null` if nothing.
 * @returns `null` if the answer confirms.
 */
export function ruleOf(
	httpStatus: number,
	reply: KisReply | null,
	lacking: (reply: KisReply) => AnswerRule | null,
): AnswerRule | null {
	const [listed, another] = new Set(reply?.codes.filter(isListed));
	if (listed !== undefined && another === undefined) return KIS_CODES[listed];
	if (httpStatus === TOO_MANY_REQUESTS) return REFUSING_STATUSES[TOO_MANY_REQUESTS];
	if (another !== undefined) return OPEN_ANSWERS.contradiction;
	if (httpStatus !== CONFIRMS) return ofOtherStatus(httpStatus, reply);
	if (!reply?.isUtf8) return OPEN_ANSWERS.unreadable;
	const { statedStatus, hasSignOfRefusal } = reply;
	if (statedStatus !== null && statedStatus !== String(CONFIRMS)) {
		return refusingStatus(statedStatus) ?? OPEN_ANSWERS.neither;
	}
	return hasSignOfRefusal ? OPEN_ANSWERS.neither : lacking(reply);
}

function ofOtherStatus(httpStatus: number, reply: KisReply | null): AnswerRule {
	const rule = refusingStatus(httpStatus);
	if (!rule) return OPEN_ANSWERS.otherStatus;
	if (!reply || !(reply.isUtf8 || reply.codes.some(isGatewayCode))) return OPEN_ANSWERS.unreadable;
	return contradictsRefusal(reply.statedStatus) ? OPEN_ANSWERS.contradiction : rule;
}

/** Returns whether the body states a status that does not refuse, alone or followed by words. */
function contradictsRefusal(statedStatus: string | null): boolean {
	if (statedStatus === null) return false;
	const [status] = /^[1-5]\d\d(?!\d)/.exec(statedStatus) ?? [];
	return statedStatus === '' || (status !== undefined && !refusingStatus(status));
}
