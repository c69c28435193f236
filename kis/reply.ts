import { readJsonObject } from './json';

/** KIS's answer: a JSON object in one of the two shapes that KIS uses (`error_code` at /oauth2, `rt_cd` and `msg_cd` at /uapi). */
export interface KisReply {
	readonly httpStatus: number;
	readonly fields: Readonly<Record<string, unknown>>;
	/** What KIS gave as the reason, where it refuses. */
	readonly refusal: Refusal | null;
}

export interface Refusal {
	/** What stands where KIS puts its code, if it may be shown; KIS's own first. */
	readonly code: string | null;
	/** The same, if it looks like KIS's own (`EGW00121`): what a relay in between puts there says nothing of KIS. */
	readonly kisCode: string | null;
	/** KIS's own words, as sent; empty where it gives none. */
	readonly text: string;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });
/** What may be shown of a code from outside. */
export const CODE_SHAPE = /^[A-Za-z0-9_-]{1,16}$/;
/** KIS's codes: letters and digits (EGW00121, OPSQ0002), or eight digits. */
const KIS_CODE = /^([A-Z]+\d{3,}|\d{8})$/i;
/** In /uapi's shape a `msg_cd` comes with a success too; a gateway code is always a refusal. */
const GATEWAY_CODE = /^EGW\d+$/i;

/**
 * Reads a whole response body. KIS writes UTF-8 and no content encoding is asked for: anything else is not readable,
 * and neither is what is no JSON object (HTML from a server that is down, a cut-off body). Those give `null`.
 */
export function readReply(
	httpStatus: number,
	contentEncoding: string | null,
	body: Uint8Array,
): KisReply | null {
	if (contentEncoding !== null && contentEncoding.trim().toLowerCase() !== 'identity') return null;
	const fields = parseJsonObject(body);
	return fields && { httpStatus, fields, refusal: readRefusal(fields) };
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

/** Equal as KIS means it: numbers come as numbers or as text. */
export function isNumber(value: unknown, number: number): boolean {
	return value === number || (typeof value === 'string' && value.trim() === String(number));
}

function parseJsonObject(body: Uint8Array): Record<string, unknown> | null {
	try {
		return readJsonObject(UTF8.decode(body));
	} catch {
		return null;
	}
}

function readRefusal(fields: Readonly<Record<string, unknown>>): Refusal | null {
	const saysRefused =
		!isBlank(fields.error_code) ||
		!isBlank(fields.error) ||
		!isBlank(fields.error_description) ||
		saysNotZero(fields.rt_cd) ||
		(typeof fields.msg_cd === 'string' && GATEWAY_CODE.test(fields.msg_cd.trim()));
	if (!saysRefused) return null;
	const codes = [fields.error_code, fields.msg_cd].map(asCode).filter((code) => code !== null);
	const kisCode = codes.find((code) => KIS_CODE.test(code)) ?? null;
	return {
		code: kisCode ?? codes[0] ?? null,
		kisCode,
		text: [fields.error_description, fields.msg1, fields.message, fields.error].find(isText) ?? '',
	};
}

function asCode(value: unknown): string | null {
	return isText(value) && CODE_SHAPE.test(value.trim()) ? value.trim() : null;
}

function saysNotZero(returnCode: unknown): boolean {
	return returnCode !== undefined && returnCode !== null && !isNumber(returnCode, 0);
}

/** A text with something in it. */
export function isText(value: unknown): value is string {
	return typeof value === 'string' && value.trim() !== '';
}
