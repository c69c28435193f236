// What is tried: eight consecutive characters of a secret in every encoding that a server or proxy might echo, at every
// offset, nested, embedded and cut; secrets that are short, or made of regex characters, quotes or Korean; keys and tokens
// that the guard was not told, and texts that look a little like them; and texts made to keep the guard busy.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { quotedParts, SecretGuard } from '../../kis/secrets/secretGuard';
import { TEXTS } from '../../tools/sandbox/texts';
import { ENCODINGS, fourHexDigits } from '../support/encodings';
import { makeKeyPair, makeOpaqueToken, makeToken } from '../support/tokens';

const SAMPLE = 'zQ7/wV+xK9-_pLmT4=Jc';
const guard = new SecretGuard([SAMPLE]);
const EIGHT = SAMPLE.slice(5, 13);
const SEVEN = SAMPLE.slice(5, 12);

const names = Object.keys(ENCODINGS);

describe.each(names)('%s', (name) => {
	const encode = ENCODINGS[name];

	test('eight characters of a secret are found, wherever they stand in it', () => {
		for (let start = 0; start + 8 <= SAMPLE.length; start++) {
			const part = encode(SAMPLE.slice(start, start + 8));
			for (const text of [
				part,
				`App ${part}.`,
				`{"a":"${part}"}`,
				`유효하지 않은 ${part} 입니다`,
			]) {
				expect(`${guard.reveals(text)} ${text}`).toBe(`true ${text}`);
			}
		}
	});

	test('they are found within a longer encoded text, at every offset', () => {
		for (let before = 0; before < 8; before++) {
			const text = encode(`${'!'.repeat(before)}${EIGHT}${'?'.repeat(before % 3)}`);
			expect(`${guard.reveals(text)} ${text}`).toBe(`true ${text}`);
		}
	});

	test('they are found after characters of the same alphabet', () => {
		for (const before of ['a', 'ab', 'abc', '0', '01', '012', 'id_', 'x-']) {
			const text = `${before}${encode(SAMPLE)}`;
			expect(`${guard.reveals(text)} ${text}`).toBe(`true ${text}`);
		}
	});

	test('seven characters are shown', () => {
		expect(guard.show(encode(SEVEN))).toBe(encode(SEVEN));
		expect(guard.show(`App ${encode(SEVEN)} <`)).toBe(`App ${encode(SEVEN)} <`);
	});

	test.each(names)('inside %s', (outer) => {
		const text = ENCODINGS[outer](`key: ${encode(SAMPLE)}`);
		expect(`${guard.reveals(text)} ${text}`).toBe(`true ${text}`);
	});
});

test('an escaped quote does not hide a secret that is encoded twice', () => {
	const missed = names.flatMap((inner) =>
		names
			.map((outer) => `{\\"key\\":\\"${ENCODINGS[outer](ENCODINGS[inner](SAMPLE))}\\"}`)
			.filter((text) => !guard.reveals(text)),
	);
	expect(missed).toEqual([]);
});

describe('a text that reveals', () => {
	test('is withheld whole', () => {
		const shown = guard.show(
			`Unknown app ${EIGHT}, see https://evil.example/${ENCODINGS.base64(SAMPLE)}`,
		);
		expect(shown).not.toMatch(/Unknown|evil/);
		expect(guard.reveals(shown)).toBe(false);
		expect(shown).toMatch(/withheld/i);
	});

	test('mixes plain and encoded characters', () => {
		expect(guard.reveals(`${EIGHT.slice(0, 4)}${ENCODINGS.percentAll(EIGHT.slice(4))}`)).toBe(true);
		expect(guard.reveals(`${EIGHT.slice(0, 6)}\\u${fourHexDigits(EIGHT[6])}${EIGHT[7]}`)).toBe(
			true,
		);
	});

	test('contains any of many secrets, tokens too', () => {
		const { appkey, appsecret } = makeKeyPair();
		const token = makeToken(appkey);
		const many = new SecretGuard([appkey, appsecret, token]);
		for (const secret of [appkey, appsecret, token]) {
			expect(many.reveals(`"${secret}"`)).toBe(true);
			expect(many.reveals(secret.slice(0, 8))).toBe(true);
			expect(many.reveals(secret.slice(-8))).toBe(true);
		}
	});

	test('is not made by the end of one secret and the start of another', () => {
		const two = new SecretGuard(['firstsecret', 'othersecret']);
		expect(two.reveals('cretothe')).toBe(false);
		expect(two.reveals('cret\nothe')).toBe(false);
	});

	test('is not made by the same letters in another case', () => {
		expect(guard.reveals(SAMPLE.toUpperCase())).toBe(false);
	});
});

describe('a secret', () => {
	test.each(['abc1234', 'abc', '(.*)', 'é'])(
		'shorter than eight characters, %s: all of it counts',
		(short) => {
			const guard = new SecretGuard([short]);
			for (const name of names) {
				const text = `x ${ENCODINGS[name](`-${short}-`)} x`;
				expect(`${guard.reveals(text)} ${text}`).toBe(`true ${text}`);
			}
			expect(guard.reveals(`x${short.slice(0, -1)}`)).toBe(false);
		},
	);

	test('of exactly eight characters counts as a whole', () => {
		const guard = new SecretGuard(['abcd1234']);
		expect(guard.reveals('abcd1234')).toBe(true);
		expect(guard.reveals('abcd123 bcd1234')).toBe(false);
	});

	test('that is empty hides nothing', () => {
		expect(new SecretGuard(['', '']).show('EGW00121')).toBe('EGW00121');
	});

	test.each([
		['regex characters', '^(a+)+$.*[x]{9,}|?\\d'],
		['quotes and backslashes', 'a"b\'c`d\\e\\"f\\\\g"h'],
		['percent signs that are none', '100%zz%4%%41%c3%28xyz'],
		['what reads like JSON escapes and percent codes', '\\u0041%41\\u0042%42'],
		['line breaks and tabs', 'a\nb\tc\rd\be\ff\ng\th'],
		['Korean', '비밀번호열쇠가나다라마'],
		['characters beyond the basic plane', '🔑🗝️🔐🔒🔓🧿🪬🛡️'],
	])('made of %s is found in every encoding', (_name, secret) => {
		const guard = new SecretGuard([secret]);
		for (const name of names) {
			const text = `<${ENCODINGS[name](`.${secret}.`)}>`;
			expect(`${name} ${guard.reveals(text)}`).toBe(`${name} true`);
		}
		expect(guard.reveals(JSON.stringify({ secret }))).toBe(true);
		expect(guard.reveals(JSON.stringify(JSON.stringify({ secret })))).toBe(true);
		expect(guard.reveals(encodeURIComponent(secret))).toBe(true);
		expect(guard.reveals('innocent')).toBe(false);
	});
});

describe('a token', () => {
	const keys = new SecretGuard(['PSkey678', 'a secret']);

	test('is kept beside the key pair', () => {
		const guard = keys.and('opaque-token', '');
		expect(guard.reveals('no opaque-t')).toBe(true);
		expect(guard.reveals('no PSkey678')).toBe(true);
		expect(keys.reveals('no opaque-t')).toBe(false);
	});

	test.each(['에', '토큰', 'token', 'expired'])(
		'of fewer than eight characters, %s, is no secret: any text may contain it',
		(token) => {
			const text = '기간이 만료된 token 입니다. 토큰 폐기에 실패 (expired)';
			expect(keys.and(token).show(text)).toBe(text);
		},
	);

	test('of eight characters is a secret', () => {
		expect(keys.and('opaque-t').reveals('no opaque-t')).toBe(true);
	});

	test('quotes an app secret, plain or encoded, but a short one only by chance', () => {
		for (const name of names) {
			expect(new SecretGuard([SAMPLE]).isQuotedIn(`x.${ENCODINGS[name](SAMPLE)}.x`)).toBe(true);
		}
		expect(new SecretGuard([SAMPLE]).isQuotedIn(makeToken('PSkey'))).toBe(false);
		expect(new SecretGuard(['e', 'Jhb']).isQuotedIn(makeToken('PSkey'))).toBe(false);
	});
});

describe("what looks like anybody's key or token", () => {
	const guard = new SecretGuard([SAMPLE]);
	const { appkey, appsecret } = makeKeyPair();
	const [header, payload, signature] = makeToken(appkey).split('.');
	const looks: ReadonlyArray<[string, string]> = [
		['an app key', appkey],
		['an app secret', appsecret],
		['40 characters of an app secret', appsecret.slice(70, 110)],
		['the start of a header', header.slice(0, 8)],
		['the start of a payload', payload.slice(0, 8)],
		['a signature', signature],
		['40 characters of a token', makeToken(appkey).slice(-60, -20)],
		['base64', 'aB3+xY/z'.repeat(5)],
		['base64url', 'aB3-xY_z'.repeat(5)],
		['an opaque token', makeOpaqueToken()],
	];

	test.each(looks)('%s, is withheld in every encoding', (_name, secret) => {
		for (const name of names) {
			for (const text of [secret, `no: ${secret}, sorry`, `키=${secret}`]) {
				const encoded = ENCODINGS[name](text);
				expect(`${guard.show(encoded)} ${encoded}`).toMatch(/^\[Withheld/);
			}
		}
	});

	/** One in a thousand drawn texts begins like an app key. */
	const withoutAppKey = (text: string) => text.replaceAll('PS', 'SP');

	test.each([
		['less than an app key', appkey.slice(0, -1)],
		['39 characters of base64', withoutAppKey(appsecret.slice(70, 109))],
		['39 characters of base64url', withoutAppKey(makeToken(appkey).slice(-39))],
		['seven characters of a header', header.slice(0, 7)],
		['base64 with a blank in it', `${'x'.repeat(39)} ${'x'.repeat(39)}`],
		['a path', '/uapi/domestic-stock/v1/quotations/inquire-time-itemchartprice'],
		['an address', 'https://openapi.koreainvestment.com:9443/uapi/hashkey?a=1#b'],
		['a UUID', '123e4567-e89b-12d3-a456-426614174000'],
		['a code', 'OPSQ0002'],
		['a long name', 'org.springframework.web.HttpRequestMethodNotSupportedException'],
		['Korean without a blank', '가나다라마바사'.repeat(20)],
	])('is more than %s', (_name, text) => {
		expect(guard.show(text)).toBe(text);
	});
});

describe('a long text', () => {
	const guard = new SecretGuard([SAMPLE]);

	test.each([
		[1000, 1000],
		[1001, 1000],
		[64 * 1024, 1000],
	])('of %d characters is shown up to %d', (length, shown) => {
		expect(guard.show('가'.repeat(length))).toBe('가'.repeat(shown));
	});

	test('is judged by the part that is shown', () => {
		expect(guard.show(`${'.'.repeat(1000)}${SAMPLE}`)).toBe('.'.repeat(1000));
		expect(guard.show(`${'.'.repeat(992)}${SAMPLE}`)).toMatch(/^\[Withheld/);
	});
});

describe('many tokens', () => {
	const tokens = [makeOpaqueToken(), 'short', `x${SAMPLE}`, makeToken('PSkey')];

	test('what a text quotes of them is found, plain and encoded', async () => {
		for (const name of names) {
			const text = `no: ${ENCODINGS[name](`<${EIGHT}>`)}.`;
			expect(await quotedParts(text, tokens)).toEqual([EIGHT]);
		}
	});

	test('a text that quotes less, or only a short one, quotes nothing', async () => {
		expect(await quotedParts(`no: ${SEVEN} short shorter`, tokens)).toEqual([]);
	});
});

describe('innocent text', () => {
	const keys = makeKeyPair();
	const guard = new SecretGuard([keys.appkey, keys.appsecret, makeToken(keys.appkey)]);

	test.each([
		'접근토큰 폐기에 성공하였습니다.',
		'유효하지 않은 token 입니다.',
		'초당 거래건수를 초과하였습니다.',
		'접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)',
		'기간이 만료된 token 입니다. (2026-11-23 08:16:59)',
		'100% \\u 0x %zz %E0%A4 \\',
		'{"error_code":"EGW00121","error_description":"유효하지 않은 token 입니다."}',
		'https://securities.koreainvestment.com/error/error.jsp?trace=9f86d081884c7d65',
		'',
		'🙂\uD800',
		...Object.values(TEXTS),
		...Object.keys(TEXTS),
	])('%j passes unchanged', (text) => {
		expect(guard.show(text)).toBe(text);
	});
});

describe('half a megabyte', () => {
	const SIZE = 512 * 1024;
	const keys = makeKeyPair();
	const fill = (unit: string) => unit.repeat(Math.ceil(SIZE / unit.length)).slice(0, SIZE);
	const texts: ReadonlyArray<[string, string]> = [
		[
			'of short base64',
			fill(`${Buffer.from('any text of twenty-nine bytes').toString('base64url')}.`),
		],
		['of short hex', fill(`${randomBytes(19).toString('hex')} `)],
		['of percent signs', fill('%25')],
		['of backslashes', fill('\\')],
		['of JSON escapes', fill('\\u005c')],
		['of seven characters of a secret', fill(`${keys.appsecret.slice(0, 7)} `)],
		['of short runs', fill('ab.')],
	];

	// In a time that grew with the square of the length, it would take longer than a test may.
	test.each(texts)('%s are judged', async (_name, text) => {
		const guard = new SecretGuard([keys.appkey, keys.appsecret, makeToken(keys.appkey)]);
		expect(guard.reveals(text)).toBe(false);
		expect(guard.reveals(text + keys.appkey)).toBe(true);
		// Here the runner looks whether its limit was kept.
		await delay(1);
	});
});
