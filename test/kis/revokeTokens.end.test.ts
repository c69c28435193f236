// What is tried: key pairs that KIS refuses, unreachable hosts, Stop at every moment: how much is still sent, and what is
// said of the rest.
import { EgressRefusal, type EgressRules } from '../../kis/http/egress';
import { closeAll } from '../support/connections';
import { leftSince, resources } from '../support/resources';
import { inTurn, outcomes, revoke, tokenOf } from '../support/revoke';
import {
	CONFIRMATION,
	hangUp,
	http,
	refusal,
	reset,
	silence,
	startServer,
	timeoutFor,
	unusedPort,
	type Answer,
} from '../support/scriptedServer';
import { makeKeyPair, makeOpaqueToken, read } from '../support/tokens';

afterEach(closeAll);

/** Opaque tokens, for which a confirmation counts. */
const HUNDRED = Array.from({ length: 100 }, makeOpaqueToken).map(read);
/** The most that are under way when sending stops. */
const UNDER_WAY = 32;

describe('the first call', () => {
	test('that is answered lets the others start, though it will be retried', async () => {
		const [first] = HUNDRED;
		const server = await startServer({
			answer: (request) => (tokenOf(request) === first.value ? refusal('EGW00300') : CONFIRMATION),
		});
		await revoke(server.url, HUNDRED.slice(0, 5), { maxRetries: 1 });
		expect(server.requests.map(tokenOf).lastIndexOf(first.value)).toBeGreaterThan(1);
	});

	test('that is not answered keeps the others waiting while it is retried', async () => {
		const server = await startServer({
			answer: (_request, index) => (index === 0 ? reset : CONFIRMATION),
		});
		await revoke(server.url, HUNDRED.slice(0, 20), { maxRetries: 1 });
		const [first, second] = server.requests.map(tokenOf);
		expect(second).toBe(first);
	});

	test.each<[string, Answer]>([
		['a reset', reset],
		['a close', hangUp],
		['silence', silence],
		['HTML', http(502, '<html>')],
	])('that ends in %s does not keep the others waiting forever', async (_name, answer) => {
		const server = await startServer({
			answer: (_request, index) => (index === 0 ? answer : CONFIRMATION),
		});
		const results = await revoke(server.url, HUNDRED.slice(0, 20), { timeoutMs: 2000 });
		expect(outcomes(results)).toEqual(['unknown', ...Array<string>(19).fill('revoked')]);
	});
});

describe('a refusal of the credential', () => {
	const CODES = '003 004 102 103 104 105 206 207 210 303 304'.split(' ');

	test.each(CODES)('EGW00%s costs one call, and the rest is not sent', async (number) => {
		const server = await startServer({ answer: () => refusal(`EGW00${number}`, 500) });
		const [first, ...rest] = await revoke(server.url, HUNDRED, { maxRetries: 3 });
		expect(server.requests).toHaveLength(1);
		expect(first).toMatchObject({ outcome: 'rejected', attempts: [{ verdict: 'refused' }] });
		for (const one of rest) {
			expect(one).toMatchObject({
				outcome: 'notSent',
				attempts: [],
				stoppedBy: { because: 'credentialRefused', seen: { code: `EGW00${number}` } },
			});
		}
	});

	test('in the middle stops whatever is not under way yet', async () => {
		const server = await startServer({
			answer: (_request, index) => (index < 20 ? CONFIRMATION : refusal('EGW00103')),
		});
		const results = await revoke(server.url, HUNDRED, { maxRetries: 3 });
		expect(server.requests.length).toBeLessThanOrEqual(20 + UNDER_WAY);
		const said = outcomes(results);
		expect(said.filter((outcome) => outcome === 'revoked')).toHaveLength(20);
		expect(said.filter((outcome) => outcome === 'rejected')).toHaveLength(
			server.requests.length - 20,
		);
		expect(said.filter((outcome) => outcome === 'notSent')).toHaveLength(
			100 - server.requests.length,
		);
	});
});

describe('a host that stays unreachable', () => {
	test.each([0, 1])('is not tried for each of 100 tokens (%d retries)', async (maxRetries) => {
		// Accepts connections, and never completes TLS: nothing can be written.
		const server = await startServer({ connected: hangUp });
		const url = server.url.replace('http', 'https');
		const results = await revoke(url, HUNDRED, { maxRetries });
		expect(new Set(outcomes(results))).toEqual(new Set(['notSent']));
		expect(server.connections).toBeLessThanOrEqual(UNDER_WAY * (1 + maxRetries));
		const last = results[99];
		expect(last.attempts).toEqual([]);
		expect(last.stoppedBy).toMatchObject({
			because: 'hostUnreachable',
			seen: { verdict: 'unwritten', transportCode: expect.stringMatching(/^E/) },
		});
	});

	test('is recognised by a refused port too', async () => {
		const results = await revoke(`http://127.0.0.1:${await unusedPort()}`, HUNDRED);
		expect(new Set(outcomes(results))).toEqual(new Set(['notSent']));
		expect(results[99].stoppedBy).toMatchObject({ seen: { transportCode: 'ECONNREFUSED' } });
	});

	test('that worked before: what was revoked stays revoked, and the rest is not tried one by one', async () => {
		const server = await startServer({
			answer: (_request, index) => (socket) => {
				socket.write(CONFIRMATION);
				if (index === 9) void server.close();
			},
		});
		const results = await revoke(server.url, HUNDRED);
		const made = results.flatMap(({ attempts }) => attempts).length;
		expect(made).toBeLessThanOrEqual(10 + 2 * UNDER_WAY);
		expect(results[99]).toMatchObject({
			outcome: 'notSent',
			attempts: [],
			// The lost answers may stop the batch first.
			stoppedBy: { because: expect.stringMatching(/^(hostUnreachable|nothingDecided)$/) },
		});
	});

	test('is recognised by egress rules after one lookup, and nothing is connected', async () => {
		const server = await startServer();
		let asked = 0;
		const egress: EgressRules = {
			check: async () => {
				throw new EgressRefusal(`forbidden (${++asked})`);
			},
			lookup: () => {},
		};
		const results = await revoke(server.url, HUNDRED, { egress, maxRetries: 3 });
		expect(new Set(outcomes(results))).toEqual(new Set(['notSent']));
		expect(results[0].attempts).toMatchObject([{ transportCode: 'EGRESS_REFUSED' }]);
		expect(results[99].stoppedBy).toMatchObject({ because: 'hostUnreachable' });
		expect(asked).toBe(1);
		expect(server.connections).toBe(0);
	});

	/** Nothing can be written for the first attempts, then the host works. */
	function awayFor(attempts: number): EgressRules {
		let asked = 0;
		return {
			check: async () => {
				if (++asked <= attempts) throw Object.assign(new Error(), { code: 'EAI_AGAIN' });
			},
			lookup: () => {},
		};
	}

	test.each([
		['three attempts in a row do not prove it', 3, 'revoked'],
		['four do', 4, 'notSent'],
	])('%s', async (_name, attempts, others) => {
		const maxRetries = attempts - 1;
		const server = await startServer({ answer: () => CONFIRMATION });
		const egress = awayFor(attempts);
		const results = await revoke(server.url, HUNDRED.slice(0, 20), { egress, maxRetries });
		expect(outcomes(results)).toEqual(['notSent', ...Array<string>(19).fill(others)]);
	});

	test('but works after all: every token is revoked', async () => {
		let lookups = 0;
		const egress: EgressRules = {
			check: async () => {},
			lookup: (_hostname, options, callback) => {
				if (++lookups <= 2) callback(Object.assign(new Error(), { code: 'EAI_AGAIN' }), '', 0);
				else if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
				else callback(null, '127.0.0.1', 4);
			},
		};
		const server = await startServer({ answer: () => CONFIRMATION });
		const url = `http://localhost:${server.port}`;
		const results = await revoke(url, HUNDRED, { egress, maxRetries: 2 });
		expect(new Set(outcomes(results))).toEqual(new Set(['revoked']));
	});
});

describe('an answer that stays the same', () => {
	const TWENTY = HUNDRED.slice(0, 20);
	const BAD_GATEWAY = http(502, '<html></html>');

	test.each<[string, Answer]>([
		['a bad gateway', BAD_GATEWAY],
		['a refusal that may pass', refusal('EGW00300', 500)],
		['no code', http(200, '{"message":"OK"}')],
		['silence', silence],
		['a reset', reset],
		['a refusal that is not of KIS', http(404, '{}')],
	])('%s stops the batch after eight tokens', async (_name, answer) => {
		const server = await startServer({ answer: () => answer });
		const results = await revoke(server.url, HUNDRED, { timeoutMs: timeoutFor(answer) });
		const said = outcomes(results);
		const sent = said.filter((outcome) => outcome !== 'notSent').length;
		expect(sent).toBeGreaterThanOrEqual(8);
		expect(sent).toBeLessThanOrEqual(8 + UNDER_WAY);
		expect(results[99]).toMatchObject({
			outcome: 'notSent',
			attempts: [],
			stoppedBy: { because: 'nothingDecided', seen: results[0].decisive },
		});
	});

	test.each<[string, Answer]>([
		['a confirmation', CONFIRMATION],
		['a refusal about the token', refusal('EGW00121')],
		['a refusal of KIS that is final', refusal('EGW00101')],
	])('%s in between restarts the count', async (_name, settled) => {
		const server = await startServer({
			answer: (_request, index) => (index % 8 === 7 ? settled : BAD_GATEWAY),
		});
		const results = await revoke(server.url, TWENTY, { requestsPerSecond: 1_000_000 });
		expect(outcomes(results)).not.toContain('notSent');
	});

	test('tokens that a retry decides do not count', async () => {
		const server = await startServer(inTurn(BAD_GATEWAY, CONFIRMATION));
		const results = await revoke(server.url, TWENTY, { maxRetries: 1 });
		expect(new Set(outcomes(results))).toEqual(new Set(['revoked']));
	});

	test("KIS's final refusal is about one token: every token is sent", async () => {
		const server = await startServer({ answer: () => refusal('EGW00101') });
		const results = await revoke(server.url, TWENTY);
		expect(new Set(outcomes(results))).toEqual(new Set(['rejected']));
	});
});

describe('a server that asks for a pause', () => {
	test.each([429, 503])('of more than a minute (HTTP %d) is not called again', async (status) => {
		const server = await startServer({
			answer: () => http(status, '{}', { 'retry-after': '3600' }),
		});
		const [first, ...rest] = await revoke(server.url, HUNDRED, { maxRetries: 3 });
		expect(server.requests).toHaveLength(1);
		expect(first.outcome).toBe(status === 429 ? 'rejected' : 'unknown');
		for (const one of rest) {
			expect(one).toMatchObject({ outcome: 'notSent', stoppedBy: { because: 'askedToComeBack' } });
		}
	});

	test('of a moment pauses everything on the app key', async () => {
		const keys = makeKeyPair();
		const server = await startServer({
			answer: (_request, index) =>
				index === 0 ? http(503, '{}', { 'retry-after': '1' }) : CONFIRMATION,
		});
		const results = await revoke(server.url, HUNDRED.slice(0, 3), { keys, maxRetries: 1 });
		await revoke(server.url, HUNDRED.slice(3, 5), { keys });
		expect(new Set(outcomes(results))).toEqual(new Set(['revoked']));
		const [{ at: asked }, ...later] = server.requests;
		for (const { at } of later) expect(at - asked).toBeGreaterThanOrEqual(1000);
	});
});

describe('an app key that is only ever refused for its rate', () => {
	test.concurrent('stops the batch after ten seconds', async () => {
		const server = await startServer({ answer: () => refusal('EGW00201', 500) });
		const results = await revoke(server.url, HUNDRED);
		const said = outcomes(results);
		const rejected = said.filter((outcome) => outcome === 'rejected');
		expect(rejected.length).toBeGreaterThanOrEqual(4);
		expect(rejected.length).toBeLessThan(90);
		expect(results[99]).toMatchObject({
			outcome: 'notSent',
			stoppedBy: { because: 'rateRefused', seen: { code: 'EGW00201' } },
		});
	});
});

describe('Stop', () => {
	const cancelled = expect.objectContaining({ stoppedBy: { because: 'cancelled' } });

	test('before: nothing is connected', async () => {
		const server = await startServer();
		const results = await revoke(server.url, HUNDRED, { cancel: AbortSignal.abort() });
		expect(new Set(outcomes(results))).toEqual(new Set(['notSent']));
		expect(results).toEqual(Array(100).fill(cancelled));
		expect(server.connections).toBe(0);
	});

	test('in the middle: what is under way is unknown, what was answered stays, the rest is not sent', async () => {
		const before = resources();
		const stop = new AbortController();
		const server = await startServer({
			answer: (_request, index) => (index < 10 ? CONFIRMATION : silence),
		});
		const running = revoke(server.url, HUNDRED, {
			cancel: stop.signal,
			timeoutMs: 1_000_000,
			maxRetries: 10,
		});
		await server.received(14);
		stop.abort();
		const said = outcomes(await running);
		const count = (outcome: string) => said.filter((one) => one === outcome).length;
		expect(count('revoked')).toBe(10);
		// What was written may not have arrived.
		expect(count('unknown')).toBeGreaterThanOrEqual(server.requests.length - 10);
		expect(count('unknown')).toBeLessThanOrEqual(UNDER_WAY);
		expect(count('notSent')).toBe(90 - count('unknown'));
		await server.abandoned();
		await server.close();
		expect(server.requests.length).toBeLessThanOrEqual(10 + count('unknown'));
		expect(await leftSince(before)).toEqual([]);
	});

	test.each<[string, Answer, number, string]>([
		['the next attempt', reset, 1_000_000, 'unknown'],
		['the rate to allow it', refusal('EGW00201'), 1_000_000, 'rejected'],
		['a slot', CONFIRMATION, 0.0001, 'revoked'],
	])('while waiting for %s ends immediately', async (_name, answer, requestsPerSecond, first) => {
		const stop = new AbortController();
		const server = await startServer(inTurn(answer));
		const before = resources();
		const running = revoke(server.url, HUNDRED.slice(0, 2), {
			cancel: stop.signal,
			maxRetries: 10,
			requestsPerSecond,
		});
		await server.received(1);
		await new Promise((resolve) => setTimeout(resolve, 150));
		stop.abort();
		expect(outcomes(await running)[0]).toBe(first);
		await server.abandoned();
		expect(await leftSince(before)).toEqual([]);
	});
});
