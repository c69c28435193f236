// What is tried: answers that look like a confirmation and are none, refusals dressed as success, bodies that cannot be
// read, and HTTP statuses that contradict the code.
import { gzipSync } from 'node:zlib';

import type { Attempt, Verdict } from '../../kis/attempt';
import { readRevocation } from '../../kis/revoke/revocation';
import { SecretGuard } from '../../kis/secretGuard';
import { makeKeyPair } from '../support/tokens';

const WORDS = '접근토큰 폐기에 성공하였습니다.';
const NO_SECRETS = new SecretGuard([]);

function answered(
	httpStatus: number,
	body: unknown,
	contentEncoding: string | null = null,
	guard = NO_SECRETS,
): Attempt {
	const bytes =
		body instanceof Uint8Array
			? body
			: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
	return readRevocation({ ended: 'answered', httpStatus, contentEncoding, body: bytes }, guard);
}

describe('KIS confirmed', () => {
	test.each<[string, number, unknown, string | null]>([
		['the wire text', 200, `{"code":200,"message":"${WORDS}"}`, null],
		['the page text', 200, { code: '200', message: '접근토큰 폐기에 성공하였습니다' }, null],
		['another text', 200, { code: 200, message: 'OK' }, null],
		['no message', 200, { code: 200 }, null],
		['no code', 200, { message: WORDS }, null],
		['rt_cd as text alone', 200, { rt_cd: '0' }, null],
		['rt_cd as number alone', 200, { rt_cd: 0 }, null],
		['the shape of /uapi', 200, { rt_cd: '0', msg_cd: 'KIOK0000', msg1: '정상' }, null],
		['both shapes', 200, { code: 200, message: WORDS, rt_cd: '0' }, null],
		['another 2xx', 201, { code: 200, message: WORDS }, null],
		['signs of refusal that are empty', 200, { code: 200, error_code: '', error: null }, null],
		['fields that nobody knows', 200, { code: 200, x: [{ error: 'inside' }] }, null],
		['white space around', 200, `\r\n {"code" : 200 }\n`, null],
		['a byte order mark', 200, `\uFEFF{"code":200}`, null],
		['an explicit identity', 200, { code: 200 }, 'identity'],
		['identity with white space', 200, { code: 200 }, ' Identity '],
		['the last 2xx', 299, { code: 200 }, null],
		['white space around the code', 200, { code: ' 200 ' }, null],
		['a code that is null', 200, { code: null, message: WORDS }, null],
		['a code that is empty', 200, { code: '', message: WORDS }, null],
		['white space around rt_cd', 200, { rt_cd: ' 0 ' }, null],
		['an rt_cd that is null', 200, { code: 200, rt_cd: null }, null],
		['error: false', 200, { code: 200, error: false }, null],
		['an error_code of white space', 200, { code: 200, error_code: ' ' }, null],
		['an error without content', 200, { code: 200, error: {} }, null],
		['a msg_cd that ends like a gateway code', 200, { code: 200, msg_cd: 'MEGW1' }, null],
		['a msg_cd that starts like one', 200, { code: 200, msg_cd: 'EGW1M' }, null],
	])('%s', (_name, status, body, encoding) => {
		expect(answered(status, body, encoding).verdict).toBe('confirmed');
	});
});

describe('no verdict', () => {
	const html =
		'<html><meta http-equiv="refresh" content="0; url=https://securities.koreainvestment.com/error/error.jsp"></html>';
	test.each<[string, number, unknown]>([
		['nothing', 200, ''],
		['white space', 200, ' \n'],
		['an empty object', 200, {}],
		['an array', 200, []],
		['a confirmation in an array', 200, [{ code: 200, message: WORDS }]],
		['an array on 400', 400, [{ message: 'Bad Request' }]],
		['nothing on 401', 401, ''],
		['HTML on 403', 403, html],
		['a number', 200, '200'],
		['a text', 200, '"200"'],
		['null', 200, 'null'],
		['a number on 400', 400, '400'],
		['a text on 400', 400, '"400"'],
		['a message of white space', 200, { message: ' ' }],
		['a status below 200', 199, { code: 200 }],
		['a code that ends in 4xx', 200, { code: '1404' }],
		['a code that starts with 4xx', 200, { code: '4041' }],
		['true', 200, 'true'],
		['HTML', 200, html],
		['HTML of a server that is down', 500, html],
		['a confirmation in HTML', 200, `<pre>{"code":200}</pre>`],
		['a body that is cut off', 200, `{"code":200,"message":"${WORDS}"`],
		['a text that is cut off', 200, `{"code":200,"message":"접근`],
		['two answers in one', 200, '{"code":200}{"code":200}'],
		['something behind it', 200, '{"code":200};'],
		['JSONP', 200, 'cb({"code":200})'],
		['single quotes', 200, "{'code':200}"],
		['compressed bytes', 200, gzipSync('{"code":200}')],
		[
			'invalid UTF-8',
			200,
			Buffer.from([...Buffer.from('{"code":200,"message":"'), 0xff, 0x22, 0x7d]),
		],
		['UTF-16', 200, Buffer.from('{"code":200}', 'utf16le')],
		['nesting beyond reason', 200, '['.repeat(60_000)],
		['code 2000', 200, { code: 2000 }],
		['code 200.5', 200, { code: 200.5 }],
		['code 201', 200, { code: 201, message: WORDS }],
		['code 0', 200, { code: 0, message: WORDS }],
		['code 500', 200, { code: 500, message: WORDS }],
		['code "200 OK"', 200, { code: '200 OK' }],
		['code "0xc8"', 200, { code: '0xc8' }],
		['code [200]', 200, { code: [200] }],
		['code true', 200, { code: true, message: WORDS }],
		['code {}', 200, '{"code":{"value":200},"message":"OK"}'],
		['a message that is empty', 200, { message: '' }],
		['a message that is a number', 200, { message: 200 }],
		['a message that is an object', 200, { message: { code: 200 } }],
		['rt_cd that is no zero', 200, { rt_cd: false }],
		['a code lent by __proto__', 200, '{"__proto__":{"code":200}}'],
		['an answer to something else', 200, { access_token: 'x', token_type: 'Bearer' }],
		['a refusal without a code', 200, { rt_cd: '1' }],
		['empty codes', 500, { rt_cd: '1', msg_cd: '', msg1: '' }],
		['a confirmation beside rt_cd 1', 200, { code: 200, rt_cd: '1' }],
		['a confirmation beside rt_cd 1 as number', 200, { code: 200, message: WORDS, rt_cd: 1 }],
		['a confirmation beside an error', 200, { code: 200, error: 'server_error' }],
		['a confirmation beside an error object', 200, { code: 200, error: { reason: 'x' } }],
		['a confirmation beside a description', 200, { code: 200, error_description: '거부' }],
		['a confirmation on a redirect', 302, { code: 200, message: WORDS }],
		['a confirmation on 500', 500, { code: 200, message: WORDS }],
		['a message on 503', 503, { message: 'Service Unavailable' }],
		['an error on 502', 502, { error: 'bad_gateway', error_description: 'x' }],
		['a code that is none on 500', 500, { error_code: '<b>EGW00121</b>' }],
	])('%s', (_name, status, body) => {
		expect(answered(status, body).verdict).toBe('noVerdict');
	});

	test.each(['gzip', 'br', 'deflate', 'identity, gzip', 'x'])(
		'a confirmation under content-encoding %s',
		(encoding) => {
			expect(answered(200, { code: 200 }, encoding).verdict).toBe('noVerdict');
		},
	);

	test('no answer', () => {
		const transportCode = 'ECONNRESET';
		expect(
			readRevocation(
				{ ended: 'unanswered', transportCode, httpStatus: 200, onStaleConnection: false },
				NO_SECRETS,
			),
		).toMatchObject({ verdict: 'noVerdict', httpStatus: 200, transportCode, code: null });
		expect(
			readRevocation({ ended: 'unwritten', transportCode, forbidden: null }, NO_SECRETS),
		).toMatchObject({ verdict: 'unwritten', httpStatus: null, transportCode, code: null });
	});
});

describe('refused without a code of KIS', () => {
	test.each<[string, number, unknown]>([
		['400 with an empty object', 400, {}],
		['401 in words', 401, { message: 'Unauthorized' }],
		['403 of OAuth', 403, { error: 'access_denied' }],
		['403 with empty codes', 403, { rt_cd: '1', msg_cd: '', msg1: '' }],
		['404 with a confirmation', 404, { code: 200, message: WORDS }],
		['429', 429, { message: 'slow down' }],
		['code 403 on 200', 200, { code: 403, message: 'denied' }],
		['code "400" on 200', 200, { code: '400', message: 'denied' }],
		['code 401 on 500', 500, { code: 401 }],
		['a code that is none on 403', 403, { error_code: '<b>EGW00121</b>' }],
	])('%s', (_name, status, body) => {
		expect(answered(status, body)).toMatchObject({ verdict: 'refused', refusalCode: null });
	});
});

describe('a code of KIS decides, whatever the HTTP status and whatever stands beside it', () => {
	const VERDICTS: ReadonlyArray<[Verdict, string]> = [
		['invalidToken', '121 122'],
		['expiredToken', '123'],
		['noVerdict', '001 002 204 301 302'],
		[
			'refused',
			'003 004 101 102 103 104 105 115 116 132 133 201 202 203 205 206 207 208 209 210 215 300 303 304 999',
		],
	];
	const cases = VERDICTS.flatMap(([verdict, numbers]) =>
		numbers.split(' ').map((number): [string, Verdict] => [`EGW00${number}`, verdict]),
	);
	test.each<[string, Verdict]>([...cases, ['OPSQ0001', 'refused'], ['40310000', 'refused']])(
		'%s: %s',
		(code, verdict) => {
			for (const status of [200, 302, 400, 401, 403, 404, 429, 500, 503]) {
				for (const body of [
					{ error_code: code, error_description: '거부' },
					{ rt_cd: '1', msg_cd: code, msg1: '거부' },
					{ rt_cd: 1, msg_cd: code, msg1: '거부', error_code: '' },
					{ error_code: code, error_description: '거부', code: 200, message: WORDS },
					{ rt_cd: '1', msg_cd: code, msg1: '거부', code: '200', message: WORDS },
				]) {
					expect(answered(status, body)).toEqual({
						verdict,
						httpStatus: status,
						refusalCode: code,
						code,
						text: '거부',
						transportCode: null,
					});
				}
			}
		},
	);
});

describe('what a relay puts where KIS puts its code', () => {
	test.each<[string, number, Verdict]>([
		['502', 502, 'noVerdict'],
		['SERVER_ERROR', 500, 'noVerdict'],
		['bad-gateway', 200, 'noVerdict'],
		['forbidden', 403, 'refused'],
	])('%s on HTTP %i says nothing of KIS: %s', (error_code, status, verdict) => {
		expect(answered(status, { error_code, error_description: 'x' })).toMatchObject({
			verdict,
			refusalCode: null,
			code: error_code,
		});
	});
});

test('a code of KIS is found beside what a relay put first', () => {
	const body = { error_code: 'SERVER_ERROR', rt_cd: '1', msg_cd: 'EGW00121', msg1: 'x' };
	expect(answered(500, body)).toMatchObject({ verdict: 'invalidToken', refusalCode: 'EGW00121' });
});

describe('what is shown of an answer', () => {
	test.each<[string, number, unknown, string | null, string]>([
		['a number becomes text', 200, { code: 200, message: WORDS }, '200', WORDS],
		['text stays text', 200, { code: '200', message: 'OK' }, '200', 'OK'],
		['no code: the HTTP status', 201, { message: 'OK' }, '201', 'OK'],
		['no message: nothing', 200, { code: 200 }, '200', ''],
		['neither', 200, { rt_cd: '0' }, '200', ''],
		['white space as sent', 200, { code: 200, message: ' OK \n' }, '200', ' OK \n'],
		['a code with a tag', 403, { error_code: '<i>x</i>', error_description: 'no' }, '403', 'no'],
		['a code of 17 characters', 403, { error_code: 'x'.repeat(17) }, '403', ''],
		['a code of KIS in digits', 403, { error_code: 'x'.repeat(16) }, 'x'.repeat(16), ''],
	])('%s', (_name, status, body, code, text) => {
		expect(answered(status, body)).toMatchObject({ code, text });
	});

	const { appkey, appsecret } = makeKeyPair();
	const guard = new SecretGuard([appkey, appsecret]);
	test.each<[string, number, unknown]>([
		['a confirmation', 200, { code: 200, message: `ok ${appsecret}` }],
		['a refusal', 403, { error_code: 'EGW00103', error_description: `no ${appkey}` }],
		['a refusal of /uapi', 500, { rt_cd: '1', msg_cd: 'EGW00121', msg1: `"${appkey}"` }],
		['a code', 403, { error_code: appkey.slice(2, 12), error_description: appkey.slice(8, 16) }],
		['a number for a code', 200, { code: appkey.slice(0, 8), message: appsecret.slice(-8) }],
	])('%s that repeats a secret is withheld', (_name, status, body) => {
		const attempt = answered(status, body, null, guard);
		expect(String(attempt.code)).toMatch(/^(200|403|EGW00\d{3}|null)$/);
		expect(attempt.text).toMatch(/withheld/i);
	});
});

describe('codes', () => {
	test.each<[object, string | null, string | null]>([
		[{ error_code: ' EGW00121 ' }, 'EGW00121', 'EGW00121'],
		[{ msg_cd: ' EGW00201 ' }, 'EGW00201', 'EGW00201'],
		[{ error_code: '12345678' }, '12345678', '12345678'],
		[{ error_code: '123456789' }, null, '123456789'],
		[{ error_code: 'SRV_EGW00121' }, null, 'SRV_EGW00121'],
		[{ error_code: 'EGW00121_2' }, null, 'EGW00121_2'],
		[{ error_code: 'no code!', msg_cd: 'ABC' }, null, 'ABC'],
		[{ error_code: 'ABC', msg_cd: 'EGW00206' }, 'EGW00206', 'EGW00206'],
		[{ error: true }, null, null],
		[{ code: ' 404 ' }, null, '404'],
		[{ message: 'no code' }, null, null],
	])('%j', (body, refusalCode, code) => {
		expect(answered(500, body)).toMatchObject({ refusalCode, code });
	});
});

test.each([
	[1000, 1000],
	[1001, 1000],
])('of a text of %d characters %d are kept', (length, kept) => {
	const { text } = answered(403, { error_code: 'EGW00101', message: '가'.repeat(length) });
	expect(text).toBe('가'.repeat(kept));
});

test.each(['the host says why', null])('why an address is forbidden: %p', (forbidden) => {
	const unwritten = { ended: 'unwritten', transportCode: 'EGRESS_REFUSED', forbidden } as const;
	expect(readRevocation(unwritten, NO_SECRETS)).toMatchObject({
		verdict: 'unwritten',
		text: forbidden,
		transportCode: 'EGRESS_REFUSED',
	});
});
