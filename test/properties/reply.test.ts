// What is tried: any bytes, any JSON, and KIS's shapes with hostile values in every field, under any status and content
// encoding; then the same answers as the attempts of a run, up to the item that n8n stores.
import fc from 'fast-check';

import { isListed, KIS_CODES } from '../../kis/reply/errorCodes';
import { REFUSING_STATUSES } from '../../kis/reply/httpAnswers';
import { REVOKE_OUTCOMES, outcomeOf } from '../../kis/reply/revokeOutcome';
import { parseExchange, readReply } from '../../kis/reply/reply';
import type { Attempt } from '../../kis/reply/attempt';
import { readRevocation } from '../../kis/revoke/revocation';
import { SecretGuard } from '../../kis/secrets/secretGuard';
import { text } from '../support/arbitraries';
import { makeAnswer } from '../support/attempts';
import { property } from '../support/properties';
import { contentEncoding, kisBody, replyBody, status } from '../support/replies';

const LISTED = Object.keys(KIS_CODES).filter(isListed);
const NO_SECRETS = new SecretGuard([]);
const STRANGER = { whole: false, expired: false, knownDead: false };

function read(
	httpStatus: number,
	body: string | Uint8Array,
	contentEncoding: string | null = null,
): Attempt {
	return readRevocation(
		parseExchange(makeAnswer(httpStatus, body, { contentEncoding })),
		NO_SECRETS,
	);
}

const trimmed = (field: unknown) => (typeof field === 'string' ? field.trim() : field);

property(
	'any answer leads to one of four outcomes: the token was sent',
	[status, contentEncoding, replyBody],
	(status, encoding, body) => {
		const { verdict } = read(status, body, encoding);
		expect(REVOKE_OUTCOMES).toContain(outcomeOf([verdict], STRANGER));
		expect(outcomeOf([verdict], STRANGER)).not.toBe('notSent');
	},
);

property(
	'a confirmation is HTTP 200 with a JSON object in plain UTF-8 that says 200 and shows no sign of refusal',
	[fc.oneof(fc.constant(200), status), contentEncoding, replyBody],
	(status, encoding, body) => {
		if (read(status, body, encoding).verdict !== 'confirmed') return;
		expect(status).toBe(200);
		expect(encoding ?? 'identity').toMatch(/^\s*identity\s*$/i);
		const fields = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
		expect([200, '200']).toContain(trimmed(fields.code));
		expect([undefined, null, 0, '0']).toContain(trimmed(fields.rt_cd));
		expect(String(fields.success)).not.toMatch(/^\s*false\s*$/i);
		expect(String(fields.status)).not.toMatch(/^\s*(err|fail)/i);
		for (const [name, field] of Object.entries(fields)) {
			expect(String(field)).not.toMatch(/\bEGW\d/);
			if (/^error/i.test(name)) {
				expect([undefined, null, false, '', [], {}]).toContainEqual(trimmed(field));
			}
		}
	},
);

property(
	'"refused" is a listed code, a status of the table, or HTTP 200 with such a status in its code',
	[status, replyBody],
	(status, body) => {
		const { verdict, httpStatus, refusalCode } = read(status, body);
		if (verdict !== 'refused' || Object.hasOwn(KIS_CODES, refusalCode ?? '')) return;
		const told =
			httpStatus === 200
				? Number(JSON.parse(new TextDecoder().decode(body)).code)
				: Number(httpStatus);
		expect(Object.keys(REFUSING_STATUSES).map(Number)).toContain(told);
	},
);

property(
	'HTTP 5xx says nothing unless a listed code does',
	[fc.integer({ min: 500, max: 599 }), replyBody],
	(status, body) => {
		const { verdict, refusalCode } = read(status, body);
		if (!Object.hasOwn(KIS_CODES, refusalCode ?? '')) expect(verdict).toBe('noVerdict');
	},
);

property(
	'a cut-off answer says nothing, except HTTP 429',
	[status, kisBody, fc.nat()],
	(status, body, cut) => {
		const text = JSON.stringify(body);
		const { verdict, text: shown } = read(status, text.slice(0, cut % text.length));
		const expected = status === 429 ? 'refused' : 'noVerdict';
		expect({ verdict, shown }).toEqual({ verdict: expected, shown: null });
	},
);

property(
	'an answer in any content encoding is not read, and neither is a list',
	[kisBody, fc.constantFrom('gzip', 'br', 'deflate', 'x', 'identity, gzip')],
	(body, contentEncoding) => {
		const json = JSON.stringify(body);
		expect(readReply(makeAnswer(200, json, { contentEncoding }))).toBeNull();
		expect(readReply(makeAnswer(200, `[${json}]`))).toBeNull();
	},
);

property(
	"of an answer that is not UTF-8, KIS's code is read and no text; it confirms nothing",
	[status, kisBody, fc.constantFrom(null, ...LISTED)],
	(status, body, listed) => {
		const fields = listed === null ? {} : { error_code: listed, msg_cd: '' };
		const notUtf8 = Buffer.from(JSON.stringify({ ...body, ...fields, x: '\u007f' })).map((byte) =>
			byte === 0x7f ? 0xff : byte,
		);
		const { verdict, text } = read(status, notUtf8);
		expect(text).toBeNull();
		expect(verdict).not.toBe('confirmed');
		if (listed !== null) expect(verdict).toBe(KIS_CODES[listed].meaning);
	},
);

property(
	'a listed code decides, whatever the status and whatever stands beside it',
	[status, kisBody, fc.constantFrom(...LISTED), fc.boolean()],
	(status, body, code, atOauth) => {
		const fields = atOauth
			? { error_code: code, msg_cd: '' }
			: { error_code: '', rt_cd: '1', msg_cd: code };
		expect(read(status, JSON.stringify({ ...body, ...fields }))).toMatchObject({
			verdict: KIS_CODES[code].meaning,
			refusalCode: code,
			code,
		});
	},
);

property(
	'two different listed codes say nothing, except with HTTP 429',
	[status, kisBody, fc.constantFrom(...LISTED), fc.constantFrom(...LISTED)],
	(status, body, error_code, msg_cd) => {
		if (error_code === msg_cd) return;
		const { verdict, refusalCode } = read(status, JSON.stringify({ ...body, error_code, msg_cd }));
		const expected = status === 429 ? 'refused' : 'noVerdict';
		expect({ verdict, refusalCode }).toEqual({ verdict: expected, refusalCode: null });
	},
);

property(
	"what is shown of an answer is short, and in KIS's own words",
	[status, replyBody, text],
	(status, body, message) => {
		const { code, text } = read(status, body);
		expect(code ?? '0').toMatch(/^[A-Za-z0-9_-]{1,16}$/);
		expect((text ?? '').length).toBeLessThanOrEqual(1000);
		expect(read(200, JSON.stringify({ code: 200, message })).text).toBe(
			message.trim() === '' ? null : message,
		);
	},
);
