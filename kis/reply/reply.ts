import type { Answered, Exchange } from '../http/exchange';
import { readJsonObject } from '../input/json';

/** The JSON object of an answer, in one of the two shapes that KIS uses (`error_code` at /oauth2, `rt_cd` and `msg_cd` at /uapi). */
export interface KisReply {
	readonly fields: Readonly<Record<string, unknown>>;
	/** Where it is not UTF-8, what is ASCII in it can be read, and nothing else. */
	readonly isUtf8: boolean;
	/** What stands where KIS puts the code of a refusal, if it may be shown. */
	readonly codes: readonly string[];
	/** The field `code`, KIS's repetition of the HTTP status, as text; `null` where it is absent or blank. */
	readonly statedStatus: string | null;
	/** Something in it speaks of a refusal, KIS's or anybody's: it confirms nothing. */
	readonly hasSignOfRefusal: boolean;
	/** Its own words, as sent; `null` where it has none that can be read. */
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
/** Reads every byte as a character, so that ASCII stays what it is. */
const BYTES = new TextDecoder('latin1');
/** What may be shown of a code from outside. */
const CODE_SHAPE = /^[A-Za-z0-9_-]{1,16}$/;
/** A code of KIS's gateways. What else looks like a code is a relay's. */
const GATEWAY_CODE = /^[EI]GW\d{5}$/;
const MENTIONS_GATEWAY_CODE = /[EI]GW\d{5}/i;

/**
 * Reads a whole response body. KIS writes UTF-8 and no content encoding is asked for. What is compressed or no JSON
 * object (HTML from a server that is down, a cut-off body) gives `null`.
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
		codes: [error_code, msg_cd].filter(isText).map(trimmed).filter(isShowable),
		statedStatus: isBlank(code) ? null : asText(code),
		hasSignOfRefusal: Object.entries(fields).some(isSignOfRefusal),
		text: isUtf8 ? ([error_description, msg1, message, error].find(isText) ?? null) : null,
	};
}

/** Whether the code is of KIS's own form, listed or not. */
export function isGatewayCode(code: string): boolean {
	return GATEWAY_CODE.test(code);
}

/** Whether what stands where a code is expected may be shown. */
export function isShowable(code: string): boolean {
	return CODE_SHAPE.test(code);
}

/** A text with something in it. */
export function isText(value: unknown): value is string {
	return typeof value === 'string' && value.trim() !== '';
}

/** A text, a number or a truth value as text; empty for an array or an object: `[200]` is not 200. */
function asText(value: unknown): string {
	return typeof value === 'object' ? '' : String(value).trim();
}

function trimmed(text: string): string {
	return text.trim();
}

function decodeObject(body: Uint8Array, decoder: typeof UTF8): Record<string, unknown> | null {
	try {
		return readJsonObject(decoder.decode(body));
	} catch {
		return null;
	}
}

/** Absent, null or without content; `false` too, as in `"error": false`. */
function isBlank(value: unknown): boolean {
	return (
		value === undefined ||
		value === null ||
		value === false ||
		(typeof value === 'string' && value.trim() === '') ||
		(typeof value === 'object' && Object.keys(value).length === 0)
	);
}

/** Names of fields, in small letters, under which servers say how a request went, and what says that it went wrong. */
const SIGNS: Readonly<Record<string, (value: unknown, word: string) => boolean>> = {
	success: isNo,
	issuccess: isNo,
	is_success: isNo,
	ok: isNo,
	status: isFailure,
	statuscode: isFailure,
	status_code: isFailure,
	result: isFailure,
	rt_cd: (value, word) => value !== null && word !== '0',
};

/** Of a top-level field. Generous: a sign that is none costs a repeat, one that is missed a false statement. */
function isSignOfRefusal([field, value]: readonly [string, unknown]): boolean {
	// A token may hold any letters.
	if (field === 'access_token') return false;
	if (typeof value === 'string' && MENTIONS_GATEWAY_CODE.test(value)) return true;
	const name = field.trim().toLowerCase();
	if (name.startsWith('err')) return !isBlank(value);
	const word = asText(value).toLowerCase();
	return Object.hasOwn(SIGNS, name) && SIGNS[name](value, word);
}

function isNo(value: unknown, word: string): boolean {
	return value !== null && !/^(true|1|y|yes|ok)$/.test(word);
}

function isFailure(value: unknown, word: string): boolean {
	const isNested = typeof value === 'object' && value !== null;
	return isNested || /^(err|fail|[345]\d\d(?!\d))/.test(word);
}
