// What is tried: addresses made of parts that URL parsers and people read differently.
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';

import { endpointOf, isLoopback, parseBaseUrl } from '../../kis/input/baseUrl';
import { InvalidInput } from '../../kis/input/invalidInput';
import { text } from '../support/arbitraries';
import { property } from '../support/properties';

const PATH = '/oauth2/revokeP';
const PIECES =
	'https:// http:// // / \\ @ : ? # . .. % %2e %40 [ ] [::1] ::1 localhost 127.0.0.1 127.1 0x7f.1 2130706433 0 1 :80 :9443 relay evil .example 가 ｡ ＠ ／ ⓛ ß xn-- kis'.split(
		' ',
	);
const address = fc
	.tuple(
		fc.constantFrom('', 'http://', 'https://', 'HTTPS://', ' http://'),
		fc.array(fc.oneof(fc.constantFrom(...PIECES, ' ', '\t', '\n', '\0'), text), { maxLength: 6 }),
	)
	.map(([scheme, pieces]) => scheme + pieces.join(''));

property(
	'an address that is accepted is https, or this computer, and nothing but a host and a path',
	[address],
	(text) => {
		const url = parseBaseUrl(text);
		if (url instanceof InvalidInput) return;
		const { protocol, hostname, username, password, search, hash } = url;
		expect(protocol).toMatch(/^https?:$/);
		if (protocol === 'http:') {
			expect(hostname).toMatch(/^(localhost|\[::1\]|127(\.\d{1,3}){3})$/);
			expect(isLoopback(url)).toBe(true);
		}
		expect({ username, password, search, hash }).toEqual({
			username: '',
			password: '',
			search: '',
			hash: '',
		});
	},
);

property('the host that is called is the one between "//" and the next "/"', [address], (text) => {
	const url = parseBaseUrl(text);
	if (url instanceof InvalidInput) return;
	const [, host] = /^\s*https?:\/\/([^/]+)/i.exec(text) ?? [];
	// As the URL standard writes it: in lower case, in ASCII, numbers as IPv4, without the port of the scheme.
	expect(new URL(`${url.protocol}//${host}`).host).toBe(url.host);
	if (/^[a-z.]+$/i.test(host)) expect(url.host).toBe(host.toLowerCase());
});

property(
	'an endpoint is on the host of its base URL, at the end of its path',
	[address],
	(text) => {
		const url = parseBaseUrl(text);
		if (url instanceof InvalidInput) return;
		const endpoint = endpointOf(url, PATH);
		expect(endpoint.origin).toBe(url.origin);
		expect(endpoint.pathname).toMatch(/[^/]\/oauth2\/revokeP$|^\/oauth2\/revokeP$/);
		expect(endpoint.href).toBe(endpoint.origin + endpoint.pathname);
	},
);

property(
	'any https address is accepted, and its path kept',
	[fc.webUrl({ validSchemes: ['https'] }), fc.constantFrom('', ' ', '\n')],
	(address, around) => {
		const url = parseBaseUrl(around + address + around) as URL;
		expect(url.href).toBe(new URL(address).href);
		const prefix = url.pathname.replace(/\/+$/, '');
		expect(endpointOf(url, PATH).pathname).toBe(prefix + PATH);
	},
);

property(
	'plain http to any other machine is refused',
	[
		fc.oneof(
			fc.domain(),
			fc.ipV4(),
			fc.ipV4Extended(),
			fc.ipV6().map((ip) => `[${ip}]`),
		),
	],
	(host) => {
		const { hostname } = new URL(`https://${host}`);
		const isHere = /^127\.|^\[::1\]$/.test(hostname);
		expect(parseBaseUrl(`http://${host}`) instanceof InvalidInput).toBe(!isHere);
	},
);

property(
	'a refusal does not quote the address',
	[fc.uuid(), fc.constantFrom(' ', '@', '?', '#', '\\')],
	(name, unusable) => {
		const refused = parseBaseUrl(`https://${name}${unusable}${name}.example`);
		expect(refused).toBeInstanceOf(InvalidInput);
		expect(JSON.stringify(refused)).not.toContain(name);
	},
);

test('a 1 MiB path of slashes is parsed in linear time', async () => {
	// Read in a time that grows with its square, it would take longer than a test may.
	const url = parseBaseUrl(`https://relay.example${'/'.repeat(1024 * 1024)}x`) as URL;
	expect(endpointOf(url, PATH).pathname).toMatch(/^\/+x\/oauth2\/revokeP$/);
	// Here the runner looks whether its limit was kept.
	await delay(1);
});
