// What Issue must not reveal: the token to an AI model, and secrets in what n8n stores.
import { ExecuteContext } from 'n8n-core';

import { found, withoutInput } from '../support/secrets';
import { makeToken } from '../support/tokens';
import {
	errorOf,
	failing,
	issue,
	outcomes,
	revoke,
	tokenItems,
	useSandbox,
} from '../support/workflow';

const sandbox = useSandbox();
const keys = () => sandbox().apps[0];
const reply = (json: object) =>
	sandbox().faults.push({ kind: 'raw', body: JSON.stringify(json), status: 200 });

describe('as a tool of an AI agent', () => {
	test('it refuses, and KIS is not asked', async () => {
		const tool = { type: 'n8n-nodes-koreainvestment.kisTokenTool' };
		const run = await issue(sandbox(), { ...failing, node: tool });
		expect(errorOf(run)).toMatchObject({
			outcome: 'notSent',
			message:
				'No token was requested: Issue does not run as an AI tool, since the token would go to the provider of the model',
		});
		expect(sandbox().calls).toEqual([]);
	});

	test('it refuses too if n8n says that the node is a tool', async () => {
		const isToolExecution = { configurable: true, writable: true, value: () => true };
		const own = Object.getOwnPropertyDescriptor(ExecuteContext.prototype, 'isToolExecution');
		Object.defineProperty(ExecuteContext.prototype, 'isToolExecution', isToolExecution);
		try {
			expect(outcomes((await issue(sandbox(), failing)).items)).toEqual(['notSent']);
			expect(sandbox().calls).toEqual([]);
		} finally {
			if (own) Object.defineProperty(ExecuteContext.prototype, 'isToolExecution', own);
			else Reflect.deleteProperty(ExecuteContext.prototype, 'isToolExecution');
		}
	});

	test('Revoke works', async () => {
		const tool = { type: 'n8n-nodes-koreainvestment.kisTokenTool' };
		const token = sandbox().kis.mint(keys().appkey).value;
		const run = await revoke(sandbox(), { input: tokenItems(token), node: tool });
		expect(run.items[0].json.code).toBe('200');
	});
});

describe('secrets', () => {
	test('the token is the only secret that is stored, and only in the item', async () => {
		const run = await issue(sandbox(), { options: { includeDetails: true } });
		const token = run.items[0].json.access_token as string;
		const { appkey, appsecret } = keys();
		const stored = JSON.stringify(run.stored);
		expect(stored.split(token)).toHaveLength(2);
		// The token's payload contains the app key, in base64.
		expect(found(stored.replace(token, ''), [appkey, appsecret, token])).toBeUndefined();
	});

	test('the text of a refusal is left out if it quotes a token of the item', async () => {
		const kept = 'Zq8rT5vN2mX7kL4pW9';
		const expired = makeToken(keys().appkey, { exp: 1000 });
		const quoting = (text: string) =>
			({
				kind: 'raw',
				body: JSON.stringify({ error_code: 'EGW00133', error_description: `no: ${text}` }),
			}) as const;
		for (const token of [kept, expired]) {
			sandbox().faults.push(quoting(token.slice(-18)));
			const run = await issue(sandbox(), {
				input: [{ have: token }],
				options: { reuseToken: '={{ $json.have }}' },
			});
			expect(run.error?.description).toContain('Withheld');
			expect(found(withoutInput(run), [token])).toBeUndefined();
		}
	});

	test("the text of a refusal is left out for all items if it quotes any item's token, since it answers all of them", async () => {
		const kept = ['Zq8rT5vN2mX7kL4pW9', 'kW3nB6yD1sF5hJ8tR2', '에'];
		for (const quoted of [kept[0], kept[1].slice(2, 12)]) {
			const body = { error_code: 'EGW00133', error_description: `잠시 후에: ${quoted}` };
			sandbox().faults.push({ kind: 'raw', body: JSON.stringify(body) });
			const run = await issue(sandbox(), {
				input: kept.map((have) => ({ have })),
				options: { reuseToken: '={{ $json.have }}' },
				onError: 'continueRegularOutput',
			});
			expect(JSON.stringify(run.items).match(/Withheld/g)).toHaveLength(3);
		}
	});

	test('a long text beside the token is cut short', async () => {
		const { appkey } = keys();
		reply({ access_token: makeToken(appkey), token_type: 'Bearer '.repeat(9000), expires_in: 1 });
		const [{ json }] = (await issue(sandbox())).items;
		expect(json.token_type).toBe('Bearer '.repeat(9000).slice(0, 1000));
	});

	test('the text of a refusal is left out if it quotes a secret, be it a token of an earlier answer', async () => {
		const { appkey, appsecret } = keys();
		const token = makeToken(appkey);
		const parts = [appkey.slice(5, 15), appsecret.slice(20, 30)];
		for (const quoted of [
			...parts,
			appkey,
			appsecret,
			token,
			Buffer.from(token).toString('base64'),
		]) {
			reply({ error_code: 'EGW00133', error_description: `no: ${quoted}` });
			const run = await issue(sandbox());
			expect(run.error?.description).toContain('Withheld');
			expect(withoutInput(run)).not.toContain(quoted);
			expect(found(withoutInput(run), [appkey, appsecret, token])).toBeUndefined();
		}
	});

	const kept = ['Zq8rT5vN2mX7kL4pW9', 'kW3nB6yD1sF5hJ8tR2'];
	test.each<[string, (token: string) => string, RegExp]>([
		['is shown', () => 'Bearer', /^Bearer$/],
		["is left out if it quotes the first item's token", () => kept[0], /Withheld/],
		[
			"is left out if it quotes a part of the second item's",
			() => kept[1].slice(2, 12),
			/Withheld/,
		],
		['is left out if it quotes the token itself', (token) => token.slice(-12), /Withheld/],
	])('a text beside the token %s', async (_name, textFor, shown) => {
		const token = makeToken(keys().appkey);
		reply({ access_token: token, token_type: textFor(token), expires_in: 86_400 });
		const { items } = await issue(sandbox(), {
			input: kept.map((have) => ({ have })),
			options: { reuseToken: '={{ $json.have }}' },
		});
		for (const { json } of items) {
			expect(json).toMatchObject({
				access_token: token,
				token_type: expect.stringMatching(shown) as unknown,
			});
		}
	});
});
