// What is tried: hosts with several addresses. The first ones refuse, hang, break off, or take a request and fail. A request
// is written once, to one of them. n8n switches `autoSelectFamily` off for its process, so these tests do too.
import dns from 'node:dns';
import {
	getDefaultAutoSelectFamily,
	setDefaultAutoSelectFamily,
	type LookupFunction,
} from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ConnectionOptions } from '../../kis/http/connection';
import type { Exchange } from '../../kis/http/exchange';
import { startBlackhole } from '../support/blackhole';
import { makeCertificate, type Certificate } from '../support/certificate';
import { BODY, closeAll, connect, NEVER } from '../support/connections';
import { lookupOf } from '../support/lookup';
import { leftSince, resources } from '../support/resources';
import {
	CONFIRMATION,
	hangUp,
	reset,
	startServer,
	type Script,
	type ScriptedServer,
} from '../support/scriptedServer';

/** How long one address is tried before the next, in milliseconds. */
const SHARE_MS = 1000;
/** A timer may be a little early. */
const EARLY_MS = 5;
const [FIRST, SECOND, LAST] = ['127.0.0.3', '127.0.0.2', '127.0.0.1'];

const isChosen = getDefaultAutoSelectFamily();
beforeAll(() => setDefaultAutoSelectFamily(false));
afterAll(() => setDefaultAutoSelectFamily(isChosen));

const blackholes: Array<() => Promise<void>> = [];
afterEach(async () => {
	await closeAll();
	await Promise.all(blackholes.splice(0).map(async (end) => await end()));
	jest.restoreAllMocks();
});

const answers: Script = { answer: () => CONFIRMATION };

/** A server at another address, on the same port. */
const beside = async ({ port }: ScriptedServer, address: string, script: Script = answers) =>
	await startServer({ ...script, at: { address, port } });

async function swallowAt(host: string, { port }: ScriptedServer): Promise<void> {
	blackholes.push(await startBlackhole({ host, port }));
}

const through = (lookup: LookupFunction) => ({ egress: { check: async () => {}, lookup } });

/** Posts to a name that resolves to these addresses, on the server's port. */
async function post(
	{ url, port }: ScriptedServer,
	addresses: readonly string[],
	options: Partial<ConnectionOptions> = {},
	cancel = NEVER,
): Promise<Exchange> {
	const named = `${new URL(url).protocol}//relay.localhost:${port}`;
	const connection = connect(named, { ...through(lookupOf(...addresses)), ...options });
	return await connection.post(BODY, cancel);
}

test('an address that refuses is skipped', async () => {
	const last = await startServer(answers);
	expect(await post(last, [FIRST, SECOND, LAST])).toMatchObject({ kind: 'answered' });
	expect(last.requests).toHaveLength(1);
});

test('an address that hangs is skipped after a second', async () => {
	const last = await startServer(answers);
	await swallowAt(FIRST, last);
	const started = performance.now();
	expect(await post(last, [FIRST, LAST])).toMatchObject({ kind: 'answered' });
	expect(performance.now() - started).toBeGreaterThan(SHARE_MS - EARLY_MS);
	expect(last.requests).toHaveLength(1);
});

test('each of several hanging addresses gets a second', async () => {
	const last = await startServer(answers);
	await swallowAt(FIRST, last);
	await swallowAt(SECOND, last);
	const started = performance.now();
	expect(await post(last, [FIRST, SECOND, LAST])).toMatchObject({ kind: 'answered' });
	expect(performance.now() - started).toBeGreaterThan(2 * (SHARE_MS - EARLY_MS));
});

test('only the first of several working addresses is called', async () => {
	const last = await startServer(answers);
	const first = await beside(last, FIRST);
	expect(await post(last, [FIRST, LAST])).toMatchObject({ kind: 'answered' });
	expect([first.requests.length, last.connections]).toEqual([1, 0]);
});

test('without egress rules, the system resolves the addresses', async () => {
	const last = await startServer(answers);
	jest.spyOn(dns, 'lookup').mockImplementation(lookupOf(FIRST, LAST) as typeof dns.lookup);
	expect(await post(last, [], { egress: undefined })).toMatchObject({ kind: 'answered' });
});

test("a proxy's addresses are tried in the same way", async () => {
	const proxy = await startServer({ answer: () => hangUp });
	jest.spyOn(dns, 'lookup').mockImplementation(lookupOf(FIRST, LAST) as typeof dns.lookup);
	const before = process.env;
	process.env = { ...before, HTTPS_PROXY: `http://proxy.test:${proxy.port}` };
	await connect('https://kis.test').post(BODY, NEVER);
	process.env = before;
	expect(proxy.requests.map(({ line }) => line)).toEqual(['CONNECT kis.test:443 HTTP/1.1']);
});

test('if no address answers, nothing was written', async () => {
	const server = await startServer(answers);
	expect(await post(server, [FIRST, SECOND])).toMatchObject({
		kind: 'unwritten',
		transportCode: 'ECONNREFUSED',
	});
	await swallowAt(FIRST, server);
	expect(await post(server, [FIRST, SECOND])).toMatchObject({
		kind: 'unwritten',
		transportCode: expect.stringMatching(/^(ETIMEDOUT|ECONNREFUSED)$/),
	});
	expect(server.connections).toBe(0);
});

describe('a written request is sent to no other address', () => {
	test.each([
		['reset', reset],
		['closed', hangUp],
	])('%s', async (_name, fail) => {
		const last = await startServer(answers);
		const first = await beside(last, FIRST, { answer: () => fail });
		expect(await post(last, [FIRST, LAST])).toMatchObject({ kind: 'unanswered' });
		await sleep(SHARE_MS + 100);
		expect([first.requests.length, last.connections]).toEqual([1, 0]);
	});

	test('not answered in a second', async () => {
		const last = await startServer(answers);
		const first = await beside(last, FIRST, {});
		const exchange = await post(last, [FIRST, LAST], { timeoutMs: SHARE_MS + 500 });
		expect(exchange).toMatchObject({ kind: 'unanswered' });
		expect([first.requests.length, last.connections]).toEqual([1, 0]);
	});
});

describe('over TLS', () => {
	let tls: Certificate;
	beforeAll(async () => {
		tls = await makeCertificate();
	});
	afterAll(async () => await tls.remove());

	test('the handshake is made with the chosen address, and its certificate is verified', async () => {
		const last = await startServer({ ...answers, tls });
		await swallowAt(FIRST, last);
		expect(await post(last, [FIRST, SECOND, LAST])).toMatchObject({
			kind: 'unwritten',
			transportCode: 'DEPTH_ZERO_SELF_SIGNED_CERT',
		});
		expect(last.connections).toBe(1);
	});

	test('no other address is tried after a broken handshake', async () => {
		const last = await startServer({ ...answers, tls });
		const first = await beside(last, FIRST, { connected: hangUp });
		expect(await post(last, [FIRST, LAST])).toMatchObject({ kind: 'unwritten' });
		expect([first.connections, last.connections]).toEqual([1, 0]);
	});
});

describe('no other address is tried', () => {
	test.each<[string, Partial<ConnectionOptions>, () => AbortSignal]>([
		['after the deadline', { timeoutMs: 200 }, () => NEVER],
		['after Stop', {}, () => AbortSignal.timeout(200)],
	])('%s, and nothing is left', async (_name, options, cancel) => {
		const last = await startServer(answers);
		await swallowAt(FIRST, last);
		const before = resources();
		expect(await post(last, [FIRST, LAST], options, cancel())).toMatchObject({
			kind: 'unwritten',
			transportCode: expect.stringMatching(/^(UND_ERR_CONNECT_TIMEOUT|ABORT_ERR)$/),
		});
		expect(await leftSince(before)).toEqual([]);
		await sleep(SHARE_MS + 100);
		expect(last.connections).toBe(0);
	});
});
