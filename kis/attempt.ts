import { isListed, lookUpCode, type CodeMeaning } from './errorCodes';
import type { Exchange } from './http/exchange';
import { CODE_SHAPE, isText, readReply, type KisReply } from './reply';
import type { SecretGuard } from './secretGuard';

/** How one attempt ended. `confirmed`: KIS did what it was asked to. */
export type Verdict = 'confirmed' | CodeMeaning | 'unwritten';

/** One request to KIS, as far as it can be told. Nothing in it is secret. */
export interface Attempt {
	readonly verdict: Verdict;
	/** `null` where no answer came. */
	readonly httpStatus: number | null;
	/** The error code of a refusal, such as `EGW00121`; `null` where KIS gave none. */
	readonly refusalCode: string | null;
	/** What KIS gave as a code of any kind; its HTTP status stands in where it confirmed or refused without. */
	readonly code: string | null;
	/** KIS's own words (for a forbidden address, the host's); `null` where there are none. */
	readonly text: string | null;
	/** Why no whole answer came, where none came. */
	readonly transportCode: string | null;
}

/** KIS's answer, if there is one that can be read. */
export function replyOf(exchange: Exchange): KisReply | null {
	if (exchange.ended !== 'answered') return null;
	return readReply(exchange.httpStatus, exchange.contentEncoding, exchange.body);
}

/**
 * What an exchange means. What comes from outside is kept only as far as the guard lets it pass.
 *
 * @param confirms Whether an answer that refuses nothing says that KIS did what it was asked to.
 */
export function readAttempt(
	exchange: Exchange,
	confirms: (reply: KisReply) => boolean,
	guard: SecretGuard,
): Attempt {
	switch (exchange.ended) {
		case 'unwritten':
			return {
				...NOTHING,
				verdict: 'unwritten',
				text: exchange.forbidden && guard.show(exchange.forbidden),
				transportCode: exchange.transportCode,
			};
		case 'unanswered':
			return {
				...NOTHING,
				verdict: 'noVerdict',
				httpStatus: exchange.httpStatus,
				transportCode: exchange.transportCode,
			};
		case 'answered': {
			const reply = replyOf(exchange);
			return reply
				? readAnswer(reply, confirms, guard)
				: { ...NOTHING, verdict: 'noVerdict', httpStatus: exchange.httpStatus };
		}
	}
}

const NOTHING = {
	httpStatus: null,
	refusalCode: null,
	code: null,
	text: null,
	transportCode: null,
} as const;

function readAnswer(
	reply: KisReply,
	confirms: (reply: KisReply) => boolean,
	guard: SecretGuard,
): Attempt {
	const { httpStatus, fields, refusal } = reply;
	const verdict = isSuccess(reply) && confirms(reply) ? 'confirmed' : verdictOnFailure(reply);
	const given = refusal?.code ?? bodyCode(fields.code);
	const standIn = verdict === 'noVerdict' ? null : String(httpStatus);
	const text = refusal?.text ?? (typeof fields.message === 'string' ? fields.message : '');
	return {
		...NOTHING,
		verdict,
		httpStatus,
		refusalCode: showCode(refusal?.kisCode ?? null, guard),
		code: showCode(given, guard) ?? standIn,
		text: guard.show(text),
	};
}

/** A code of KIS's list is public, whatever a secret may hold. */
function showCode(code: string | null, guard: SecretGuard): string | null {
	return code === null || (!isListed(code) && guard.reveals(code)) ? null : code;
}

function isSuccess({ httpStatus, refusal }: KisReply): boolean {
	return refusal === null && httpStatus >= 200 && httpStatus <= 299;
}

function verdictOnFailure({ httpStatus, fields, refusal }: KisReply): Verdict {
	if (refusal?.kisCode) return lookUpCode(refusal.kisCode).meaning;
	return [String(httpStatus), bodyCode(fields.code)].some(isClientError) ? 'refused' : 'noVerdict';
}

function bodyCode(code: unknown): string | null {
	const text = typeof code === 'number' ? String(code) : code;
	return isText(text) && CODE_SHAPE.test(text.trim()) ? text.trim() : null;
}

function isClientError(code: string | null): boolean {
	return code !== null && /^4\d\d$/.test(code);
}
