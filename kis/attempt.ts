import { isListed, lookUpCode, type CodeMeaning } from './errorCodes';
import type { Exchange } from './http/exchange';
import type { RequestEnd } from './rateLimit/rateLimiter';
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

/** More than twice what KIS's page allows a message; the rest of a longer text is cut. */
const MAX_TEXT_LENGTH = 1000;

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
				text: exchange.forbidden && show(exchange.forbidden, guard),
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

/**
 * How an exchange counts towards KIS's limit.
 *
 * @param refusalCode The code of the refusal, if it was one.
 */
export function requestEndOf({ ended }: Exchange, refusalCode: string | null): RequestEnd {
	if (ended === 'unwritten') return 'unsent';
	if (ended === 'unanswered') return 'unanswered';
	const isForTheRate = refusalCode !== null && lookUpCode(refusalCode).retry?.holdsEveryone;
	return isForTheRate ? 'refused' : 'answered';
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
		text: show(text, guard),
	};
}

/** A code of KIS's list is public, whatever a secret may hold. */
function showCode(code: string | null, guard: SecretGuard): string | null {
	return code === null || (!isListed(code) && guard.reveals(code)) ? null : code;
}

function show(text: string, guard: SecretGuard): string {
	if (text.length <= MAX_TEXT_LENGTH) return guard.show(text);
	// A copy: a slice would keep the whole text in memory for as long as the token is remembered.
	return guard.show(Buffer.from(text.slice(0, MAX_TEXT_LENGTH)).toString());
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
