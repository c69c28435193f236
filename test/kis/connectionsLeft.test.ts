// Who sends requests closes its connections, even to a server that would keep them open for ten minutes.
import { askIfAlive } from '../../kis/liveness/askIfAlive';
import { revoke } from '../support/revoke';
import { closeServers, CONFIRMATION, http, startServer } from '../support/scriptedServer';
import { credentialFor, makeKeyPair, makeToken, read } from '../support/tokens';

afterEach(closeServers);

const keys = makeKeyPair();
const token = () => read(makeToken(keys.appkey));
const BODY = CONFIRMATION.toString().split('\r\n\r\n')[1];
const keepingOpen = async () =>
	await startServer({ answer: () => http(200, BODY, { 'keep-alive': 'timeout=600' }) });

test('a batch of revokes leaves none open', async () => {
	const server = await keepingOpen();
	await revoke(server.url, [token(), token(), token()], { keys });
	expect(server.connections).toBeGreaterThan(0);
	await server.abandoned();
});

test('a question whether a token is alive leaves none open', async () => {
	const server = await keepingOpen();
	await askIfAlive(credentialFor(keys, server.url), token(), {
		requestsPerSecond: 1000,
		timeoutMs: 60_000,
		cancel: new AbortController().signal,
	});
	expect(server.connections).toBe(1);
	await server.abandoned();
});
