// What is tried: wrappings from copy and paste, text that cannot be a token, signatures that a lenient decoder takes for
// whole, claims made to break a date, a prototype or a comparison, and text made to keep the parser busy.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import {
	hasExpired,
	isIssuedTo,
	parseAccessToken,
	isCutOff,
	isWholeTokenOf,
} from '../../kis/input/accessToken';
import { InvalidInput } from '../../kis/input/invalidInput';
import { makeJwt, makeKeyPair, makeToken, read } from '../support/tokens';

const { appkey } = makeKeyPair();
const token = makeToken(appkey);
const [header, payload, signature] = token.split('.');

describe('what is stripped from a token', () => {
	test.each([
		['nothing', token],
		['white space', `\r\n\t ${token} \n`],
		['a byte order mark', `\uFEFF${token}`],
		['double quotes', `"${token}"`],
		['single quotes', `'${token}'`],
		['Bearer', `Bearer ${token}`],
		['bearer in any case', `bEARER \t ${token}`],
		['quotes around Bearer', ` "Bearer ${token}" `],
		['quotes after Bearer', `Bearer "${token}"`],
		['everything together', `\n' Bearer  " ${token} " '\n`],
	])('%s', (_name, input) => {
		expect(read(input)).toEqual(read(token));
		expect(read(input).value).toBe(token);
	});

	test.each([['opaque'], ['Bearerlike'], ['a"b\'c'], ['x'.repeat(8192)], ['null']])(
		'%.20s is sent as it is: what a token looks like never blocks a call',
		(input) => {
			expect(read(input)).toMatchObject({ value: input, claims: null });
		},
	);

	test('the fingerprint is the SHA-256 of the bare token', () => {
		const sha256 = createHash('sha256').update(token).digest('hex');
		expect(read(` "Bearer ${token}"`).fingerprint).toBe(sha256);
	});
});

describe('what cannot be a token', () => {
	test.each([
		['nothing', undefined],
		['null', null],
		['a number', 42],
		['a boolean', true],
		['an object', { access_token: token }],
		['an object that can turn into text', { toString: () => token }],
		['an array', [token]],
		['an empty text', ''],
		['white space', ' \r\n\t\u3000'],
		['empty quotes', ' "" '],
		['Bearer alone', 'Bearer'],
		['Bearer and white space', ' bearer \n'],
		['Bearer in quotes', '"Bearer "'],
		['Bearer and empty quotes', 'Bearer ""'],
		['a space inside', `${header}. ${payload}.${signature}`],
		['a line break inside', `${header}.\n${payload}.${signature}`],
		['two tokens', `${token} ${token}`],
		['a no-break space inside', 'left\u00A0right'],
		['a line separator inside', 'left\u2028right'],
		['a NUL inside', 'left\0right'],
		['DEL inside', 'left\x7Fright'],
		['a C1 control character inside', 'left\u0085right'],
		['a zero-width space inside', 'left\u200Bright'],
		['8 KiB and one byte', 'x'.repeat(8193)],
		['more than 8 KiB in few characters', '가'.repeat(2731)],
	])('%s', (_name, input) => {
		const unusable = parseAccessToken(input);
		expect(unusable).toBeInstanceOf(InvalidInput);
		expect(JSON.stringify(unusable)).not.toMatch(/eyJ|left|right|xxx|가/);
	});

	test('quotes, white space and Bearer in hostile numbers are read', async () => {
		read(`${'" '.repeat(400)}${'"'.repeat(5000)}x`);
		read(`${'Bearer '.repeat(1000)}x`);
		// Here the runner looks whether its limit was kept.
		await delay(1);
	});
});

describe('what a token says about itself', () => {
	const exp = 1_795_000_000;

	test("KIS's own token is whole, and names its app key and expiry", () => {
		expect(read(makeToken(appkey, { exp })).claims).toEqual({
			appkey,
			issuedAt: expect.any(Number),
			expiresAt: exp * 1000,
			signature: 'whole',
		});
	});

	test.each([
		['cut off by one character', token.slice(0, -1)],
		['cut off by a block of four', token.slice(0, -4)],
		['cut off whole', `${header}.${payload}.`],
		['one character longer', `${token}A`],
		['one block longer', `${token}AAAA`],
		['padded', `${token}==`],
		['in standard base64', `${header}.${payload}.${'+/'.repeat(42)}+w`],
		['with an illegal character', `${token.slice(0, -5)}!${token.slice(-4)}`],
		['of 32 bytes', `${header}.${payload}.${Buffer.alloc(32).toString('base64url')}`],
		['of 65 bytes', `${header}.${payload}.${Buffer.alloc(65).toString('base64url')}`],
	])('a signature %s is not whole, though the claims can be read', (_name, input) => {
		expect(read(input).claims).toMatchObject({ appkey, signature: 'cutOff' });
		expect(isCutOff(read(input))).toBe(true);
		expect(isWholeTokenOf(read(input), appkey)).toBe(false);
	});

	test.each([
		['another', makeJwt({ jti: appkey, exp }, { alg: 'ES512' })],
		['no named', makeJwt({ jti: appkey, exp }, {})],
	])('with %s algorithm the length is not known: neither whole nor cut off', (_name, input) => {
		expect(read(input).claims).toMatchObject({ appkey, signature: 'unknown' });
		expect(isCutOff(read(input))).toBe(false);
		expect(isWholeTokenOf(read(input), appkey)).toBe(false);
	});

	test.each([
		['its payload', token.slice(0, 60), true],
		['its header', token.slice(0, 5), true],
		['nothing', token, false],
		['what does not start like a JWT', token.slice(3), false],
	])('cut off in %s', (_name, input, expected) => {
		expect(isCutOff(read(input))).toBe(expected);
	});

	test.each(['B', 'R', 'h', 'x', 'P'])(
		'changing the last character to %s leaves the token not whole, though lenient decoders see the same bytes',
		(last) => {
			const bytes = Buffer.from(signature.slice(0, -1) + last, 'base64url');
			expect(bytes).toHaveLength(64);
			const altered = `${header}.${payload}.${signature.slice(0, -1)}${last}`;
			expect(read(altered).claims).toMatchObject({ signature: 'cutOff' });
		},
	);

	test.each([
		['its header has blanks', '{ "alg":"HS512"}', 63],
		['its header has lines', '{\n"alg": "HS512"\n}', 0],
		['its algorithm is written small', '{"alg":"hs512"}', 20],
		['its signature is a shorter one of its kind', '{"alg":"HS256"}', 31],
	])('it is cut off though %s', (_name, head, bytes) => {
		const [encoded] = [head].map((text) => Buffer.from(text).toString('base64url'));
		const end = Buffer.alloc(bytes, 1).toString('base64url');
		expect(isCutOff(read(`${encoded}.${payload}.${end}`))).toBe(true);
	});

	test('an HS256 signature may be whole, but KIS makes none', () => {
		const head = Buffer.from('{"alg":"HS256"}').toString('base64url');
		const token = read(`${head}.${payload}.${Buffer.alloc(32).toString('base64url')}`);
		expect(isCutOff(token)).toBe(false);
		expect(isWholeTokenOf(token, appkey)).toBe(false);
	});

	test('duplicate claims make the token unreadable', () => {
		expect(read(makeJwt(`{"jti":"x","jti":"${appkey}"}`)).claims).toBeNull();
	});

	test.each([
		['two parts', `${header}.${payload}`],
		['four parts', `${token}.${signature}`],
		['a payload of an array', makeJwt([{ jti: appkey }])],
		['a payload of null', makeJwt(null)],
		['a payload of text', makeJwt('"text"')],
		['a payload that is cut off', makeJwt(`{"jti":"${appkey}"`)],
		['a header of an array', makeJwt({ jti: appkey }, [])],
		['a payload in loose base64', `${header}.${payload}=.${signature}`],
		['points alone', '..'],
	])('%s: nothing can be read', (_name, input) => {
		const token = read(input);
		expect(token.claims).toBeNull();
		expect(isIssuedTo(token, appkey)).toBeNull();
		expect(hasExpired(token, Infinity)).toBe(false);
	});

	test.each([
		['text', '"1795000000"'],
		['empty text', '""'],
		['true', 'true'],
		['null', 'null'],
		['an array', '[1795000000]'],
		['an object', '{"valueOf":1}'],
		['beyond any number', '1e400'],
		['below any number', '-1e400'],
		['beyond any date', '8.64e15'],
		['huge', '1e308'],
		['in milliseconds', '1795000000000'],
		['negative', '-1'],
	])('a time that is %s is no time', (_name, value) => {
		const token = read(makeJwt(`{"jti":"${appkey}","exp":${value},"iat":${value}}`));
		expect(token.claims).toEqual({ appkey, issuedAt: null, expiresAt: null, signature: 'whole' });
		expect(hasExpired(token, Date.UTC(3000, 0))).toBe(false);
	});

	test.each([
		0, 1, 1.5, 1_795_000_000.999, 253_370_764_799, 253_402_300_799, 253_402_300_800, 9e12,
	])('an expiry of %d is unknown, or a date with a four-digit year', (exp) => {
		const expiresAt = read(makeToken(appkey, { exp })).claims?.expiresAt ?? 0;
		const nineHoursLater = new Date(expiresAt + 9 * 60 * 60 * 1000);
		expect(nineHoursLater.toISOString()).toMatch(/^\d{4}-/);
	});

	test.each([['42'], ['""'], ['null'], ['["K"]'], ['{"0":"K"}'], ['true']])(
		'a jti of %s names no app key',
		(jti) => {
			const token = read(makeJwt(`{"jti":${jti}}`));
			expect(isIssuedTo(token, 'K')).toBeNull();
		},
	);

	test.each([
		['__proto__', `{"__proto__":{"jti":"${appkey}","exp":1}}`],
		['constructor', `{"constructor":{"prototype":{"jti":"${appkey}","exp":1}}}`],
	])('a payload cannot add claims through %s', (_name, json) => {
		expect(read(makeJwt(json)).claims).toEqual({
			appkey: null,
			issuedAt: null,
			expiresAt: null,
			signature: 'whole',
		});
		expect({}).not.toHaveProperty('jti');
		expect(Object.hasOwn(Object.prototype, 'exp')).toBe(false);
	});

	test('a header cannot set its algorithm through __proto__', () => {
		const token = read(makeJwt({ jti: appkey }, '{"__proto__":{"alg":"HS512"}}'));
		expect(token.claims?.signature).toBe('unknown');
	});

	test('app keys are compared case-sensitively', () => {
		expect(isIssuedTo(read(token), appkey)).toBe(true);
		expect(isIssuedTo(read(token), appkey.toLowerCase())).toBe(false);
		expect(isIssuedTo(read(makeToken(`${appkey} `)), appkey)).toBe(false);
		expect(isIssuedTo(read(makeToken(appkey.slice(0, -1))), appkey)).toBe(false);
	});

	test('a token has expired from the millisecond of its expiry', () => {
		const token = read(makeToken(appkey, { exp }));
		expect(hasExpired(token, exp * 1000 - 1)).toBe(false);
		expect(hasExpired(token, exp * 1000)).toBe(true);
	});
});

test.each<[unknown, string]>([
	[undefined, 'the token is missing'],
	[null, 'the token is missing'],
	[7, 'the token is not a text'],
	['', 'the token is empty'],
	[' "" ', 'the token is empty'],
	['Bearer ', 'there is no token after "Bearer"'],
	['x'.repeat(8193), 'the token is longer than 8 KiB'],
	['two words', 'the token contains white space or control characters'],
])('%p: it says why', (input, why) => {
	expect(parseAccessToken(input)).toMatchObject({ why });
});

test('a token may end in "bearer"', () => {
	expect(parseAccessToken('my-bearer')).toMatchObject({ value: 'my-bearer' });
});

test('a token that expired at the start of time has expired', () => {
	expect(hasExpired(read(makeToken(appkey, { exp: 0 })), 1)).toBe(true);
});
