// Like KIS, the server counts arrivals: never more than the limit in any second, whoever sends.
import { closeAll } from '../support/connections';
import { latenessAt, mostInAnySecond } from '../support/lateness';
import { inTurn, outcomes, revoke, tokenOf } from '../support/revoke';
import {
	CONFIRMATION,
	hangUp,
	refusal,
	startServer,
	type ScriptedServer,
	type Script,
} from '../support/scriptedServer';
import { makeKeyPair, makeTokens } from '../support/tokens';

afterAll(closeAll);

const arrivals = ({ requests }: ScriptedServer) => requests.map(({ at }) => at);

/** From the first arrival to the last, and the time by which the first may have been delayed. */
function duration(server: ScriptedServer): number {
	const [first, ...others] = arrivals(server);
	return Math.max(...others) - first + latenessAt(first);
}

const confirmAfter = (ms: number): Script => ({
	answer: () => (socket) => setTimeout(() => socket.write(CONFIRMATION), Math.random() * ms),
});

test.concurrent.each([
	[18, 37, 0],
	[18, 37, 100],
	[10, 21, 300],
	[2.5, 5, 20],
])('never more than %d in any second: %d tokens, answers within %d ms', async (rate, count, ms) => {
	const keys = makeKeyPair();
	const server = await startServer(confirmAfter(ms));
	const tokens = makeTokens(count, keys.appkey);
	const results = await revoke(server.url, tokens, { keys, requestsPerSecond: rate });
	expect(new Set(outcomes(results))).toEqual(new Set(['revoked']));
	expect(mostInAnySecond(arrivals(server))).toBeLessThanOrEqual(rate);
	expect(duration(server)).toBeGreaterThanOrEqual(Math.floor((count - 1) / rate) * 1000);
});

test.concurrent(
	'what got no answer may still be on its way, and counts a little longer',
	async () => {
		const keys = makeKeyPair();
		const server = await startServer({
			answer: (_request, index) => (index === 0 ? hangUp : CONFIRMATION),
		});
		const tokens = makeTokens(2, keys.appkey);
		await revoke(server.url, tokens, { keys, requestsPerSecond: 1 });
		expect(duration(server)).toBeGreaterThanOrEqual(1250);
	},
);

test.concurrent(
	'two concurrent batches on one app key share the lower of their limits',
	async () => {
		const keys = makeKeyPair();
		const server = await startServer(confirmAfter(20));
		await Promise.all([
			revoke(server.url, makeTokens(12, keys.appkey), { keys, requestsPerSecond: 5 }),
			revoke(server.url, makeTokens(3, keys.appkey), { keys, requestsPerSecond: 100 }),
		]);
		expect(server.requests).toHaveLength(15);
		expect(mostInAnySecond(arrivals(server))).toBeLessThanOrEqual(5);
	},
);

test.concurrent('a batch remembers what the batch before it sent', async () => {
	const keys = makeKeyPair();
	const server = await startServer(confirmAfter(0));
	const options = { keys, requestsPerSecond: 4 };
	await revoke(server.url, makeTokens(4, keys.appkey), options);
	await revoke(server.url, makeTokens(4, keys.appkey), options);
	expect(mostInAnySecond(arrivals(server))).toBeLessThanOrEqual(4);
});

test.concurrent('a finished batch slows nobody down', async () => {
	const keys = makeKeyPair();
	const server = await startServer(confirmAfter(0));
	await revoke(server.url, makeTokens(1, keys.appkey), { keys, requestsPerSecond: 0.001 });
	// At that rate they would not end within this test's time.
	await revoke(server.url, makeTokens(4, keys.appkey), { keys, requestsPerSecond: 1000 });
	expect(server.requests).toHaveLength(5);
});

test.concurrent('two app keys do not slow each other down', async () => {
	const server = await startServer(confirmAfter(0));
	// One after the other they would not end within this test's time.
	await Promise.all(
		[makeKeyPair(), makeKeyPair(), makeKeyPair(), makeKeyPair()].map(
			async (keys) =>
				await revoke(server.url, makeTokens(1, keys.appkey), { keys, requestsPerSecond: 0.001 }),
		),
	);
	expect(server.requests).toHaveLength(4);
});

test.concurrent('retries count as well', async () => {
	const keys = makeKeyPair();
	const server = await startServer(inTurn(refusal('EGW00202'), CONFIRMATION));
	const tokens = makeTokens(4, keys.appkey);
	const results = await revoke(server.url, tokens, { keys, maxRetries: 3, requestsPerSecond: 3 });
	expect(new Set(outcomes(results))).toEqual(new Set(['revoked']));
	expect(server.requests).toHaveLength(8);
	expect(mostInAnySecond(arrivals(server))).toBeLessThanOrEqual(3);
});

test.concurrent.each(['EGW00201', 'EGW00215'])(
	'%s pauses everything for at least a second',
	async (code) => {
		const keys = makeKeyPair();
		const tokens = makeTokens(6, keys.appkey);
		const server = await startServer({
			answer: (_request, index) => (index === 0 ? refusal(code) : CONFIRMATION),
		});
		const results = await revoke(server.url, tokens, { keys, maxRetries: 1 });
		expect(new Set(outcomes(results))).toEqual(new Set(['revoked']));
		const [first, ...later] = server.requests;
		for (const { at } of later) expect(at - first.at).toBeGreaterThanOrEqual(1000);
		expect(later.map(tokenOf)).toContain(tokenOf(first));
	},
);
