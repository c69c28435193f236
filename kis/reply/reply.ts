import type { Answered, Exchange } from '../http/exchange';
import { objectsIn, readJsonObject } from '../input/json';

/** The JSON object of an answer. KIS has two shapes: `error_code` at /oauth2, `rt_cd` and `msg_cd` at /uapi. */
export interface KisReply {
	readonly fields: Readonly<Record<string, unknown>>;
	/** If not, only the ASCII characters in it are reliable. */
	readonly isUtf8: boolean;
	/** The values of the fields for refusal codes that look like a code, KIS's or not. */
	readonly codes: readonly string[];
	/** The field `code`, in which KIS repeats the HTTP status, as text; `null` if absent or blank. */
	readonly statedStatus: string | null;
	/** Whether any field, however deep, looks like a refusal, KIS's or a relay's. Then the reply confirms nothing. */
	readonly hasSignOfRefusal: boolean;
	/** The server's message, as sent; `null` if there is none, or if it is not UTF-8. */
	readonly text: string | null;
}

/** An exchange with the JSON object of its answer: parsed once, however often it is read. */
export interface ParsedExchange {
	readonly exchange: Exchange;
	/** `null` if no whole answer came, or one that is no JSON object. */
	readonly reply: KisReply | null;
}

/** Parses the answer of an exchange, if one came. */
export function parseExchange(exchange: Exchange): ParsedExchange {
	return { exchange, reply: exchange.kind === 'answered' ? readReply(exchange) : null };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });
/** Maps every byte to a character, so that ASCII survives. */
const BYTES = new TextDecoder('latin1');
/** Codes from outside may be shown if they look like this. */
const CODE_SHAPE = /^[A-Za-z0-9_-]{1,16}$/;
/** A code of KIS's gateways. Any other code is a relay's. */
const GATEWAY_CODE = /^[EI]GW\d{5}$/;
const MENTIONS_GATEWAY_CODE = /[EI]GW\d{5}/i;

/**
 * Reads a whole response body. KIS writes UTF-8, and the client asks for no compression.
 *
 * @returns `null` if the body is compressed, or is not a JSON object: cut off, or HTML from a server that is down.
 */
export function readReply({
	contentEncoding,
	body,
}: Pick<Answered, 'contentEncoding' | 'body'>): KisReply | null {
	if (contentEncoding !== null && contentEncoding.trim().toLowerCase() !== 'identity') return null;
	const asUtf8 = decodeObject(body, UTF8);
	const fields = asUtf8 ?? decodeObject(body, BYTES);
	if (!fields) return null;
	const isUtf8 = asUtf8 !== null;
	const { code, error_code, msg_cd, error_description, msg1, message, error } = fields;
	return {
		fields,
		isUtf8,
		codes: [error_code, msg_cd]
			.filter(isText)
			.map((it) => it.trim())
			.filter(isShowable),
		statedStatus: isBlank(code) ? null : asText(code),
		// A relay may wrap what KIS said in its own success.
		hasSignOfRefusal: objectsIn(fields).some((it) => Object.entries(it).some(isSignOfRefusal)),
		text: isUtf8 ? ([error_description, msg1, message, error].find(isText) ?? null) : null,
	};
}

/** Returns whether the code has the form of KIS's own, listed or not. */
export function isGatewayCode(code: string): boolean {
	return GATEWAY_CODE.test(code);
}

/** Returns whether a text looks like a code, so that it may be shown. */
export function isShowable(code: string): boolean {
	return CODE_SHAPE.test(code);
}

/** Returns whether a value is a string that is not blank. */
export function isText(value: unknown): value is string {
	return typeof value === 'string' && value.trim() !== '';
}

/** Empty for arrays and objects: `[200]` is not 200. */
function asText(value: unknown): string {
	return typeof value === 'object' ? '' : String(value).trim();
}

function decodeObject(body: Uint8Array, decoder: typeof UTF8): Record<string, unknown> | null {
	try {
		return readJsonObject(decoder.decode(body));
	} catch {
		return null;
	}
}

/** `false` counts as blank too, as in `"error": false`. */
function isBlank(value: unknown): boolean {
	return (
		value === undefined ||
		value === null ||
		value === false ||
		(typeof value === 'string' && value.trim() === '') ||
		(typeof value === 'object' && Object.keys(value).length === 0)
	);
}

/** Fields in which servers say how a request went, as {@link isSignOfRefusal} spells them, and how to tell that it failed. */
const SIGNS: Readonly<Record<string, (value: unknown, word: string) => boolean>> = {
	code: isNoSuccess,
	success: isNo,
	issuccess: isNo,
	ok: isNo,
	status: isNoSuccess,
	statuscode: isNoSuccess,
	httpstatus: isNoSuccess,
	result: isNoSuccess,
	resultcode: isNoSuccess,
	returncode: isNoSuccess,
	rtcd: (value, word) => value !== null && word !== '0',
};

/** What fields begin with that hold a failure, if there was one, as in `errors`, `isError`, `failed` or `exception`. */
const NAMES_A_FAILURE = /^(is|has)?(err|fail|fault|exception)/;

/** Nothing, yes, the status 200, or a word for success. A plain 0 or 1 means success to some servers and failure to others. */
const SUCCESS = /^(|true|y|yes|ok|success|successful|succeeded|done|completed?|200( ok)?)$/;

/** Errs on the side of refusal: a false alarm leaves the outcome open, a missed refusal makes a false statement. */
function isSignOfRefusal([field, value]: readonly [string, unknown]): boolean {
	// A token may contain any letters.
	if (field === 'access_token') return false;
	if (typeof value === 'string' && MENTIONS_GATEWAY_CODE.test(value)) return true;
	const name = field.toLowerCase().replace(/[\s_-]/g, '');
	if (NAMES_A_FAILURE.test(name)) return !isBlank(value);
	const word = asText(value).toLowerCase();
	return Object.hasOwn(SIGNS, name) && SIGNS[name](value, word);
}

function isNo(value: unknown, word: string): boolean {
	return value !== null && !/^(true|1|y|yes|ok)$/.test(word);
}

function isNoSuccess(value: unknown, word: string): boolean {
	const isNested = typeof value === 'object' && value !== null;
	return isNested || !SUCCESS.test(word);
}
