// What is tried: every way to make a host look like KIS or like this computer that URL parsers are known to fall for.
import { endpointOf, isLoopback, parseBaseUrl } from '../../kis/input/baseUrl';
import { InvalidInput } from '../../kis/input/invalidInput';

const PATH = '/oauth2/revokeP';

function endpoint(text: string): string {
	const url = parseBaseUrl(text);
	if (url instanceof InvalidInput) throw new Error(url.why);
	return endpointOf(url, PATH).href;
}

test.each([
	['https://relay.example', 'https://relay.example/oauth2/revokeP'],
	['https://relay.example/', 'https://relay.example/oauth2/revokeP'],
	['HTTPS://Relay.Example', 'https://relay.example/oauth2/revokeP'],
	[' \n https://relay.example \r\n', 'https://relay.example/oauth2/revokeP'],
	['https://relay.example:9443', 'https://relay.example:9443/oauth2/revokeP'],
	['https://relay.example/kis', 'https://relay.example/kis/oauth2/revokeP'],
	['https://relay.example/kis/v1/', 'https://relay.example/kis/v1/oauth2/revokeP'],
	['https://relay.example/kis///', 'https://relay.example/kis/oauth2/revokeP'],
	['https://relay.example/%3Fa%23b', 'https://relay.example/%3Fa%23b/oauth2/revokeP'],
	['https://relay.example/team@kis', 'https://relay.example/team@kis/oauth2/revokeP'],
	['https://192.0.2.7', 'https://192.0.2.7/oauth2/revokeP'],
	['https://[2001:db8::7]:8443', 'https://[2001:db8::7]:8443/oauth2/revokeP'],
	['http://localhost:29443', 'http://localhost:29443/oauth2/revokeP'],
	['http://LOCALHOST:29443/kis', 'http://localhost:29443/kis/oauth2/revokeP'],
	['http://127.0.0.1', 'http://127.0.0.1/oauth2/revokeP'],
	['http://127.255.255.254:8080', 'http://127.255.255.254:8080/oauth2/revokeP'],
	['http://[::1]:29443', 'http://[::1]:29443/oauth2/revokeP'],
	['http://[0:0:0:0:0:0:0:1]', 'http://[::1]/oauth2/revokeP'],
	// Other spellings of 127.0.0.1, as the URL standard reads them.
	['http://127.1', 'http://127.0.0.1/oauth2/revokeP'],
	['http://2130706433', 'http://127.0.0.1/oauth2/revokeP'],
])('%j is accepted, and its path prefix kept', (text, expected) => {
	expect(endpoint(text)).toBe(expected);
});

const KIS = 'openapi.koreainvestment.com';

test.each([
	['nothing', ''],
	['white space', ' \n'],
	['no scheme', 'relay.example'],
	['no scheme, but slashes', '//relay.example'],
	['one slash', 'https:/relay.example'],
	['no slash', 'https:relay.example'],
	['three slashes', 'https:///relay.example'],
	['no host', 'https://'],
	['a port alone', 'https://:9443'],
	['a port that is none', 'https://relay.example:99999'],
	['a port that is text', 'https://relay.example:port'],
	['another scheme', 'ftp://relay.example'],
	['a file', 'file:///etc/passwd'],
	['a script', 'javascript:alert(1)'],
	['data', 'data:application/json,{}'],
	['a scheme around a scheme', 'blob:https://relay.example/x'],
	['a user that looks like KIS', `https://${KIS}@evil.example`],
	['a user and password that look like KIS', `https://${KIS}:9443@evil.example`],
	['user info behind a loopback look', 'http://127.0.0.1:80@evil.example'],
	['empty user info', 'https://@relay.example'],
	['empty user and password', 'https://:@relay.example'],
	['an @ in full width', `https://${KIS}＠evil.example`],
	['an @ in percent', `https://${KIS}%40evil.example`],
	['a slash in full width', `https://evil.example／.${KIS}`],
	['a backslash', `https://evil.example\\.${KIS}`],
	['a backslash before an @', `https://evil.example\\@${KIS}`],
	['backslashes for slashes', 'https:\\\\relay.example'],
	['a query', 'https://relay.example?x=1'],
	['an empty query', 'https://relay.example?'],
	['a query in the path', 'https://relay.example/kis?to='],
	['a fragment', 'https://relay.example#x'],
	['an empty fragment', 'https://relay.example#'],
	['a fragment in the path', 'https://relay.example/kis#'],
	['a space inside', 'https://relay. example'],
	['a line break inside', 'https://relay.exam\nple'],
	['a tab inside', 'https://relay.exam\tple'],
	['a NUL inside', 'https://relay.example/\0'],
	['a zero-width space inside', 'https://relay.exam\u200Bple'],
	['a right-to-left mark', 'https://relay.example/\u202Emoc'],
	['a soft hyphen', 'https://relay.exam\u00ADple'],
])('%s is refused, and the input is not quoted', (_name, text) => {
	const refused = parseBaseUrl(text);
	expect(refused).toBeInstanceOf(InvalidInput);
	expect(refused).toHaveProperty('todo', expect.stringMatching(/\.$/));
	expect(JSON.stringify(refused)).not.toMatch(/evil|koreainvestment|passwd|alert|kis\?/);
});

test.each([
	['another machine', 'http://relay.example'],
	['KIS itself', `http://${KIS}:9443`],
	['a name below localhost', 'http://localhost.evil.example'],
	['a name that ends in localhost', 'http://evil-localhost'],
	['a name under localhost', 'http://relay.localhost'],
	['localhost with a point', 'http://localhost.'],
	['an address as a name', 'http://127.0.0.1.evil.example'],
	['an address in another range', 'http://128.0.0.1'],
	['every address of this machine', 'http://0.0.0.0'],
	['a private address', 'http://192.168.0.1'],
	['a link-local address', 'http://169.254.169.254'],
	['IPv4 inside IPv6', 'http://[::ffff:127.0.0.1]'],
	['IPv4 inside IPv6, in hex', 'http://[::ffff:7f00:1]'],
	['the old IPv4 inside IPv6', 'http://[::127.0.0.1]'],
	['the unspecified address', 'http://[::]'],
	['the neighbour of ::1', 'http://[::2]'],
	['another scope of 1', 'http://[fe80::1]'],
	['an IPv6 zone', 'http://[::1%25lo]'],
	['octal 127', 'http://0127.0.0.1'],
])('plain http to %s is refused', (_name, text) => {
	const refused = parseBaseUrl(text);
	expect(refused).toBeInstanceOf(InvalidInput);
	expect(refused).toHaveProperty('todo', expect.stringMatching(/\.$/));
	expect(JSON.stringify(refused)).not.toMatch(/evil|127|192|169|ffff/);
});

test.each(['http://127。0。0。1', 'http://１２７.0.0.1', 'http://ⓛocalhost'])(
	'%j is refused, or leads to this computer',
	(text) => {
		const url = parseBaseUrl(text);
		expect(url instanceof InvalidInput || isLoopback(url)).toBe(true);
	},
);

test.each(['https://relay.example/a/../..', 'https://relay.example/%2e%2e/'])(
	'%j stays on its host',
	(text) => {
		const url = parseBaseUrl(text);
		expect(url instanceof InvalidInput || endpointOf(url, PATH).origin).toBe(
			'https://relay.example',
		);
	},
);

test('making an endpoint does not change the base URL', () => {
	const baseUrl = new URL('https://relay.example/kis');
	endpointOf(baseUrl, PATH);
	expect(baseUrl.href).toBe('https://relay.example/kis');
});

test('an empty address is said to be empty', () => {
	expect(parseBaseUrl(' ')).toMatchObject({ why: 'the Base URL is empty' });
});
