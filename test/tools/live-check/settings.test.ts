// Which hosts and key pairs the live check accepts.
import { costOf } from '../../../tools/live-check/steps';
import { readSettings } from '../../../tools/live-check/settings';
import { makeApp, TokenIssuer } from '../../../tools/sandbox/apps';
import { InvalidInput } from '../../../kis/input/invalidInput';

const { appkey: KIS_APPKEY, appsecret: KIS_APPSECRET } = makeApp();
const keys = { KIS_APPKEY, KIS_APPSECRET };
const whyOf = (env: Record<string, string>) => {
	const settings = readSettings({ ...keys, ...env });
	return settings instanceof InvalidInput ? settings.why : null;
};

test.each([
	'https://openapi.koreainvestment.com:9443',
	'https://openapi.koreainvestment.com',
	'https://openapi.koreainvestment.com:29443/prefix',
	'https://openapi.koreainvestment.com.:9443',
	'https://OPENAPI.KoreaInvestment.com:9443',
	' https://openapi.koreainvestment.com:9443/ ',
	'https://%6fpenapi.koreainvestment.com:9443',
	'https://ｏｐｅｎａｐｉ.koreainvestment.com:9443',
])('refuses the host of real accounts, spelt %s', (url) => {
	expect(whyOf({ KIS_BASE_URL: url })).toContain('real accounts');
});

test.each([
	'https://openapivts.koreainvestment.com:9443',
	'https://openapivts.koreainvestment.com',
	'https://openapivts.koreainvestment.com.evil.example:29443',
	'https://koreainvestment.com',
	'https://192.0.2.1:29443',
	'https://localhost.example',
	'http://openapivts.koreainvestment.com:29443',
	'https://localhost@openapi.koreainvestment.com:9443',
	'ftp://localhost',
	'localhost:29443',
])('refuses %s, which is neither paper nor this computer', (url) => {
	expect(whyOf({ KIS_BASE_URL: url })).toEqual(expect.any(String));
});

test.each([
	[undefined, 'https://openapivts.koreainvestment.com:29443'],
	[' ', 'https://openapivts.koreainvestment.com:29443'],
	['https://openapivts.koreainvestment.com:29443/', 'https://openapivts.koreainvestment.com:29443'],
	['http://127.0.0.1:29443', 'http://127.0.0.1:29443'],
	['https://localhost:29443', 'https://localhost:29443'],
	['http://[::1]:1', 'http://[::1]:1'],
])('takes %s', (KIS_BASE_URL, origin) => {
	expect(readSettings({ ...keys, KIS_BASE_URL })).toMatchObject({ baseUrl: { origin } });
});

test('rejects half a key pair, and two pairs of one app', () => {
	expect(readSettings({})).toBeInstanceOf(InvalidInput);
	expect(readSettings({ KIS_APPKEY })).toBeInstanceOf(InvalidInput);
	expect(whyOf({ KIS_OTHER_APPKEY: 'x' })).toContain('belong together');
	expect(whyOf({ KIS_OTHER_APPKEY: KIS_APPKEY, KIS_OTHER_APPSECRET: 'x' })).toContain('same app');
});

test('takes white space out of the keys, as copying leaves it', () => {
	expect(readSettings({ ...keys, KIS_APPKEY: ` ${KIS_APPKEY}\n` })).toMatchObject({
		keys: { appkey: KIS_APPKEY },
	});
});

test('takes only a token of the app key that has expired, for it would revoke another one', () => {
	const mint = (appkey: string, lifeMs: number) =>
		new TokenIssuer().issue(appkey, Date.now(), lifeMs).value;
	expect(whyOf({ KIS_EXPIRED_TOKEN: mint(KIS_APPKEY, -10_000) })).toBeNull();
	expect(whyOf({ KIS_EXPIRED_TOKEN: mint(KIS_APPKEY, 10_000) })).toContain('no expired token');
	expect(whyOf({ KIS_EXPIRED_TOKEN: mint('another', -10_000) })).toContain('no expired token');
	expect(whyOf({ KIS_EXPIRED_TOKEN: 'opaque' })).toContain('no expired token');
});

test('says beforehand how many requests it will be', () => {
	const app = makeApp();
	expect(costOf({ keys: app })).toMatchObject({ requests: 21, issues: 2 });
	expect(costOf({ keys: app, other: app, expiredToken: 'x' })).toMatchObject({
		requests: 25,
		issues: 3,
	});
});
