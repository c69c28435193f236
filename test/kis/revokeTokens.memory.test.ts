// What is tried: n8n's "Retry On Fail" and later executions, for every kind of token.
import { randomUUID } from 'node:crypto';

import { closeAll } from '../support/connections';
import { inTurn, revoke } from '../support/revoke';
import { CONFIRMATION, refusal, reset, startServer, type Answer } from '../support/scriptedServer';
import { makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';

afterEach(closeAll);

const keys = makeKeyPair();
const INVALID = refusal('EGW00121', 500);
const KINDS: Readonly<Record<string, () => string>> = {
	whole: () => makeToken(keys.appkey),
	opaque: makeOpaqueToken,
	'cut-off': () => makeToken(keys.appkey).slice(0, -1),
	"another app's": () => makeToken(makeKeyPair().appkey),
};

/** The outcomes of one token in two calls, in the same execution or in two. */
async function twice(token: string, answers: Answer[], sameExecution: boolean) {
	const server = await startServer(inTurn(...answers));
	const first = randomUUID();
	const one = await revoke(server.url, [read(token)], { keys, executionId: first });
	const executionId = sameExecution ? first : randomUUID();
	const two = await revoke(server.url, [read(token)], { keys, executionId });
	return [one[0], two[0]];
}

/** Whether the host must know the token that it confirms. */
const isKnownTo = (kind: string) => kind === 'whole' || kind === 'opaque';

describe.each(Object.keys(KINDS).filter(isKnownTo))('a confirmed token that is %s', (kind) => {
	const token = KINDS[kind];

	test('"invalid" in the same execution: still revoked', async () => {
		const [one, two] = await twice(token(), [CONFIRMATION, INVALID], true);
		expect(one.outcome).toBe('revoked');
		expect(two).toMatchObject({ outcome: 'revoked', before: 'revoked' });
		expect(two.decisive).toBe(one.decisive);
	});

	test.each(['EGW00121', 'EGW00123'])('%s in another execution: already invalid', async (code) => {
		const [, two] = await twice(token(), [CONFIRMATION, refusal(code)], false);
		expect(two).toMatchObject({ outcome: 'alreadyInvalid', before: null });
	});

	test('"invalid" at another host says nothing about the first', async () => {
		const value = read(token());
		const mock = await startServer({ answer: () => CONFIRMATION });
		const real = await startServer({ answer: () => INVALID });
		const executionId = randomUUID();
		const [there] = await revoke(mock.url, [value], { keys, executionId });
		const [here] = await revoke(real.url, [value], { keys, executionId });
		expect(there.outcome).toBe('revoked');
		expect(here).toMatchObject({
			outcome: kind === 'whole' ? 'alreadyInvalid' : 'rejected',
			before: null,
		});
	});
});

describe.each(Object.keys(KINDS).filter((kind) => !isKnownTo(kind)))(
	'a confirmation about a token that is %s',
	(kind) => {
		const token = KINDS[kind];

		test('proves nothing, and the token is not sent again in a second try of the execution', async () => {
			const server = await startServer({ answer: () => CONFIRMATION });
			const value = [read(token())];
			const options = { keys, executionId: randomUUID(), maxRetries: 3 };
			const [one] = await revoke(server.url, value, options);
			const [two] = await revoke(server.url, value, options);
			expect([one.outcome, two.outcome]).toEqual(['unknown', 'unknown']);
			expect(one.attempts).toMatchObject([{ verdict: 'unprovenConfirmation' }]);
			expect(two).toMatchObject({ attempts: [], before: 'unknown', decisive: one.decisive });
			expect(server.requests).toHaveLength(1);
		});

		test('does not make "invalid" a success in another execution', async () => {
			const [, two] = await twice(token(), [CONFIRMATION, INVALID], false);
			expect(two).toMatchObject({ outcome: 'rejected', before: null });
		});
	},
);

describe.each(Object.keys(KINDS))('a token that is %s', (kind) => {
	const token = KINDS[kind];

	test('left unknown, then "invalid" in the same execution', async () => {
		const [one, two] = await twice(token(), [reset, INVALID], true);
		expect(one.outcome).toBe('unknown');
		expect(two.outcome).toBe(kind === 'whole' ? 'revoked' : 'unknown');
	});

	test('left unknown, then refused in the same execution: still unknown', async () => {
		const [, two] = await twice(token(), [reset, refusal('EGW00101')], true);
		expect(two.outcome).toBe('unknown');
	});

	test('left unknown, then confirmed', async () => {
		const [, two] = await twice(token(), [reset, CONFIRMATION], true);
		expect(two.outcome).toBe(isKnownTo(kind) ? 'revoked' : 'unknown');
	});

	test('left unknown, then "invalid" in another execution: judged by what it is', async () => {
		const [, two] = await twice(token(), [reset, INVALID], false);
		expect(two.outcome).toBe(kind === 'whole' ? 'alreadyInvalid' : 'rejected');
	});

	test('left unknown, then not sent in the same execution: still unknown', async () => {
		const value = token();
		const server = await startServer(inTurn(reset));
		const executionId = randomUUID();
		await revoke(server.url, [read(value)], { keys, executionId });
		const cancel = AbortSignal.abort();
		const [two] = await revoke(server.url, [read(value)], { keys, executionId, cancel });
		expect(two).toMatchObject({ outcome: 'unknown', attempts: [] });
	});
});

test('a token found "invalid" after silence stays revoked in later tries', async () => {
	const executionId = randomUUID();
	const tokens = [read(makeToken(keys.appkey))];
	const server = await startServer(inTurn(reset, INVALID));
	const tries = [];
	for (let i = 0; i < 5; i++) {
		tries.push((await revoke(server.url, tokens, { keys, executionId }))[0]);
	}
	expect(tries).toMatchObject([
		{ outcome: 'unknown', before: null },
		{ outcome: 'revoked', before: 'unknown' },
		...Array<object>(3).fill({ outcome: 'revoked', before: 'revoked' }),
	]);
});

test('a token that was already invalid is not called revoked in a second try', async () => {
	const executionId = randomUUID();
	const tokens = [read(makeToken(keys.appkey))];
	const server = await startServer(inTurn(INVALID, reset, INVALID));
	const tries = [];
	for (let i = 0; i < 3; i++) {
		tries.push((await revoke(server.url, tokens, { keys, executionId }))[0]);
	}
	expect(tries.map(({ before }) => before)).toEqual([null, 'alreadyInvalid', 'alreadyInvalid']);
	expect(tries).toMatchObject(Array(3).fill({ outcome: 'alreadyInvalid' }));
});

test('two concurrent executions each know what they did themselves', async () => {
	const value = makeOpaqueToken();
	const server = await startServer(inTurn(CONFIRMATION, CONFIRMATION, INVALID));
	const [first, second] = [randomUUID(), randomUUID()];
	await revoke(server.url, [read(value)], { keys, executionId: first });
	await revoke(server.url, [read(value)], { keys, executionId: second });
	const [again] = await revoke(server.url, [read(value)], { keys, executionId: first });
	expect(again).toMatchObject({ outcome: 'revoked', before: 'revoked' });
});

test('what one key pair learnt explains nothing about another', async () => {
	const own = makeKeyPair();
	const tokens = [read(makeToken(own.appkey))];
	const executionId = randomUUID();
	const server = await startServer(inTurn(INVALID, refusal('EGW00101'), reset));
	const [wrongKey] = await revoke(server.url, tokens, { keys, executionId });
	expect(wrongKey.outcome).toBe('rejected');
	const [refused] = await revoke(server.url, tokens, { keys: own, executionId });
	expect(refused).toMatchObject({ outcome: 'rejected', before: null });
	const [lost] = await revoke(server.url, tokens, { keys: own, executionId });
	expect(lost).toMatchObject({ outcome: 'unknown', before: 'rejected' });
});

test('many executions on one token each know where they left it', async () => {
	const tokens = [read(makeOpaqueToken())];
	const server = await startServer(inTurn(reset));
	const executions = Array.from({ length: 50 }, () => randomUUID());
	for (const executionId of executions) await revoke(server.url, tokens, { keys, executionId });
	for (const executionId of executions) {
		const cancel = AbortSignal.abort();
		const [again] = await revoke(server.url, tokens, { keys, executionId, cancel });
		expect(again.outcome).toBe('unknown');
	}
});

test('a token known to be dead is not sent again after silence', async () => {
	const executionId = randomUUID();
	const tokens = [read(makeToken(keys.appkey))];
	const server = await startServer(inTurn(INVALID, reset));
	await revoke(server.url, tokens, { keys, executionId });
	const [again] = await revoke(server.url, tokens, { keys, executionId, maxRetries: 3 });
	expect(again).toMatchObject({ outcome: 'alreadyInvalid', attempts: [{ verdict: 'noVerdict' }] });
});
