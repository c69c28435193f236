// How many connections a batch opens: as many as its rate and the answer times need. The servers hold back their answers
// until that many requests are under way, so that a test ends only if they are.
import type { Socket } from 'node:net';

import type { AccessToken } from '../../kis/input/accessToken';
import { closeAll } from '../support/connections';
import { outcomes, revoke } from '../support/revoke';
import { CONFIRMATION, startServer, type ScriptedServer } from '../support/scriptedServer';
import { makeKeyPair, makeTokens, type KeyPair } from '../support/tokens';

afterEach(closeAll);

/** After one answer. */
const CONNECTIONS_AT_FIRST = 16;
const MAX_CONNECTIONS = 64;
let keys: KeyPair;
let tokens: AccessToken[];

// A new app for each test: its limiter remembers nothing.
beforeEach(() => {
	keys = makeKeyPair();
	tokens = makeTokens(200, keys.appkey);
});

/** Answers after some time, and from one request on only when so many are under way. */
async function startPatient(from: number, needed: number, answerMs = 0): Promise<ScriptedServer> {
	const waiting: Socket[] = [];
	let isMet = false;
	const confirm = (socket: Socket) => setTimeout(() => socket.write(CONFIRMATION), answerMs);
	return await startServer({
		answer: (_request, index) => (socket) => {
			if (isMet || index < from) return void confirm(socket);
			waiting.push(socket);
			if (waiting.length < needed) return;
			isMet = true;
			waiting.splice(0).forEach(confirm);
		},
	});
}

test('the first call goes alone until it is answered', async () => {
	const server = await startServer({
		answer: (_request, index) => (socket) => {
			const confirm = () => {
				if (index === 0) connectionsBefore = server.connections;
				socket.write(CONFIRMATION);
			};
			setTimeout(confirm, index === 0 ? 100 : 0);
		},
	});
	let connectionsBefore = 0;
	await revoke(server.url, tokens.slice(0, 20), { keys });
	expect(connectionsBefore).toBe(1);
	expect(server.connections).toBeGreaterThan(1);
});

test('with slow answers many requests are under way, but no more than the limit allows', async () => {
	const server = await startPatient(1, CONNECTIONS_AT_FIRST, 50);
	const results = await revoke(server.url, tokens.slice(0, 25), { keys, requestsPerSecond: 18 });
	expect(new Set(outcomes(results))).toEqual(new Set(['revoked']));
	expect(server.connections).toBeLessThanOrEqual(18);
});

test.each([1, 3])('at %d a second no more connections are opened', async (requestsPerSecond) => {
	const server = await startPatient(0, 0, 50);
	await revoke(server.url, tokens.slice(0, 6), { keys, requestsPerSecond });
	expect(server.connections).toBeLessThanOrEqual(requestsPerSecond);
});

test('without a limit slower answers mean more connections, up to a bound, without a listener warning', async () => {
	const warnings: Error[] = [];
	const onWarning = (warning: Error) => warnings.push(warning);
	process.on('warning', onWarning);
	const server = await startPatient(60, MAX_CONNECTIONS, 50);
	const results = await revoke(server.url, tokens, { keys });
	expect(new Set(outcomes(results))).toEqual(new Set(['revoked']));
	expect(server.connections).toBe(MAX_CONNECTIONS);
	process.off('warning', onWarning);
	expect(warnings).toEqual([]);
});

test('a batch has no more connections than tokens', async () => {
	const server = await startPatient(0, 0, 50);
	await revoke(server.url, tokens.slice(0, 5), { keys });
	expect(server.connections).toBeLessThanOrEqual(5);
});
