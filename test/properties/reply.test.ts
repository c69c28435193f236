// What is tried: any bytes, any JSON, and KIS's shapes with hostile values in every field, under any status and content
// encoding; then the same answers as the attempts of a run, up to the item that n8n stores.
import fc from 'fast-check';

import { KIS_CODES, lookUpCode } from '../../kis/errorCodes';
import type { Exchange } from '../../kis/http/exchange';
import { OUTCOMES, weigh } from '../../kis/revoke/outcome';
import { readReply } from '../../kis/reply';
import type { Attempt } from '../../kis/attempt';
import { readRevocation } from '../../kis/revoke/revocation';
import { SecretGuard } from '../../kis/secretGuard';
import { text } from '../support/arbitraries';
import { property } from '../support/properties';
import { contentEncoding, kisBody, replyBody, status } from '../support/replies';

const NO_SECRETS = new SecretGuard([]);
const STRANGER = { whole: false, expired: false, revokedBefore: false };

function read(
	httpStatus: number,
	body: string | Uint8Array,
	contentEncoding: string | null = null,
): Attempt {
	const exchange: Exchange = {
		ended: 'answered',
		httpStatus,
		contentEncoding,
		body: Buffer.from(body),
	};
	return readRevocation(exchange, NO_SECRETS);
}

const trimmed = (field: unknown) => (typeof field === 'string' ? field.trim() : field);

property(
	'any answer leaves a token in one of four ways: it was sent',
	[status, contentEncoding, replyBody],
	(status, encoding, body) => {
		const { verdict } = read(status, body, encoding);
		expect(OUTCOMES).toContain(weigh([verdict], STRANGER));
		expect(weigh([verdict], STRANGER)).not.toBe('notSent');
	},
);

property(
	'a confirmation is a 2xx with a JSON object in plain UTF-8 that says 200, or nothing else than a text',
	[fc.oneof(fc.constant(200), status), contentEncoding, replyBody],
	(status, encoding, body) => {
		if (read(status, body, encoding).verdict !== 'confirmed') return;
		expect(Math.floor(status / 100)).toBe(2);
		expect(encoding ?? 'identity').toMatch(/^\s*identity\s*$/i);
		const fields = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
		expect([undefined, null, '', 200, '200']).toContain(trimmed(fields.code));
		expect([undefined, null, 0, '0']).toContain(trimmed(fields.rt_cd));
		for (const field of [fields.error_code, fields.error, fields.error_description]) {
			expect([undefined, null, false, '', [], {}]).toContainEqual(trimmed(field));
		}
	},
);

property(
	'an answer that is cut off anywhere says nothing',
	[status, kisBody, fc.nat()],
	(status, body, cut) => {
		const text = JSON.stringify(body);
		const { verdict, code, text: shown } = read(status, text.slice(0, cut % text.length));
		expect({ verdict, code, shown }).toEqual({ verdict: 'noVerdict', code: null, shown: null });
	},
);

property(
	'an answer in any content encoding is not read, nor one with bytes that are no UTF-8, nor a list',
	[status, kisBody, fc.constantFrom('gzip', 'br', 'deflate', 'x', 'identity, gzip')],
	(status, body, encoding) => {
		const json = JSON.stringify(body);
		const notUtf8 = Buffer.from(JSON.stringify({ ...body, x: '\u007f' })).map((byte) =>
			byte === 0x7f ? 0xff : byte,
		);
		expect(readReply(status, encoding, Buffer.from(json))).toBeNull();
		expect(readReply(status, null, notUtf8)).toBeNull();
		expect(readReply(status, null, Buffer.from(`[${json}]`))).toBeNull();
	},
);

property(
	'a code of KIS decides, whatever the status and whatever stands beside it',
	[status, kisBody, fc.constantFrom(...Object.keys(KIS_CODES), 'EGW09999'), fc.boolean()],
	(status, body, code, atOauth) => {
		const fields = atOauth ? { error_code: code } : { error_code: '', rt_cd: '1', msg_cd: code };
		expect(read(status, JSON.stringify({ ...body, ...fields }))).toMatchObject({
			verdict: lookUpCode(code).meaning,
			refusalCode: code,
			code,
		});
	},
);

property(
	"what is shown of an answer is short, and KIS's own words as they came",
	[status, replyBody, text],
	(status, body, message) => {
		const { code, text } = read(status, body);
		expect(code ?? '0').toMatch(/^[A-Za-z0-9_-]{1,16}$/);
		expect((text ?? '').length).toBeLessThanOrEqual(1000);
		expect(read(200, JSON.stringify({ code: 200, message })).text).toBe(message);
	},
);
