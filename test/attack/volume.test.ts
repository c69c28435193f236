// Tried: 20,000 items: all with one token, all without a token, and all with different tokens of an app that KIS refuses,
// under each way to handle failed items. There must be no more requests and connections than can make a difference, the
// error that stops a workflow must stay readable, and the rest of n8n must get its turns.
import type { INodeExecutionData, IPairedItemData } from 'n8n-workflow';

import { makeApp } from '../../tools/sandbox/apps';
import { revoke as revokeTokens } from '../support/revoke';
import {
	closeServers,
	CONFIRMATION,
	refusal,
	startServer,
	type ScriptedServer,
} from '../support/scriptedServer';
import { read } from '../support/tokens';
import { outcomes, revoke, type Run, type Setup } from '../support/workflow';

afterEach(closeServers);

const MANY = 20_000;
const input = Array.from({ length: MANY }, (_, i) => ({ i }));

async function revokeMany({ url }: ScriptedServer, setup: Partial<Setup>): Promise<Run> {
	return await revoke(
		{ apps: [makeApp()], url },
		{ input, options: { includeDetails: true }, onError: 'continueRegularOutput', ...setup },
	);
}

describe('one token in 20,000 items', () => {
	test('is sent once, and every item has its outcome', async () => {
		const server = await startServer({ answer: () => CONFIRMATION });
		const run = await revokeMany(server, { token: 'the-token-of-an-attack' });
		expect(new Set(outcomes(run.items))).toEqual(new Set(['revoked']));
		const isPaired = ({ pairedItem }: INodeExecutionData, i: number) =>
			(pairedItem as IPairedItemData).item === i;
		expect(run.items.filter(isPaired)).toHaveLength(MANY);
		expect(server.requests).toHaveLength(1);
	});

	test('that KIS refuses is sent once, and gives one readable error', async () => {
		const server = await startServer({ answer: () => refusal('EGW00121') });
		const onError = 'stopWorkflow';
		const { error } = await revokeMany(server, {
			token: 'the-refused-token-of-an-attack',
			onError,
		});
		expect(error?.message).toMatch(
			/^20000 of 20000 items ended without a confirmed revoke, the first of them item 0/,
		);
		expect(error?.description.length).toBeLessThan(20_000);
		expect(server.requests).toHaveLength(1);
	});
});

test('20,000 items without a token are as many error items, and no connection', async () => {
	const server = await startServer({ answer: () => CONFIRMATION });
	const run = await revokeMany(server, { token: 'two words' });
	expect(new Set(outcomes(run.items))).toEqual(new Set(['notSent']));
	expect(run.items).toHaveLength(MANY);
	expect(server.connections).toBe(0);
});

describe('20,000 tokens', () => {
	const tokens = Array.from({ length: MANY }, (_, i) => read(`token-of-an-attack-${i}`));

	test('of an app that KIS refuses cause one request', async () => {
		const server = await startServer({ answer: () => refusal('EGW00103') });
		const keys = makeApp();
		const results = await revokeTokens(server.url, tokens, { keys });
		const [first, ...rest] = results.map(({ outcome }) => outcome);
		expect(first).toBe('rejected');
		expect(new Set(rest)).toEqual(new Set(['notSent']));
		expect(server.requests).toHaveLength(1);
	});

	test('that are no longer sent leave others their turns', async () => {
		const server = await startServer({ answer: () => refusal('EGW00103') });
		let inThisTurn = 0;
		let most = 0;
		const looking = setInterval(() => {
			inThisTurn = 0;
		});
		const onSettled = () => {
			most = Math.max(most, ++inThisTurn);
		};
		await revokeTokens(server.url, tokens, { keys: makeApp(), onResult: onSettled });
		clearInterval(looking);
		expect(most).toBeLessThan(MANY / 2);
	});
});
