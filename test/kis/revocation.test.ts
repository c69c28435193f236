// What is tried: answers that only look like a confirmation, refusals dressed up as success, unreadable bodies, and HTTP
// statuses that contradict the code.
import { gzipSync } from 'node:zlib';

import type { Attempt } from '../../kis/reply/attempt';
import type { AnswerRule } from '../../kis/reply/answerRule';
import { KIS_CODES } from '../../kis/reply/errorCodes';
import { REFUSING_STATUSES } from '../../kis/reply/httpAnswers';
import { parseExchange } from '../../kis/reply/reply';
import { checkConfirmation, readRevocation } from '../../kis/revoke/revocation';
import { SecretGuard } from '../../kis/secrets/secretGuard';
import { makeAnswer } from '../support/attempts';
import { makeKeyPair, makeJwt, makeOpaqueToken, makeToken, read } from '../support/tokens';

const WORDS = '접근토큰 폐기에 성공하였습니다.';
const NO_SECRETS = new SecretGuard([]);

function answered(
	httpStatus: number,
	body: unknown,
	contentEncoding: string | null = null,
	guard = NO_SECRETS,
): Attempt {
	const isRaw = body instanceof Uint8Array || typeof body === 'string';
	const bytes = isRaw ? body : JSON.stringify(body);
	return readRevocation(parseExchange(makeAnswer(httpStatus, bytes, { contentEncoding })), guard);
}

/** Replaces each `?` by a byte that is not UTF-8. */
function notUtf8(json: string): Buffer {
	return Buffer.from(Buffer.from(json).map((byte) => (byte === 0x3f ? 0xff : byte)));
}

describe('KIS confirmed', () => {
	test.each<[string, number, unknown, string | null]>([
		['the wire text', 200, `{"code":200,"message":"${WORDS}"}`, null],
		['the page text', 200, { code: '200', message: '접근토큰 폐기에 성공하였습니다' }, null],
		['another text', 200, { code: 200, message: 'OK' }, null],
		['no message', 200, { code: 200 }, null],
		['both shapes', 200, { code: 200, message: WORDS, rt_cd: '0' }, null],
		['signs of refusal that are empty', 200, { code: 200, error_code: '', error: null }, null],
		['fields that nobody knows', 200, { code: 200, x: [{ y: 'inside' }] }, null],
		['a success inside', 200, { code: 200, data: { code: 200, rt_cd: '0' } }, null],
		['white space around', 200, `\r\n {"code" : 200 }\n`, null],
		['a byte order mark', 200, `\uFEFF{"code":200}`, null],
		['an explicit identity', 200, { code: 200 }, 'identity'],
		['identity with white space', 200, { code: 200 }, ' Identity '],
		['white space around the code', 200, { code: ' 200 ' }, null],
		['an rt_cd that is null', 200, { code: 200, rt_cd: null }, null],
		['error: false', 200, { code: 200, error: false }, null],
		['an error_code of white space', 200, { code: 200, error_code: ' ' }, null],
		['success: true', 200, { code: 200, success: true }, null],
		['isError: false', 200, { code: 200, isError: false, failed: false, exception: null }, null],
		['a status that is fine', 200, { code: 200, status: 'OK' }, null],
		['a status of 200', 200, { code: 200, status: 200 }, null],
		['white space around rt_cd', 200, { code: 200, rt_cd: ' 0 ' }, null],
		['an error without content', 200, { code: 200, error: {} }, null],
		['a success of null', 200, { code: 200, success: null }, null],
		['a status of null', 200, { code: 200, status: null }, null],
		['failed: false', 200, { code: 200, failed: false }, null],
		['a result of success', 200, { code: 200, result: 'Success' }, null],
		['a status of 200 with words', 200, { code: 200, status: '200 OK' }, null],
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
		['a refusal inside', 200, { code: 200, data: { error_code: 'EGW00105' } }],
		['a refusal of /uapi inside', 200, { code: 200, data: { rt_cd: '1', msg_cd: 'EGW00201' } }],
		['a refusal in a list', 200, { code: 200, data: [{ ok: true }, { error_code: 'EGW00003' }] }],
		['a status inside', 200, { code: 200, data: { code: 403, message: '거부' } }],
		['a refusal deep inside', 200, { code: 200, x: { y: { status: 500, z: [] } } }],
		['a refusal as text inside', 200, { code: 200, x: { y: '{"error_code":"EGW00105"}' } }],
		['a name twice inside', 200, '{"code":200,"data":{"rt_cd":"1","rt_cd":"0"}}'],
		['an error inside', 200, { code: 200, x: [{ error: 'inside' }] }],
		[
			'a gateway code below endless lists',
			200,
			`{"code":200,"x":${'['.repeat(5000)}"EGW00001"${']'.repeat(5000)}}`,
		],
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
		['no code', 200, { message: WORDS }],
		['a greeting of another service', 200, { message: 'Hello from Lambda!' }],
		['words that deny it', 200, { message: 'token not found' }],
		['a code that is null', 200, { code: null, message: WORDS }],
		['a code that is empty', 200, { code: '', message: WORDS }],
		['rt_cd alone', 200, { rt_cd: '0' }],
		['the shape of /uapi', 200, { rt_cd: '0', msg_cd: 'KIOK0000', msg1: '정상' }],
		['success: false', 200, { code: 200, success: false, message: WORDS }],
		['success: "false"', 200, { code: 200, success: 'False' }],
		['status: error', 200, { code: 200, status: 'error' }],
		['status: failed', 200, { code: 200, status: 'Failed' }],
		['status: 500', 200, { code: 200, status: 500 }],
		...[0, '0', 'no', 'N', 'not ok', '1 error', '', [], {}].map(
			(success): [string, number, unknown] => [
				`success: ${JSON.stringify(success)}`,
				200,
				{ code: 200, success },
			],
		),
		['ok: false', 200, { code: 200, ok: false }],
		['isSuccess: false', 200, { code: 200, isSuccess: false }],
		['statusCode: 500', 200, { code: 200, statusCode: 500 }],
		['result: fail', 200, { code: 200, result: 'fail' }],
		['result: false', 200, { code: 200, result: false }],
		['result: 0, which may mean both', 200, { code: 200, result: 0 }],
		['a result in words of its own', 200, { code: 200, result: 'no error' }],
		['status: false', 200, { code: 200, status: false }],
		['status: rejected', 200, { code: 200, status: 'rejected' }],
		['status: 2000', 200, { code: 200, status: 2000 }],
		['status: 202, which only promises', 200, { code: 200, status: 202 }],
		['status: 200 and more', 200, { code: 200, status: '200 but failed upstream' }],
		['result: 1, which may mean both', 200, { code: 200, result: 1 }],
		...['resultCode', 'result_code', 'return-code', 'Status Code', 'httpStatus'].map(
			(name): [string, number, unknown] => [`${name}: 500`, 200, { code: 200, [name]: 500 }],
		),
		['failed: true', 200, { code: 200, failed: true }],
		['isError: true', 200, { code: 200, isError: true, message: WORDS }],
		['has_errors: 1', 200, { code: 200, has_errors: 1 }],
		['a failure', 200, { code: 200, failureReason: 'x' }],
		['a fault further in', 200, { code: 200, data: { fault: { faultstring: 'x' } } }],
		['an exception', 200, { code: 200, Exception: 'java.net.SocketTimeoutException' }],
		['a code further in that is not known', 200, { code: 200, data: { code: -1 } }],
		['status: 500 with words', 200, { code: 200, status: '500 Internal Server Error' }],
		['status: a list', 200, { code: 200, status: ['error'] }],
		['status: an object', 200, { code: 200, status: { error: 'x' } }],
		['an error with a blank before it', 200, { code: 200, ' error': 'x' }],
		['a gateway code behind a letter', 200, { code: 200, message: 'codeEGW00121' }],
		['two codes, the last of them 200', 200, '{"code":500,"code":200}'],
		['two codes, one of them escaped', 200, '{"c\\u006fde":500,"code":200}'],
		['two answers to success', 200, '{"code":200,"success":false,"success":true}'],
		['a refusal that is taken back', 200, '{"code":200,"error_code":"EGW00121","error_code":null}'],
		['code "200 OK" on 404', 404, { code: '200 OK' }],
		['code "200.0" on 404', 404, { code: '200.0' }],
		['code [200] on 404', 404, { code: [200] }],
		['an errorCode', 200, { code: 200, errorCode: 'EGW00121' }],
		['an ERROR_MSG', 200, { code: 200, ERROR_MSG: 'x' }],
		['errors', 200, { code: 200, errors: [{}] }],
		['a gateway code in any field', 200, { code: 200, result: 'EGW00121' }],
		['a gateway code within a text', 200, { code: 200, message: '거부(EGW00121)' }],
		['a code of the other gateway', 200, { code: 200, x: 'IGW00002' }],
		['an unlisted gateway code', 200, { error_code: 'EGW00999', error_description: 'x' }],
		['a refusal of a relay', 200, { error_code: 'forbidden' }],
		...[201, 202, 203, 204, 206, 226, 299].map((status): [string, number, unknown] => [
			`a confirmation on ${status}`,
			status,
			{ code: 200, message: WORDS },
		]),
		...[402, 406, 407, 408, 409, 410, 412, 418, 421, 423, 424, 425, 428, 451, 499].map(
			(status): [string, number, unknown] => [
				`${status}, which a relay may give after it has passed the request on`,
				status,
				{ error_code: 'EGW00999', message: 'x' },
			],
		),
		['an unlisted gateway code on 500', 500, { rt_cd: '1', msg_cd: 'EGW00999' }],
		['HTTP504 on 504', 504, { error_code: 'HTTP504' }],
		['GW504 on 504', 504, { error_code: 'GW504' }],
		['E500 on 500', 500, { error_code: 'E500' }],
		['a code of eight digits on 500', 500, { error_code: '40310000' }],
		['code 408 on 504', 504, { code: 408 }],
		['code 401 on 500', 500, { code: 401 }],
		['code 409 on 200', 200, { code: 409 }],
		['404 with a confirmation', 404, { code: 200, message: WORDS }],
		['403 with "200"', 403, { code: '200' }],
		['403 with code 500', 403, { code: 500, message: 'Internal Server Error' }],
		['403 that is no UTF-8', 403, notUtf8('{"message":"?"}')],
		['code 400 that is no UTF-8', 200, notUtf8('{"code":400,"message":"?"}')],
		['two codes of KIS', 403, { error_code: 'EGW00121', msg_cd: 'EGW00201' }],
		['a code of KIS in small letters on 500', 500, { error_code: 'egw00121' }],
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
				parseExchange({
					kind: 'unanswered',
					transportCode,
					httpStatus: 200,
					onStaleConnection: false,
				}),
				NO_SECRETS,
			),
		).toMatchObject({ verdict: 'noVerdict', httpStatus: 200, transportCode, code: null });
		const cutOffRefusal = { transportCode, httpStatus: 403, onStaleConnection: false } as const;
		expect(
			readRevocation(parseExchange({ kind: 'unanswered', ...cutOffRefusal }), NO_SECRETS),
		).toMatchObject({ verdict: 'noVerdict', httpStatus: 403, rule: null });
		const cutOff = { transportCode, httpStatus: 429, onStaleConnection: false } as const;
		expect(
			readRevocation(parseExchange({ kind: 'unanswered', ...cutOff }), NO_SECRETS),
		).toMatchObject({
			verdict: 'refused',
			transportCode,
		});
		expect(
			readRevocation(
				parseExchange({ kind: 'unwritten', transportCode, forbidden: null }),
				NO_SECRETS,
			),
		).toMatchObject({ verdict: 'unwritten', httpStatus: null, transportCode, code: null });
	});
});

describe('refused without a listed code', () => {
	test.each<[string, number, unknown]>([
		['400 with an empty object', 400, {}],
		['401 in words', 401, { message: 'Unauthorized' }],
		['403 of OAuth', 403, { error: 'access_denied' }],
		['403 with empty codes', 403, { rt_cd: '1', msg_cd: '', msg1: '' }],
		['403 with a code of a relay', 403, { error_code: 'forbidden' }],
		['403 with code 404', 403, { code: 404 }],
		['403 with a code that is no status', 403, { code: 40301 }],
		['429', 429, { message: 'slow down' }],
		['429 in HTML', 429, '<html></html>'],
		['429 with nothing', 429, ''],
		['429 with a confirmation', 429, { code: 200 }],
		['429 with two codes of KIS', 429, { error_code: 'EGW00121', msg_cd: 'EGW00105' }],
		['403 with its status in words', 403, { code: '403 Forbidden' }],
		['code 403 on 200', 200, { code: 403, message: 'denied' }],
		['code "400" on 200', 200, { code: '400', message: 'denied' }],
		['code 429 on 200', 200, { code: 429 }],
		...Object.keys(REFUSING_STATUSES).map((status): [string, number, unknown] => [
			`${status}`,
			Number(status),
			{ code: Number(status), message: 'no' },
		]),
	])('%s', (_name, status, body) => {
		expect(answered(status, body)).toMatchObject({ verdict: 'refused', refusalCode: null });
	});

	test('an unlisted code of KIS is shown, and the status decides', () => {
		const body = { error_code: 'EGW00999', error_description: '거부' };
		expect(answered(403, body)).toMatchObject({
			verdict: 'refused',
			refusalCode: 'EGW00999',
			text: '거부',
		});
		expect(answered(403, notUtf8('{"error_code":"EGW00999","message":"?"}'))).toMatchObject({
			verdict: 'refused',
			refusalCode: 'EGW00999',
			text: null,
		});
		for (const status of [200, 202, 409, 500, 503]) {
			expect(answered(status, body)).toMatchObject({ verdict: 'noVerdict', text: '거부' });
		}
	});
});

describe('a listed code decides, whatever the HTTP status and whatever stands beside it', () => {
	test.each(Object.entries<AnswerRule>(KIS_CODES))('%s', (code, rule) => {
		for (const status of [200, 202, 302, 400, 401, 403, 404, 408, 429, 500, 503]) {
			for (const body of [
				{ error_code: code, error_description: '거부' },
				{ rt_cd: '1', msg_cd: code, msg1: '거부' },
				{ rt_cd: 1, msg_cd: code, msg1: '거부', error_code: '' },
				{ error_code: code, error_description: '거부', code: 200, message: WORDS },
				{ rt_cd: '1', msg_cd: code, msg1: '거부', code: '200', message: WORDS },
				{ error_code: 'SERVER_ERROR', msg_cd: code, msg1: '거부' },
			]) {
				expect(answered(status, body)).toEqual({
					verdict: rule.meaning,
					rule,
					httpStatus: status,
					refusalCode: code,
					code,
					text: '거부',
					transportCode: null,
					pause: null,
					clockAheadMs: 0,
				});
			}
			expect(answered(status, notUtf8(`{"error_code":"${code}","message":"?"}`))).toMatchObject({
				verdict: rule.meaning,
				code,
				text: null,
			});
		}
	});
});

describe('a confirmation about a token that the server may not know', () => {
	const { appkey } = makeKeyPair();
	const own = makeToken(appkey);
	const confirmed = answered(200, { code: 200, message: WORDS });

	test.each([
		['issued to another app key', makeToken(makeKeyPair().appkey), 'its own app key'],
		['cut off at its end', own.slice(0, -1), 'the whole token'],
		['cut off in its payload', own.slice(0, 80), 'the whole token'],
		['cut off at its beginning', own.slice(5), 'Find the token'],
		['in capital letters', own.toUpperCase(), 'Find the token'],
		['in front of other text', `access_token=${own}`, 'Find the token'],
		['in an encoding', `Bearer%20${own}`, 'Find the token'],
		['in its answer', JSON.stringify({ access_token: own }), 'Find the token'],
		['a word', 'undefined', 'Find the token'],
		['an expression', '={{$json.access_token}}', 'Find the token'],
	])('%s: proves nothing', (_name, token, todo) => {
		expect(checkConfirmation(confirmed, read(token), appkey)).toMatchObject({
			verdict: 'unprovenConfirmation',
			rule: { todo: expect.stringContaining(todo), happened: expect.any(String) },
		});
		expect(checkConfirmation(confirmed, read(token), appkey).rule?.retry).toBeUndefined();
	});

	test.each([
		['whole, of this app key', own],
		['no JWT', makeOpaqueToken()],
		['a JWT that names nobody', makeJwt({ sub: 'token' })],
	])('%s: counts', (_name, token) => {
		expect(checkConfirmation(confirmed, read(token), appkey)).toBe(confirmed);
	});

	test('a refusal stays what it is', () => {
		const refused = answered(403, { error_code: 'EGW00121' });
		expect(checkConfirmation(refused, read(own.slice(0, -1)), appkey)).toBe(refused);
	});
});

describe('Retry-After', () => {
	const start = Date.parse('2026-11-23T00:00:00Z');
	beforeEach(() => void jest.spyOn(Date, 'now').mockReturnValue(start));
	afterEach(() => jest.restoreAllMocks());
	const DATE = 'Mon, 23 Nov 2026 00:01:00 GMT';

	test.each<[number, string | null, string | null, number | null]>([
		[429, '5', null, 5000],
		[503, '0', null, 0],
		[503, '86400', null, 86_400_000],
		[503, DATE, null, 60_000],
		// The server's clock is half a minute ahead of this computer's, and an hour behind.
		[429, DATE, 'Mon, 23 Nov 2026 00:00:30 GMT', 30_000],
		[429, DATE, 'Sun, 22 Nov 2026 23:01:00 GMT', 3_600_000],
		[503, 'Sun, 22 Nov 2026 00:00:00 GMT', null, 0],
		[503, 'Monday, 23-Nov-26 00:00:05 GMT', null, 5000],
		[503, 'Mon Nov 23 00:00:05 2026', null, 5000],
		[503, '60', null, 60_000],
		[503, '61', null, 61_000],
		// Later than anybody means, and later still than a date has four digits for its year.
		[503, '9'.repeat(30), null, 366 * 86_400_000],
		[503, 'Fri, 31 Dec 9999 23:59:59 GMT', null, 366 * 86_400_000],
		[503, 'soon', null, null],
		[503, '-1', null, null],
		[503, '1.5', null, null],
		[503, '2026-11-23', null, null],
		[500, '5', null, null],
		[200, '5', null, null],
		[503, null, null, null],
	])('HTTP %d, %j (Date: %j): in %p ms', (status, retryAfter, date, ms) => {
		const attempt = readRevocation(
			parseExchange(makeAnswer(status, '{}', { retryAfter, date })),
			NO_SECRETS,
		);
		const pause = ms === null ? null : { until: start + ms, isTooLong: ms > 60_000 };
		expect(attempt.pause).toEqual(pause);
	});
});

describe('what is shown of an answer', () => {
	test.each<[string, number, unknown, string | null, string]>([
		['a number becomes text', 200, { code: 200, message: WORDS }, '200', WORDS],
		['text stays text', 200, { code: '200', message: 'OK' }, '200', 'OK'],
		['white space as sent', 200, { code: 200, message: ' OK \n' }, '200', ' OK \n'],
		['a message of white space is none', 403, { message: ' ', error: 'no' }, '403', 'no'],
		['a code with a tag', 403, { error_code: '<i>x</i>', error_description: 'no' }, '403', 'no'],
	])('%s', (_name, status, body, code, text) => {
		expect(answered(status, body)).toMatchObject({ code, text });
	});

	test.each([
		['no message', 200, { code: 200 }, '200'],
		['a code of 17 characters', 403, { error_code: 'x'.repeat(17) }, '403'],
		['a code of 16 characters', 403, { error_code: 'x'.repeat(16) }, 'x'.repeat(16)],
	])('%s: no text', (_name, status, body, code) => {
		expect(answered(status, body)).toMatchObject({ code, text: null });
	});

	const { appkey, appsecret } = makeKeyPair();
	const guard = new SecretGuard([appkey, appsecret]);
	test.each<[string, number, unknown]>([
		['a confirmation', 200, { code: 200, message: `ok ${appsecret}` }],
		['a refusal', 403, { error_code: 'EGW00103', error_description: `no ${appkey}` }],
		['a refusal of /uapi', 500, { rt_cd: '1', msg_cd: 'EGW00121', msg1: `"${appkey}"` }],
		['a code', 403, { error_code: appkey.slice(2, 12), error_description: appkey.slice(8, 16) }],
		['a number for a code', 200, { code: appkey.slice(0, 8), message: appsecret.slice(-8) }],
	])('%s that quotes a secret is withheld', (_name, status, body) => {
		const attempt = answered(status, body, null, guard);
		expect(String(attempt.code)).toMatch(/^(200|403|EGW00\d{3}|null)$/);
		expect(attempt.text).toMatch(/withheld/i);
	});
});

describe('codes', () => {
	test.each<[object, string | null, string | null]>([
		[{ error_code: ' EGW00121 ' }, 'EGW00121', 'EGW00121'],
		[{ msg_cd: ' EGW00201 ' }, 'EGW00201', 'EGW00201'],
		[{ error_code: '12345678' }, null, '12345678'],
		[{ error_code: 'OPSQ0002' }, null, 'OPSQ0002'],
		[{ error_code: 'EGW001210' }, null, 'EGW001210'],
		[{ error_code: 'EGW00121', msg_cd: 'EGW00122' }, null, 'EGW00121'],
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
])('of a text of %d characters, %d are kept', (length, kept) => {
	const { text } = answered(403, { error_code: 'EGW00101', message: '가'.repeat(length) });
	expect(text).toBe('가'.repeat(kept));
});

test.each(['the host says why', null])('why an address is forbidden: %p', (forbidden) => {
	const unwritten = { kind: 'unwritten', transportCode: 'EGRESS_REFUSED', forbidden } as const;
	expect(readRevocation(parseExchange(unwritten), NO_SECRETS)).toMatchObject({
		verdict: 'unwritten',
		text: forbidden,
		transportCode: 'EGRESS_REFUSED',
	});
});
