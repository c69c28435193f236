// What is tried: keys from a clipboard, fields of the wrong type, and addresses that would send a real key elsewhere.
import { parseCredential } from '../../kis/input/credential';
import { ENVIRONMENTS } from '../../kis/input/environments';
import { InvalidInput } from '../../kis/input/invalidInput';
import { makeKeyPair } from '../support/tokens';

const keys = makeKeyPair();
const { appkey, appsecret } = keys;

test.each([
	['real', 'https://openapi.koreainvestment.com:9443/', 18],
	['paper', 'https://openapivts.koreainvestment.com:29443/', 1],
] as const)('%s is at %s and allows %d requests a second', (environment, address, rate) => {
	expect(parseCredential({ ...keys, environment })).toEqual({
		...keys,
		environment,
		mayCallUnasked: true,
		bringsToken: true,
		pacesRequests: true,
		redis: null,
		baseUrl: new URL(address),
	});
	expect(ENVIRONMENTS[environment].requestsPerSecond).toBe(rate);
});

test.each(['real', 'paper'])('%s ignores a base URL left over from custom', (environment) => {
	const fields = { ...keys, environment, baseUrl: 'https://evil.example' };
	expect(parseCredential(fields)).toMatchObject({
		baseUrl: { hostname: expect.stringMatching(/\.koreainvestment\.com$/) },
	});
});

test('custom is where the user says', () => {
	const fields = { ...keys, environment: 'custom', baseUrl: ' https://relay.example/kis\n' };
	expect(parseCredential(fields)).toEqual({
		...keys,
		environment: 'custom',
		mayCallUnasked: false,
		bringsToken: true,
		pacesRequests: true,
		redis: null,
		baseUrl: new URL('https://relay.example/kis'),
	});
});

test.each([
	['http://127.0.0.1:1', true],
	['http://localhost:1', true],
	['https://relay.example', false],
])('of custom hosts only this computer is called unasked: %s', (baseUrl, mayCallUnasked) => {
	expect(parseCredential({ ...keys, environment: 'custom', baseUrl })).toMatchObject({
		mayCallUnasked,
	});
});

test.each([
	['around', ` \t${appkey}\r\n`, `\n${appsecret} `],
	['within', `${appkey.slice(0, 9)}\n${appkey.slice(9)}`, appsecret.replace(/.{60}/g, '$&\r\n')],
	['of every kind', `\uFEFF${appkey}\u00A0`, `\u3000${appsecret}\u2028`],
])('stray white space %s the keys is stripped', (_name, pastedKey, pastedSecret) => {
	const fields = { appkey: pastedKey, appsecret: pastedSecret, environment: 'paper' };
	expect(parseCredential(fields)).toMatchObject(keys);
});

test.each<[string, Record<string, unknown>]>([
	['no fields', {}],
	['no app key', { appsecret, environment: 'paper' }],
	['an app key of white space', { appkey: ' \n', appsecret, environment: 'paper' }],
	['an app key that is no text', { appkey: { appkey }, appsecret, environment: 'paper' }],
	['no app secret', { appkey, environment: 'paper' }],
	['an app secret that is a number', { appkey, appsecret: 42, environment: 'paper' }],
	['no environment', { ...keys }],
	['an unknown environment', { ...keys, environment: 'REAL' }],
	['an inherited name as the environment', { ...keys, environment: 'constructor' }],
	['__proto__ as the environment', { ...keys, environment: '__proto__' }],
	['an array as the environment', { ...keys, environment: ['real'] }],
	['custom without an address', { ...keys, environment: 'custom' }],
	['custom with an address that is no text', { ...keys, environment: 'custom', baseUrl: 7 }],
	['custom with a refused address', { ...keys, environment: 'custom', baseUrl: 'http://evil' }],
	['a switch that is a text', { ...keys, environment: 'real', bringAuthorization: 'evil' }],
	['another switch that is a text', { ...keys, environment: 'real', paceRequests: 'evil' }],
	['an address of Redis that is none', { ...keys, environment: 'real', redisUrl: 'http://evil' }],
])('%s: refused with what to do, and neither keys nor input are quoted', (_name, fields) => {
	const refused = parseCredential(fields);
	expect(refused).toBeInstanceOf(InvalidInput);
	expect(refused).toHaveProperty('todo', expect.stringMatching(/\.$/));
	const said = JSON.stringify(refused);
	for (const secret of [appkey, appsecret, 'evil', '__proto__', 'REAL']) {
		expect(said).not.toContain(secret);
	}
});
