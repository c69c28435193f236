// What is tried: tokens listed twice, servers that answer each token differently, and connections that break at the worst
// time.
import { closeAll } from '../support/connections';
import { leftSince, resources } from '../support/resources';
import { outcomes, revoke, tokenOf } from '../support/revoke';
import {
	CONFIRMATION,
	hangUp,
	http,
	refusal,
	reset,
	silence,
	startServer,
	type Answer,
} from '../support/scriptedServer';
import { makeKeyPair, makeOpaqueToken, makeToken, makeTokens, read } from '../support/tokens';

afterEach(closeAll);

const HTML = http(200, '<html></html>', { 'content-type': 'text/html' });

test('each token is sent bare in its own body, with the key pair', async () => {
	const keys = makeKeyPair();
	const token = makeToken(keys.appkey);
	const server = await startServer({ answer: () => CONFIRMATION });
	expect(await revoke(server.url, [read(`"Bearer ${token}"`)], { keys })).toMatchObject([
		{ outcome: 'revoked', attempts: [{ verdict: 'confirmed', code: '200' }], stoppedBy: null },
	]);
	expect(JSON.parse(server.requests[0].body)).toEqual({ ...keys, token });
});

test('no tokens: no connection', async () => {
	const server = await startServer();
	expect(await revoke(server.url, [])).toEqual([]);
	expect(server.connections).toBe(0);
});

test('each token has its own outcome, whatever the order of the answers', async () => {
	const keys = makeKeyPair();
	const tokens = makeTokens(20, keys.appkey);
	const dead = new Set(tokens.filter((_, i) => i % 3 === 0).map(({ value }) => value));
	const server = await startServer({
		answer: (request) => (socket) => {
			const answer = dead.has(tokenOf(request)) ? refusal('EGW00121') : CONFIRMATION;
			setTimeout(() => socket.write(answer), Math.random() * 30);
		},
	});
	const results = await revoke(server.url, tokens, { keys });
	expect(outcomes(results)).toEqual(
		tokens.map(({ value }) => (dead.has(value) ? 'alreadyInvalid' : 'revoked')),
	);
});

test('a token that is listed several times is sent once', async () => {
	const keys = makeKeyPair();
	const [one, other] = [makeToken(keys.appkey), makeToken(keys.appkey)];
	const server = await startServer({
		answer: (request) => (tokenOf(request) === one ? CONFIRMATION : HTML),
	});
	const tokens = [one, other, `Bearer ${one}`, `"${other}"`, one].map(read);
	const results = await revoke(server.url, tokens, { keys });
	expect(outcomes(results)).toEqual(['revoked', 'unknown', 'revoked', 'unknown', 'revoked']);
	expect(server.requests).toHaveLength(2);
});

test('one bad token never keeps the others alive', async () => {
	const bad = [reset, hangUp, HTML, http(500, ''), refusal('EGW00101'), refusal('EGW00121', 500)];
	const server = await startServer({ answer: (_request, i) => bad[i] ?? CONFIRMATION });
	const results = await revoke(server.url, Array.from({ length: 30 }, makeOpaqueToken).map(read));
	expect(server.requests.length).toBeGreaterThanOrEqual(30);
	const revoked = outcomes(results).filter((outcome) => outcome === 'revoked');
	expect(revoked.length).toBeGreaterThanOrEqual(24);
	expect(outcomes(results)).not.toContain('notSent');
});

describe('a connection that was used before', () => {
	test('and is reset: the request is repeated immediately over a new one, without costing a retry', async () => {
		const used = new Set<number | undefined>();
		const server = await startServer({
			answer({ connection }) {
				if (used.has(connection)) return reset;
				used.add(connection);
				return CONFIRMATION;
			},
		});
		const tokens = Array.from({ length: 20 }, makeOpaqueToken).map(read);
		const results = await revoke(server.url, tokens);
		expect(new Set(outcomes(results))).toEqual(new Set(['revoked']));
		expect(Math.max(...results.map(({ attempts }) => attempts.length))).toBe(2);
	});

	test('and is reset: a reset of the fresh connection is not repeated for free', async () => {
		const server = await startServer({
			answer: (_request, i) => (i === 0 ? CONFIRMATION : reset),
		});
		// Eight consecutive unanswered ones would stop the batch.
		const tokens = Array.from({ length: 8 }, makeOpaqueToken).map(read);
		const [, ...results] = await revoke(server.url, tokens);
		expect(new Set(outcomes(results))).toEqual(new Set(['unknown']));
		expect(Math.max(...results.map(({ attempts }) => attempts.length))).toBeLessThanOrEqual(2);
	});

	test('and stays silent: a timeout is not repeated for free', async () => {
		const server = await startServer({
			answer: (_request, i) => (i === 0 ? CONFIRMATION : silence),
		});
		const tokens = Array.from({ length: 3 }, makeOpaqueToken).map(read);
		const results = await revoke(server.url, tokens, { timeoutMs: 2000 });
		expect(outcomes(results)).toEqual(['revoked', 'unknown', 'unknown']);
		expect(results.map(({ attempts }) => attempts.length)).toEqual([1, 1, 1]);
	});
});

test('a server that echoes the request reveals no secret', async () => {
	const keys = makeKeyPair();
	const tokens = makeTokens(4, keys.appkey);
	const server = await startServer({
		answer: ({ body }, i) =>
			[
				http(200, JSON.stringify({ code: 200, message: body })),
				http(403, JSON.stringify({ error_code: 'EGW00121', error_description: body })),
				http(500, JSON.stringify({ rt_cd: '1', msg_cd: body.slice(20, 30), msg1: body })),
				http(400, JSON.stringify({ code: keys.appkey.slice(4, 14), message: btoa(body) })),
			][i],
	});
	const said = JSON.stringify(await revoke(server.url, tokens, { keys }));
	for (const secret of [keys.appkey, keys.appsecret, ...tokens.map(({ value }) => value)]) {
		for (let i = 0; i + 8 <= secret.length; i++) expect(said).not.toContain(secret.slice(i, i + 8));
	}
});

test("a server that echoes a token, or its owner's app key, reveals neither", async () => {
	const owner = makeKeyPair().appkey;
	const token = read(makeToken(owner));
	const server = await startServer({
		answer: (_request, i) => http(200, JSON.stringify({ message: [token.value, owner][i] })),
	});
	for (const secret of [token.value, owner]) {
		const said = JSON.stringify(await revoke(server.url, [token]));
		expect(said).not.toContain(secret.slice(0, 8));
	}
});

test.each<[string, Answer]>([
	['confirmations', CONFIRMATION],
	['resets', reset],
	['silence', silence],
	['endless bodies', 'HTTP/1.1 200 OK\r\n\r\n{'],
])('%s leave neither a socket nor a timer behind', async (_name, answer) => {
	const server = await startServer({ answer: () => answer });
	const before = resources();
	await revoke(server.url, makeTokens(10, 'app'), { timeoutMs: 200 });
	await server.abandoned();
	expect(await leftSince(before)).toEqual([]);
});
