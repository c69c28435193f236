import { isUtf8 } from 'node:buffer';
import { get, type IncomingHttpHeaders } from 'node:http';
import { Duplex } from 'node:stream';

import { TEXTS } from '../sandbox/texts';
import { BELIEVED_STATUSES } from './answers';

/** What the rules make of an answer, whatever the node makes of it: they are written here a second time. */
export type Means = 'confirmed' | 'invalid' | 'expired' | 'refused' | 'none';

/** Why a refusal is believed. */
export type RefusalRule = 'listedCode' | 'tooMany' | 'clientError' | 'codeInBody';

export interface Reading {
	readonly means: Means;
	/** `null` where nothing is refused. */
	readonly rule: RefusalRule | null;
	/** KIS's code, if it is of its list. */
	readonly code: string | null;
	/** How long everyone has to wait, at least, in milliseconds. */
	readonly waitMs: number;
}

interface HttpResponse {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
}

/** Where KIS itself does not say whether it processed the request. */
export const NO_VERDICT: readonly string[] = [
	'EGW00001',
	'EGW00002',
	'EGW00204',
	'EGW00301',
	'EGW00302',
];
/** KIS turns down the app: the node stops sending. */
export const ON_THE_CREDENTIAL: readonly string[] = [
	'EGW00003',
	'EGW00004',
	'EGW00102',
	'EGW00103',
	'EGW00104',
	'EGW00105',
	'EGW00206',
	'EGW00207',
	'EGW00210',
	'EGW00303',
	'EGW00304',
];
const ON_THE_TOKEN: Readonly<Record<string, Means>> = {
	EGW00121: 'invalid',
	EGW00122: 'invalid',
	EGW00123: 'expired',
};
/** A date has no milliseconds. */
const DATE_RESOLUTION_MS = 1000;

/** Reads what went over the wire to the client. */
export async function readBytes(bytes: Buffer): Promise<Reading> {
	const answer = await parse(bytes);
	const read = answer ? interpret(answer) : NONE;
	return { ...read, waitMs: answer ? waitIn(answer) : 0 };
}

/** Whether it is the quote that was asked for. */
export async function isQuote(bytes: Buffer): Promise<boolean> {
	const answer = await parse(bytes);
	const fields = answer && readObject(answer.body);
	return answer?.status === 200 && fields?.rt_cd === '0' && !hasSign(fields);
}

/** A token as an answer gives it. */
export interface Given {
	readonly value: string;
	/** By the answer's own words, in milliseconds since 1970; infinite if it does not say. */
	readonly endsAt: number;
	/** The answer says that no second of its life is left. */
	readonly isOver: boolean;
}

/** Returns the token that an answer to a token request gives; `null` if it gives none. */
export async function readGiven(bytes: Buffer): Promise<Given | null> {
	const answer = await parse(bytes);
	const fields = answer && readObject(answer.body);
	if (answer?.status !== 200 || !fields || hasSign(fields)) return null;
	const { access_token: value, access_token_token_expired: ends, expires_in: left } = fields;
	if (typeof value !== 'string' || !/^[\w.~+/-]{20,}=*$/.test(value)) return null;
	const moment = typeof ends === 'string' ? Date.parse(`${ends.replace(' ', 'T')}+09:00`) : NaN;
	const endsAt = Number.isNaN(moment) ? Infinity : moment;
	return { value, endsAt, isOver: Number(left ?? 1) <= 0 };
}

const NONE = { means: 'none', rule: null, code: null } as const;
const refused = (rule: RefusalRule) => ({ means: 'refused', rule, code: null }) as const;

function interpret({ status, headers, body }: HttpResponse): Omit<Reading, 'waitMs'> {
	if ((headers['content-encoding'] ?? 'identity') !== 'identity') return NONE;
	const fields = readObject(body);
	const listed = [fields?.error_code, fields?.msg_cd].map(asCode).find((it) => it in TEXTS);
	if (listed !== undefined) {
		if (NO_VERDICT.includes(listed)) return NONE;
		return { means: ON_THE_TOKEN[listed] ?? 'refused', rule: 'listedCode', code: listed };
	}
	if (status === 429) return refused('tooMany');
	if (!fields) return NONE;
	const code = asCode(fields.code);
	if (status !== 200) return isBelieved(status) && code !== '200' ? refused('clientError') : NONE;
	if (hasContent(fields.error_code)) return NONE;
	if (isBelieved(Number(code))) return refused('codeInBody');
	const isSuccess = code === '200' && !hasSign(fields) && isUtf8(body);
	return isSuccess ? { ...NONE, means: 'confirmed' } : NONE;
}

function isBelieved(status: number): boolean {
	return BELIEVED_STATUSES.some((one) => one === status);
}

function hasSign(fields: Readonly<Record<string, unknown>>): boolean {
	return Object.entries(fields).some(
		([name, value]) =>
			(/^error/i.test(name) && hasContent(value)) ||
			(name === 'success' && String(value) === 'false') ||
			(/^(status|result)$/.test(name) && !/^(ok|success|200)$/i.test(String(value))) ||
			(name === 'rt_cd' && asCode(value) !== '0') ||
			/^[EI]GW\d{5}$/.test(asCode(value)) ||
			(typeof value === 'object' && value !== null && hasSign(value as typeof fields)),
	);
}

function hasContent(value: unknown): boolean {
	return ![undefined, null, false, ''].includes(value as string);
}

/** As KIS writes it: a text or a number. */
function asCode(value: unknown): string {
	return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}

/** Of any letters: codes are ASCII. */
function readObject(body: Buffer): Record<string, unknown> | null {
	try {
		const json: unknown = JSON.parse(body.toString('latin1'));
		const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
		return isObject ? (json as Record<string, unknown>) : null;
	} catch {
		return null;
	}
}

function waitIn({ status, headers }: HttpResponse): number {
	const text = headers['retry-after'] ?? '';
	if (status !== 429 && status !== 503) return 0;
	if (/^\d+$/.test(text)) return Number(text) * 1000;
	const until = Date.parse(text) - Date.parse(headers.date ?? '') - DATE_RESOLUTION_MS;
	return Number.isNaN(until) ? 0 : Math.max(0, until);
}

/** With Node's own parser; `null` if the answer is not whole. */
async function parse(bytes: Buffer): Promise<HttpResponse | null> {
	const connection = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
	connection.push(bytes);
	connection.push(null);
	return await new Promise((resolve) => {
		const request = get({ createConnection: () => connection }, (response) => {
			const chunks: Buffer[] = [];
			response.on('data', (chunk: Buffer) => chunks.push(chunk));
			response.once('error', () => resolve(null));
			response.once('end', () => {
				const { statusCode = 0, headers } = response;
				resolve({ status: statusCode, headers, body: Buffer.concat(chunks) });
			});
		});
		request.once('error', () => resolve(null));
	});
}
