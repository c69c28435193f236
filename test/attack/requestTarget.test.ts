// Tried: to make the credential's headers go elsewhere by the spelling of a request's URL. `url`, `uri` and `baseURL` are drawn
// from forms that parsers read differently: blanks, control characters, backslashes, extra or missing slashes, schemes,
// user info, hosts in other places, and values that are not text. n8n's two helpers send each such request, first without
// the credential, then with it.
import fc from 'fast-check';
import type { IExecuteFunctions, IHttpRequestOptions } from 'n8n-workflow';

import { requestTarget, type RequestNames } from '../../credentials/requestTarget';
import { makeApp } from '../../tools/sandbox/apps';
import { lendContext, type LentContext } from '../support/lentContext';
import { resolveAllHere } from '../support/lookup';
import { property } from '../support/properties';
import {
	closeServers,
	http,
	startServer,
	type Script,
	type ScriptedServer,
	type SeenRequest,
} from '../support/scriptedServer';

/** Placeholders in the drawn forms for the credential's host and another one, since their ports are known later. */
const [OWN, EVIL] = ['OWN', 'EVIL'];

/** Draws one of the first, plain forms, or now and then one of the others. */
const mostly = (plain: readonly string[], others: readonly string[]) =>
	fc.oneof(
		{ weight: 5, arbitrary: fc.constantFrom(...plain) },
		{ weight: 1, arbitrary: fc.constantFrom(...others) },
	);

const BLANKS = [' ', '\t', '\n', '\r\n', '\0', '\x1f', '\x7f', '\u00a0', '\u200b', '\ufeff'];
const DELIMITERS = ['\\', '/', '//', '/\\', '/\t/', '@', ':', '?', '#', '.', '..', '%2f', 'x'];
const noise = mostly([''], [...BLANKS, ...DELIMITERS]);
const scheme = mostly(
	['http:'],
	['', 'HTTP:', 'h\nttp:', ' http:', 'https:', 'data:', 'blob:http:', 'file:', 'x:', 'http'],
);
const slashes = mostly(['//'], ['', '/', '///', '\\\\', '/\\', '\\/', '/ /', '/\t/']);
const user = mostly(
	[''],
	['me@', 'me:pw@', `${OWN}@`, `${OWN}\\@`, `${OWN}#@`, `${OWN}?@`, `${OWN}/@`, ' @'],
);
const host = mostly([OWN, EVIL], ['', `x.${OWN}`, `${OWN}.${EVIL}`, `${EVIL}\t`, `${OWN} ${EVIL}`]);
const path = mostly(
	['', '/', '/uapi/x', '/uapi/x?a=1#b', `/x?to=http://${EVIL}/`],
	[
		...['/x y?이름=삼성', '/a/../../b', '/%2e%2e/x', '\\x', 'uapi/x', '?x=1', '#b'],
		...[`//${EVIL}/x`, `/\\${EVIL}`, `/\t/${EVIL}`, `\\\\${EVIL}`, `@${EVIL}/x`, `:@${EVIL}`],
	],
);
const whole = fc
	.tuple(noise, scheme, slashes, user, host, path, noise)
	.map((parts) => parts.join(''));
const below = fc.tuple(noise, path, noise).map((parts) => parts.join(''));
const base = mostly(
	[`http://${OWN}`, `http://${OWN}/kis`, `http://${EVIL}/`],
	['//', '///', '?', '?x', '#', ' ', '\t', '\\', '@']
		.map((end) => `http://${OWN}${end}`)
		.concat('http:///', 'http:'),
);

const SHAPES = {
	text: (text: string) => text,
	url: (text: string) => (URL.canParse(text) ? new URL(text) : text),
	list: (text: string) => [text],
	object: (text: string) => ({ toString: () => text }),
};
const shape = fc.oneof(
	{ weight: 9, arbitrary: fc.constant('text' as const) },
	{ weight: 1, arbitrary: fc.constantFrom('url' as const, 'list' as const, 'object' as const) },
);
const named = (text: fc.Arbitrary<string>) => fc.record({ text, shape });
const absent = fc.constantFrom(undefined, undefined, null, { text: '', shape: 'text' as const });
const anything = fc.oneof(named(whole), named(below), absent);
const names = fc.oneof(
	fc.record({ url: named(whole) }),
	fc.record({ uri: named(whole) }),
	fc.record({ baseURL: named(base), url: named(below) }),
	fc.record({ baseURL: named(base), url: named(whole) }),
	fc.record({ baseURL: named(base), uri: fc.oneof(named(whole), named(below)) }),
	named(whole).map((both) => ({ url: both, uri: both })),
	fc.record({ baseURL: anything, url: anything, uri: anything }),
);

const app = makeApp();
let own: ScriptedServer;
let evil: ScriptedServer;
let lent: LentContext;

beforeEach(async () => {
	const script: Script = {
		answer: () => http(200, '{}', { connection: 'close' }),
		// Closes a TLS connection, so that nobody waits for an answer to it.
		connected: (socket) => socket.once('data', ([first]) => first === 0x16 && socket.destroy()),
	};
	[own, evil] = await Promise.all([startServer(script), startServer(script)]);
	resolveAllHere();
	lent = await lendContext({
		...app,
		environment: 'custom',
		baseUrl: own.url,
		// Issuing a token would be a request of its own.
		bringAuthorization: false,
	});
});
afterEach(async () => {
	await lent.giveBack();
	jest.restoreAllMocks();
	await closeServers();
});

type Drawn = typeof names extends fc.Arbitrary<infer One> ? One : never;

function namesOf(drawn: Drawn): RequestNames {
	const entries = Object.entries(drawn).map(([key, value]) => {
		if (!value) return [key, value] as const;
		const text = value.text
			.replaceAll(OWN, `127.0.0.1:${own.port}`)
			.replaceAll(EVIL, `127.0.0.1:${evil.port}`);
		return [key, SHAPES[value.shape](text)] as const;
	});
	return Object.fromEntries(entries);
}

interface Arrival extends SeenRequest {
	/** The URL that was called. */
	readonly href: string;
}

/** Collects what arrives at any server during a call. */
async function arrivals(send: () => Promise<unknown>): Promise<Arrival[]> {
	const servers = [own, evil];
	const before = servers.map(({ requests }) => requests.length);
	await send().catch(() => {});
	return servers.flatMap(({ url, requests }, i) =>
		requests.slice(before[i]).map((seen) => ({ ...seen, href: url + seen.line.split(' ')[1] })),
	);
}

type OlderOptions = Parameters<IExecuteFunctions['helpers']['request']>[1];

const optionsOf = (names: RequestNames) =>
	({ ...names, timeout: 5000 }) as unknown as IHttpRequestOptions & OlderOptions;

const counts = { targets: 0, doubtful: 0 };

property('the URL that was read is what is called, and nothing else is', [names], async (drawn) => {
	const target = requestTarget(namesOf(drawn));
	const isHere = [own, evil].some(({ url }) => target?.origin === url);
	counts[isHere ? 'targets' : 'doubtful']++;
	if (!target) return;
	const { host, origin, pathname, search } = target;
	const called = isHere ? [{ href: origin + pathname + search, host }] : [];
	const seen = async (send: () => Promise<unknown>) =>
		(await arrivals(send)).map(({ href, headers }) => ({ href, host: headers.host }));

	const { helpers } = lent.context;
	const { url, uri } = namesOf(drawn);
	const isOlder = url === undefined && uri !== undefined && uri !== null;
	const byNewer = await seen(async () => await helpers.httpRequest(optionsOf(namesOf(drawn))));
	expect({ byNewer }).toEqual({ byNewer: isOlder ? [] : called });
	const byOlder = await seen(async () => await helpers.request(optionsOf(namesOf(drawn))));
	expect({ byOlder }).toEqual({ byOlder: called });
});

property('no key goes elsewhere', [names], async (drawn) => {
	const { context } = lent;
	const { helpers } = context;
	const seen = [
		...(await arrivals(
			async () =>
				await helpers.httpRequestWithAuthentication.call(
					context,
					'kisApi',
					optionsOf(namesOf(drawn)),
				),
		)),
		...(await arrivals(
			async () =>
				await helpers.requestWithAuthentication.call(context, 'kisApi', optionsOf(namesOf(drawn))),
		)),
	];
	for (const { href, headers } of seen) {
		expect(headers).toMatchObject({ ...app, host: `127.0.0.1:${own.port}` });
		expect(new URL(href).origin).toBe(own.url);
	}
});

test('enough of the draws are called, and enough are ambiguous, to make the test meaningful', () => {
	const drawn = counts.targets + counts.doubtful;
	expect(counts.targets).toBeGreaterThan(drawn / 5);
	expect(counts.doubtful).toBeGreaterThan(drawn / 5);
});
