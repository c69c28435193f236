import type { AccessToken } from './accessToken';
import { lookUpCode } from './errorCodes';
import type { Exchange } from './http/exchange';
import type { Verdict } from './outcome';
import { CODE_SHAPE, isNumber, isText, readReply, type KisReply } from './reply';
import type { SecretGuard } from './secretGuard';

/** 접근토큰폐기. The path is case-sensitive. */
export const REVOKE_PATH = '/oauth2/revokeP';

/** What KIS's page asks for: the bare token, and neither header nor grant type. */
export function revokeBody(appkey: string, appsecret: string, token: AccessToken): object {
	return { appkey, appsecret, token: token.value };
}

/** One attempt to revoke a token, as far as it can be told. Nothing in it is secret. */
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

/** What an exchange means for the token. What comes from outside is kept only as far as the guard lets it pass. */
export function readAttempt(exchange: Exchange, guard: SecretGuard): Attempt {
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
			const { httpStatus, contentEncoding, body } = exchange;
			const reply = readReply(httpStatus, contentEncoding, body);
			return reply ? readAnswer(reply, guard) : { ...NOTHING, verdict: 'noVerdict', httpStatus };
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

function readAnswer(reply: KisReply, guard: SecretGuard): Attempt {
	const { httpStatus, fields, refusal } = reply;
	const verdict = verdictOf(reply);
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

function showCode(code: string | null, guard: SecretGuard): string | null {
	return code === null || guard.reveals(code) ? null : code;
}

function show(text: string, guard: SecretGuard): string {
	if (text.length <= MAX_TEXT_LENGTH) return guard.show(text);
	// A copy: a slice would keep the whole text in memory for as long as the token is remembered.
	return guard.show(Buffer.from(text.slice(0, MAX_TEXT_LENGTH)).toString());
}

function verdictOf(reply: KisReply): Verdict {
	const { httpStatus, fields, refusal } = reply;
	if (!refusal && isConfirmation(reply)) return 'confirmed';
	if (refusal?.kisCode) return lookUpCode(refusal.kisCode).meaning;
	return [String(httpStatus), bodyCode(fields.code)].some(isClientError) ? 'refused' : 'noVerdict';
}

function bodyCode(code: unknown): string | null {
	const text = typeof code === 'number' ? String(code) : code;
	return isText(text) && CODE_SHAPE.test(text.trim()) ? text.trim() : null;
}

/** KIS answers `{"code":200,"message":"…"}`, the code as a number; by its page it is a text, and both are optional. */
function isConfirmation({ httpStatus, fields }: KisReply): boolean {
	if (httpStatus < 200 || httpStatus > 299) return false;
	return isLeftOut(fields.code)
		? isText(fields.message) || isNumber(fields.rt_cd, 0)
		: isNumber(fields.code, 200);
}

function isLeftOut(code: unknown): boolean {
	return code === undefined || code === null || code === '';
}

function isClientError(code: string | null): boolean {
	return code !== null && /^4\d\d$/.test(code);
}
