import { gzipSync } from 'node:zlib';

import fc from 'fast-check';

import { KIS_CODES } from '../../kis/reply/errorCodes';
import { text } from './arbitraries';

export const status = fc.oneof(
	fc.constantFrom(200, 201, 302, 400, 401, 403, 404, 429, 500, 502, 503),
	fc.integer({ min: 200, max: 999 }),
);

export const contentEncoding = fc.oneof(
	fc.constantFrom(null, null, 'identity', ' Identity', 'gzip', ''),
	text,
);

const codes = [...Object.keys(KIS_CODES), '200', '0', '1', '403', 'OPSQ0002', 'KIOK0000', ''];
const hostile = fc.oneof(
	fc.constantFrom(...codes, 200, 0, 1, 403, null, true, false),
	text,
	fc.jsonValue({ maxDepth: 2 }),
);

/** What KIS answers, with any values in some of the fields that KIS uses; `echo` is among them. */
export function bodyWith(echo: fc.Arbitrary<string>): fc.Arbitrary<Record<string, unknown>> {
	const value = fc.oneof(hostile, echo);
	const names = 'code message error_code error_description error rt_cd msg_cd msg1 __proto__ other';
	return fc
		.tuple(
			fc.constantFrom({}, { code: 200, message: 'OK' }, { message: 'OK' }, { rt_cd: '0' }),
			fc.array(fc.tuple(fc.constantFrom(...names.split(' ')), value), { maxLength: 6 }),
		)
		.map(([usual, fields]) => ({ ...usual, ...Object.fromEntries(fields) }));
}

export const kisBody = bodyWith(text);

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** Any bytes, any JSON, KIS's shapes, whole, damaged and compressed. */
export const replyBody = fc.oneof(
	fc.uint8Array({ maxLength: 64 }),
	fc.json().map(bytes),
	kisBody.map((body) => bytes(JSON.stringify(body))),
	kisBody.map((body) => bytes(`\uFEFF ${JSON.stringify(body)}\n`)),
	kisBody.map((body) => bytes(JSON.stringify([body]))),
	kisBody.map((body) => new Uint8Array(gzipSync(JSON.stringify(body)))),
	fc.tuple(kisBody, fc.nat(), fc.nat(255)).map(([body, at, value]) => {
		const damaged = bytes(JSON.stringify(body));
		damaged[at % damaged.length] = value;
		return damaged;
	}),
);
