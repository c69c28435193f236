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
	const one = await revoke(server.url, [read(token)], { keys, execution: first });
	const execution = sameExecution ? first : randomUUID();
	const two = await revoke(server.url, [read(token)], { keys, execution });
	return [one[0], two[0]];
}

describe.each(Object.keys(KINDS))('a token that is %s', (kind) => {
	const token = KINDS[kind];

	test('revoked, then "invalid" in the same execution: success, known to be its own doing', async () => {
		const [one, two] = await twice(token(), [CONFIRMATION, INVALID], true);
		expect(one.outcome).toBe('revoked');
		expect(two.outcome).toMatch(/^(revoked|alreadyInvalid)$/);
		expect(two).toMatchObject({ before: 'revoked' });
	});

	test('revoked, then "invalid" in another execution: already invalid', async () => {
		const [, two] = await twice(token(), [CONFIRMATION, INVALID], false);
		expect(two).toMatchObject({ outcome: 'alreadyInvalid', before: null });
	});

	test('revoked, then "expired" in another execution: already invalid', async () => {
		const [, two] = await twice(token(), [CONFIRMATION, refusal('EGW00123')], false);
		expect(two.outcome).toBe('alreadyInvalid');
	});

	test('left unknown, then "invalid" in the same execution', async () => {
		const [one, two] = await twice(token(), [reset, INVALID], true);
		expect(one.outcome).toBe('unknown');
		expect(two.outcome).toBe(kind === 'whole' ? 'revoked' : 'unknown');
	});

	test('left unknown, then refused in the same execution: still unknown', async () => {
		const [, two] = await twice(token(), [reset, refusal('EGW00101')], true);
		expect(two.outcome).toBe('unknown');
	});

	test('left unknown, then confirmed: revoked', async () => {
		const [, two] = await twice(token(), [reset, CONFIRMATION], true);
		expect(two.outcome).toBe('revoked');
	});

	test('left unknown, then "invalid" in another execution: judged by what it is', async () => {
		const [, two] = await twice(token(), [reset, INVALID], false);
		expect(two.outcome).toBe(kind === 'whole' ? 'alreadyInvalid' : 'rejected');
	});

	test('left unknown, then not sent in the same execution: still unknown', async () => {
		const value = token();
		const server = await startServer(inTurn(reset));
		const execution = randomUUID();
		await revoke(server.url, [read(value)], { keys, execution });
		const cancel = AbortSignal.abort();
		const [two] = await revoke(server.url, [read(value)], { keys, execution, cancel });
		expect(two).toMatchObject({ outcome: 'unknown', attempts: [] });
	});
});

test('"invalid" after silence stays its own doing in the tries that follow', async () => {
	const execution = randomUUID();
	const tokens = [read(makeToken(keys.appkey))];
	const server = await startServer(inTurn(reset, INVALID));
	const tries = [];
	for (let i = 0; i < 5; i++) {
		tries.push((await revoke(server.url, tokens, { keys, execution }))[0]);
	}
	expect(tries).toMatchObject([
		{ outcome: 'unknown', before: null },
		{ outcome: 'revoked', before: 'unknown' },
		...Array<object>(3).fill({ outcome: 'alreadyInvalid', before: 'revoked' }),
	]);
});

test('what was dead before is not its own doing in a second try', async () => {
	const execution = randomUUID();
	const tokens = [read(makeToken(keys.appkey))];
	const server = await startServer(inTurn(INVALID, reset, INVALID));
	const tries = [];
	for (let i = 0; i < 3; i++) {
		tries.push((await revoke(server.url, tokens, { keys, execution }))[0]);
	}
	expect(tries.map(({ before }) => before)).toEqual([null, 'alreadyInvalid', 'alreadyInvalid']);
	expect(tries).toMatchObject(Array(3).fill({ outcome: 'alreadyInvalid' }));
});

test('of two executions at once, each knows what it did itself', async () => {
	const value = makeOpaqueToken();
	const server = await startServer(inTurn(CONFIRMATION, CONFIRMATION, INVALID));
	const [first, second] = [randomUUID(), randomUUID()];
	await revoke(server.url, [read(value)], { keys, execution: first });
	await revoke(server.url, [read(value)], { keys, execution: second });
	const [again] = await revoke(server.url, [read(value)], { keys, execution: first });
	expect(again).toMatchObject({ before: 'revoked' });
});

test('what was learnt with one key pair explains nothing about another', async () => {
	const own = makeKeyPair();
	const tokens = [read(makeToken(own.appkey))];
	const execution = randomUUID();
	const server = await startServer(inTurn(INVALID, refusal('EGW00101'), reset));
	const [wrongKey] = await revoke(server.url, tokens, { keys, execution });
	expect(wrongKey.outcome).toBe('rejected');
	const [refused] = await revoke(server.url, tokens, { keys: own, execution });
	expect(refused).toMatchObject({ outcome: 'rejected', before: null });
	const [lost] = await revoke(server.url, tokens, { keys: own, execution });
	expect(lost).toMatchObject({ outcome: 'unknown', before: 'rejected' });
});

test('many executions on one token each know where they left it', async () => {
	const tokens = [read(makeOpaqueToken())];
	const server = await startServer(inTurn(reset));
	const executions = Array.from({ length: 50 }, () => randomUUID());
	for (const execution of executions) await revoke(server.url, tokens, { keys, execution });
	for (const execution of executions) {
		const cancel = AbortSignal.abort();
		const [again] = await revoke(server.url, tokens, { keys, execution, cancel });
		expect(again.outcome).toBe('unknown');
	}
});

test('what is known to be dead is not tried again after silence', async () => {
	const execution = randomUUID();
	const tokens = [read(makeToken(keys.appkey))];
	const server = await startServer(inTurn(INVALID, reset));
	await revoke(server.url, tokens, { keys, execution });
	const [again] = await revoke(server.url, tokens, { keys, execution, maxRetries: 3 });
	expect(again).toMatchObject({ outcome: 'alreadyInvalid', attempts: [{ verdict: 'noVerdict' }] });
});
