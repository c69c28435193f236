// Many items: order, pairing, duplicates, and what the outcome of one token means for the others.
import { randomUUID } from 'node:crypto';
import type { IDataObject } from 'n8n-workflow';

import { Sandbox } from '../../tools/sandbox/server';
import { abandoned, revoke, tokenItems, useSandbox, type Run } from '../support/workflow';

const sandbox = useSandbox();

const mint = ({ kis, apps }: Sandbox) => kis.mint(apps[0].appkey).value;
const errorsOf = (items: Array<{ json: IDataObject }>) =>
	items.map(({ json }) => json.error as IDataObject | undefined);

test('each input item gives one output item, in order and paired with it', async () => {
	const tokens = Array.from({ length: 50 }, () => mint(sandbox()));
	tokens[7] = 'opaque';
	tokens[30] = 'two words';
	const run = await revoke(sandbox(), {
		input: tokenItems(...tokens),
		onError: 'continueRegularOutput',
		options: { includeDetails: true },
	});
	expect(run.items.map(({ pairedItem }) => pairedItem)).toEqual(
		tokens.map((_token, item) => ({ item })),
	);
	expect(run.items.map(({ json }) => (json.error ? 'failed' : json.code))).toEqual(
		tokens.map((_token, i) => (i === 7 || i === 30 ? 'failed' : '200')),
	);
	expect(tokens.filter((token) => sandbox().kis.isLive(token))).toEqual([]);
});

test('the same token in several items is sent once, and all of them get its outcome', async () => {
	const token = mint(sandbox());
	const run = await revoke(sandbox(), {
		input: tokenItems(token, mint(sandbox()), ` "Bearer ${token}"\n`, token),
	});
	expect(run.items.map(({ json }) => json.code)).toEqual(['200', '200', '200', '200']);
	expect(sandbox().calls).toHaveLength(2);
});

test('a bad token does not keep the others from being revoked, and the error lists all that failed', async () => {
	const tokens = Array.from({ length: 30 }, (_, i) => (i % 5 ? `opaque${i}` : mint(sandbox())));
	const run = await revoke(sandbox(), { input: tokenItems(...tokens) });
	expect(tokens.filter((token) => sandbox().kis.isLive(token))).toEqual([]);
	expect(run.error?.message).toMatch(
		/^24 of 30 items ended without a confirmed revoke, the first of them item 1\. The token /,
	);
	expect(run.error?.description.match(/<li>/g)).toHaveLength(2);
	expect(run.error?.description).toMatch(
		/<li>items 1, 2, 3, 4, 6, .* … \(24 in all\) – rejected – .*EGW00121/,
	);
	expect(run.error?.description).toContain('<li>The rest: 6 revoked</li>');
	expect(run.error).toMatchObject({ httpCode: '403', context: { itemIndex: 1 } });
});

test('bad keys cost one request, and the other tokens are never sent', async () => {
	const tokens = Array.from({ length: 20 }, () => mint(sandbox()));
	const run = await revoke(sandbox(), {
		input: tokenItems(...tokens),
		credential: { appkey: 'PSunknown' },
		onError: 'continueRegularOutput',
	});
	expect(sandbox().calls).toHaveLength(1);
	const [first, ...others] = errorsOf(run.items);
	expect(first).toMatchObject({ outcome: 'rejected', code: 'EGW00103' });
	expect(new Set(others.map((error) => error?.outcome))).toEqual(new Set(['notSent']));
	expect(others[0]?.message).toContain('EGW00103');
});

test('a host that stays unreachable ends sending', async () => {
	const run = await revoke(sandbox(), {
		input: tokenItems(...Array.from({ length: 20 }, () => mint(sandbox()))),
		credential: { baseUrl: 'http://127.0.0.1:1' },
		options: { maxRetries: 0, includeDetails: true },
		onError: 'continueRegularOutput',
	});
	const errors = errorsOf(run.items);
	expect(errors.every((error) => error?.outcome === 'notSent')).toBe(true);
	expect(errors.every((error) => error?.code === 'ECONNREFUSED')).toBe(true);
	const tried = errors.filter((error) => (error?.details as IDataObject).attempts);
	expect(tried.length).toBeLessThan(20);
	expect(errors.at(-1)?.message).toContain('sending ended');
});

test('an unusable credential is an error item for every item, without a call', async () => {
	const unusable: Array<Record<string, string>> = [
		{ appkey: ' ' },
		{ appsecret: '' },
		{ baseUrl: 'http://relay.example' },
		{ environment: 'elsewhere' },
	];
	for (const credential of unusable) {
		const run = await revoke(sandbox(), {
			input: tokenItems('one', 'two'),
			credential,
			onError: 'continueErrorOutput',
		});
		expect(errorsOf(run.errorItems).map((error) => error?.outcome)).toEqual(['notSent', 'notSent']);
		expect(run.items).toEqual([]);
	}
	expect(sandbox().calls).toEqual([]);
});

test('a credential that n8n cannot read is an error item for every item', async () => {
	const run = await revoke(sandbox(), {
		input: tokenItems('one', 'two'),
		node: { credentials: { kisApi: { id: 'deleted', name: 'deleted' } } },
		onError: 'continueErrorOutput',
	});
	expect(errorsOf(run.errorItems).map((error) => error?.message)).toEqual(
		Array(2).fill('The token was not sent to KIS: n8n could not read the KIS API credential'),
	);
});

test.each([
	{ maxRetries: -1 },
	{ maxRetries: 11 },
	{ maxRetries: 1.5 },
	{ maxRetries: 'many' },
	{ maxRetries: true },
	{ timeout: 0 },
	{ timeout: 3_600_001 },
	{ requestsPerSecond: 0.05 },
	{ requestsPerSecond: 1_000_001 },
	{ alreadyInvalid: 'ignore' },
	{ includeDetails: 'yes' },
	{ maxRetries: '={{ $("Nowhere").item.json.x }}' },
])('an invalid option is an error for every item: %j', async (options) => {
	const run = await revoke(sandbox(), {
		input: tokenItems(mint(sandbox())),
		options,
		onError: 'continueErrorOutput',
	});
	expect(errorsOf(run.errorItems)[0]?.outcome).toBe('notSent');
	expect(sandbox().calls).toEqual([]);
});

test.each([
	{ maxRetries: 0 },
	{ maxRetries: 10 },
	{ timeout: ' ' },
	{ timeout: 3_600_000 },
	{ requestsPerSecond: 0.1 },
	{ requestsPerSecond: 1_000_000 },
])('an option may have its lowest and its highest value, or be blank: %j', async (options) => {
	const run = await revoke(sandbox(), { input: tokenItems(mint(sandbox())), options });
	expect(run.items[0].json.outcome).toBe('revoked');
});

test('numbers from expressions may be text', async () => {
	const options = { maxRetries: '={{ "0" }}', timeout: '={{ "5000" }}' };
	const run = await revoke(sandbox(), { input: tokenItems(mint(sandbox())), options });
	expect(run.items[0].json.code).toBe('200');
});

test('an expression that cannot be evaluated fails only its own item', async () => {
	const [first, second] = [mint(sandbox()), mint(sandbox())];
	const run = await revoke(sandbox(), {
		input: [{ access_token: first }, { broken: true }, { access_token: second }],
		token: '={{ $json.broken ? $json.broken.not.there() : $json.access_token }}',
		onError: 'continueErrorOutput',
	});
	expect(run.items.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 2 }]);
	expect(run.errorItems).toHaveLength(1);
	expect(errorsOf(run.errorItems)[0]).toMatchObject({ outcome: 'notSent', code: null });
});

test('the error says that a token is missing, or is not text', async () => {
	const run = await revoke(sandbox(), {
		input: [{ access_token: 42 }, {}, { access_token: { token: 'x' } }, { access_token: 'Bearer' }],
		onError: 'continueRegularOutput',
	});
	expect(errorsOf(run.items).map((error) => error?.message)).toEqual([
		'The token was not sent to KIS: the token is not a text',
		'The token was not sent to KIS: the token is missing',
		'The token was not sent to KIS: the token is not a text',
		'The token was not sent to KIS: there is no token after "Bearer"',
	]);
});

test('items that were never sent have details too', async () => {
	const run = await revoke(sandbox(), {
		input: tokenItems('two words'),
		options: { includeDetails: true },
		onError: 'continueRegularOutput',
	});
	expect(errorsOf(run.items)[0]?.details).toEqual({
		outcome: 'notSent',
		attempts: 0,
		httpStatus: null,
		environment: 'custom',
		issuedToThisAppKey: null,
		expiresAt: null,
		tokenFingerprint: null,
	});
});

test.each(['ENOENT', 'ECONNREFUSED', 'GETADDRINFO'])(
	'n8n does not mistake a code of the server for a system error: %s',
	async (error_code) => {
		const body = JSON.stringify({ error_code, error_description: `${error_code} <b>here</b>` });
		sandbox().faults.push({ kind: 'raw', status: 403, body });
		const run = await revoke(sandbox(), { input: tokenItems(mint(sandbox())) });
		expect(run.error?.message).toMatch(/^The token was not revoked: the server does not allow/);
		expect(run.error?.description).toContain(`${error_code} &lt;b&gt;here&lt;/b&gt;`);
	},
);

test('answers with a different text each do not slow a batch down', async () => {
	const tokens = Array.from({ length: 300 }, () => mint(sandbox()));
	sandbox().faults.push(
		...tokens.map((_token, i) => ({
			kind: 'raw' as const,
			status: 403,
			body: JSON.stringify({ error_code: 'EGW00101', message: `${randomUUID()} ${i}`.repeat(20) }),
		})),
	);
	const onError = 'continueRegularOutput';
	const run = await revoke(sandbox(), { input: tokenItems(...tokens), onError });
	expect(errorsOf(run.items).filter((error) => error?.code === 'EGW00101')).toHaveLength(300);
});

test('a node that fails under Continue passes no item on through the success output', async () => {
	const run = await revoke(sandbox(), {
		input: tokenItems('one', 'two'),
		node: { parameters: { operation: '={{ $fail }}', token: 'x' } },
		onError: 'continueErrorOutput',
	});
	expect(run.items).toEqual([]);
	expect(run.errorItems).toHaveLength(2);
});

test('no second exceeds the limit, by the clock of the server', async () => {
	const limited = await new Sandbox().start();
	try {
		const tokens = Array.from({ length: 40 }, () => mint(limited));
		const run = await revoke(limited, {
			input: tokenItems(...tokens),
			options: { requestsPerSecond: 0 },
		});
		expect(run.items).toHaveLength(40);
		expect(limited.calls.map(({ result }) => result)).toEqual(Array(40).fill('200'));
		const times = limited.calls.map(({ at }) => at);
		expect(times.every((at, i) => i < 18 || at - times[i - 18] >= 1000)).toBe(true);
	} finally {
		await limited.stop();
	}
});

test('a run leaves no connection behind', async () => {
	await revoke(sandbox(), {
		input: tokenItems(...Array.from({ length: 20 }, () => mint(sandbox()))),
	});
	expect(sandbox().connections).toBeGreaterThan(1);
	await abandoned(sandbox());
});

describe('what n8n shows beside the items', () => {
	const dead = () => {
		const token = sandbox().kis.mint(sandbox().apps[0].appkey);
		token.revoked = true;
		return token.value;
	};
	const hintsOf = (run: Run) =>
		run.stored.data.resultData.runData['KIS Token'][0].hints?.map(({ message }) => message) ?? [];

	test('no hint if every token was revoked', async () => {
		const run = await revoke(sandbox(), { input: tokenItems(mint(sandbox())) });
		expect(hintsOf(run)).toEqual([]);
	});

	test('a hint with a count for each outcome other than "revoked"', async () => {
		sandbox().faults.push({ kind: 'reset', processed: true });
		const run = await revoke(sandbox(), {
			input: tokenItems(mint(sandbox()), mint(sandbox()), dead(), dead(), 'opaque', 'two words'),
			onError: 'continueRegularOutput',
			options: { maxRetries: 0, askBeforeUnknown: false },
		});
		expect(hintsOf(run)).toEqual([
			expect.stringMatching(/^Already dead: 2 \(alreadyInvalid\)/),
			expect.stringMatching(/perhaps still live: 1 \(rejected\)/),
			expect.stringMatching(/^Perhaps still live: 1 \(unknown\)/),
			expect.stringMatching(/^Never sent to KIS.*: 1 \(notSent\)/),
		]);
	});
});
