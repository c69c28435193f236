// Inspect, on n8n's engine: what a token says of itself, and that the token reaches neither KIS nor the output.
import type { IDataObject } from 'n8n-workflow';

import { found } from '../support/secrets';
import { makeJwt, makeKeyPair, makeToken, read } from '../support/tokens';
import { runNode, tokenItems, useSandbox, type Setup } from '../support/workflow';

const sandbox = useSandbox();
const appkey = () => sandbox().apps[0].appkey;
const seconds = (iso: string) => Date.parse(iso) / 1000;
const inspect = async (tokens: string[], setup: Setup = {}) =>
	await runNode(sandbox(), { input: tokenItems(...tokens), ...setup, operation: 'inspect' });

afterEach(() => expect(sandbox().calls).toEqual([]));

test('a good token', async () => {
	const token = makeToken(appkey(), {
		iat: seconds('2026-11-22T00:00:00Z'),
		exp: Math.floor(Date.now() / 1000) + 3600,
	});
	const { items } = await inspect([`Bearer ${token}`]);
	const { secondsLeft, expiresAt, ...rest } = items[0].json;
	expect(rest).toEqual({
		issuedAt: '2026-11-22T09:00:00+09:00',
		outcome: 'inspected',
		expired: false,
		issuedToThisAppKey: true,
		readable: true,
		tokenFingerprint: read(token).fingerprint.slice(0, 12),
	});
	expect(secondsLeft).toBeGreaterThan(3590);
	expect(secondsLeft).toBeLessThanOrEqual(3600);
	expect(Date.parse(expiresAt as string)).toBe(read(token).claims?.expiresAt);
	expect(Object.keys(items[0].json)).toEqual([
		'issuedAt',
		'expiresAt',
		'secondsLeft',
		'expired',
		'issuedToThisAppKey',
		'readable',
		'tokenFingerprint',
		'outcome',
	]);
});

test.each<[string, () => string, IDataObject]>([
	[
		'expired',
		() => makeToken(appkey(), { exp: seconds('2020-01-01T00:00:00Z') }),
		{ expired: true, secondsLeft: 0, expiresAt: '2020-01-01T09:00:00+09:00', readable: true },
	],
	[
		"another app key's",
		() => makeToken(makeKeyPair().appkey),
		{ issuedToThisAppKey: false, expired: false, readable: true },
	],
	[
		'without times and owner',
		() => makeJwt({}),
		{
			issuedAt: null,
			expiresAt: null,
			secondsLeft: null,
			expired: null,
			issuedToThisAppKey: null,
			readable: true,
		},
	],
	[
		'opaque',
		() => 'opaque',
		{
			issuedAt: null,
			expiresAt: null,
			secondsLeft: null,
			expired: null,
			issuedToThisAppKey: null,
			readable: false,
		},
	],
])('%s', async (_name, token, reading) => {
	const { items } = await inspect([token()]);
	expect(items[0].json).toMatchObject(reading);
	expect(items[0].json.tokenFingerprint).toMatch(/^[0-9a-f]{12}$/);
});

test('an item without a token fails, and the others are inspected', async () => {
	const { items, errorItems } = await inspect(['', makeToken(appkey()), 'in two', 'opaque'], {
		onError: 'continueErrorOutput',
	});
	expect(items.map(({ json }) => json.readable)).toEqual([true, false]);
	expect(errorItems.map(({ json }) => json.error)).toEqual([
		expect.objectContaining({
			message: 'The token was not inspected: the token is empty',
			description:
				'Check what the field Token gives for this item, or set Token From to Credential.',
			outcome: 'notInspected',
		}),
		expect.objectContaining({
			message: 'The token was not inspected: the token contains white space or control characters',
		}),
	]);
});

test('the error of a run that stops says how many were not inspected', async () => {
	const { error } = await inspect(['', 'opaque']);
	expect(error?.message).toBe(
		'1 of 2 items could not be inspected, namely item 0. The token was not inspected: the token is empty',
	);
});

test('Ask KIS, as an expression that n8n cannot evaluate', async () => {
	const askKis = "={{ $('Nowhere').item.json.x }}";
	const { items } = await inspect(['x'], {
		node: { parameters: { operation: 'inspect', token: 'x', askKis } },
		onError: 'continueRegularOutput',
	});
	expect(items[0].json.error).toMatchObject({
		message: 'The token was not inspected: the field Ask KIS cannot be read',
	});
});

test('an invalid credential', async () => {
	const { items } = await inspect(['opaque'], {
		credential: { appkey: '' },
		onError: 'continueRegularOutput',
	});
	expect(items[0].json.error).toMatchObject({
		message: 'The token was not inspected: the App Key is empty',
		description: expect.stringMatching(/^Correct it in the KIS API credential\. Copy /) as unknown,
	});
});

test('the token is in none of the items', async () => {
	const tokens = [makeToken(appkey()), makeToken(makeKeyPair().appkey), 'x'.repeat(300)];
	const { items } = await inspect(tokens);
	const { appsecret } = sandbox().apps[0];
	expect(found(JSON.stringify(items), [...tokens, appkey(), appsecret])).toBeUndefined();
});
