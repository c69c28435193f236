import type { AnswerRule } from './answerRule';
import { isListed, KIS_CODES } from './errorCodes';
import { OPEN_ANSWERS, refusingStatus } from './httpAnswers';
import { isGatewayCode, type KisReply } from './reply';

/** KIS confirms with this HTTP status and no other. */
const CONFIRMS = 200;

/**
 * The rule that an answer falls under, or `null` if it confirms. In this order: a listed code of KIS decides, whatever
 * the status; then the status does. Anything that has not been seen to prove something leaves it open.
 *
 * @param reply `null` where the body is no JSON object.
 * @param lacking What a reply on HTTP 200 without a sign of refusal lacks to confirm; `null` if nothing.
 */
export function ruleOf(
	httpStatus: number,
	reply: KisReply | null,
	lacking: (reply: KisReply) => AnswerRule | null,
): AnswerRule | null {
	const [listed, another] = new Set(reply?.codes.filter(isListed));
	if (another !== undefined) return OPEN_ANSWERS.contradiction;
	if (listed !== undefined) return KIS_CODES[listed];
	const ofStatus = refusingStatus(httpStatus);
	if (ofStatus?.retry) return ofStatus;
	if (httpStatus !== CONFIRMS) return ofOtherStatus(httpStatus, reply);
	if (!reply) return OPEN_ANSWERS.unreadable;
	if (!reply.isUtf8) return OPEN_ANSWERS.unreadable;
	const { statedStatus, hasSignOfRefusal } = reply;
	if (statedStatus !== null && statedStatus !== String(CONFIRMS)) {
		return refusingStatus(asHttpStatus(statedStatus)) ?? OPEN_ANSWERS.neither;
	}
	return hasSignOfRefusal ? OPEN_ANSWERS.neither : lacking(reply);
}

function ofOtherStatus(httpStatus: number, reply: KisReply | null): AnswerRule {
	const rule = refusingStatus(httpStatus);
	if (!rule) return OPEN_ANSWERS.otherStatus;
	if (!reply || !(reply.isUtf8 || reply.codes.some(isGatewayCode))) return OPEN_ANSWERS.unreadable;
	const stated = asHttpStatus(reply.statedStatus ?? '');
	return Number.isNaN(stated) || refusingStatus(stated) ? rule : OPEN_ANSWERS.contradiction;
}

/** `NaN` for what is no HTTP status. */
function asHttpStatus(text: string): number {
	return /^[1-5]\d\d$/.test(text) ? Number(text) : NaN;
}
