// Tried: proxies that answer 200 to CONNECT and then impersonate the host: with a certificate that is untrusted, for another
// host, or expired; in plain text; with an answer to a request that was never sent, after the 200 or in its place. None of
// them must receive a byte of a request, and every token counts as not sent. Trusted certificates need a process of their
// own, which runs dist/ (npx gulp build).
import type { Socket } from 'node:net';

import { attack } from '../support/attack';
import { HOST, makeCertificate, type Certificate } from '../support/certificate';
import { postFromChild } from '../support/child';
import { closeServers, CONFIRMATION, startServer, tunnelTo } from '../support/scriptedServer';
import { tokenItems } from '../support/workflow';

const BEHIND = `https://${HOST}:9443`;
const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

let own: Certificate;
let foreign: Certificate;
let expired: Certificate;
beforeAll(async () => {
	own = await makeCertificate();
	foreign = await makeCertificate({ host: 'other.test' });
	expired = await makeCertificate({ notAfterDate: new Date(Date.now() - 1000) });
});
afterEach(async () => {
	delete process.env.HTTPS_PROXY;
	await closeServers();
});
afterAll(async () => {
	for (const certificate of [own, foreign, expired]) await certificate.remove();
});

test.each([
	['that is untrusted', () => own, () => ''],
	['for another host', () => foreign, () => foreign.file],
	['that has expired', () => expired, () => expired.file],
])('a certificate %s', async (_name, certificate, trusted) => {
	const evil = await startServer({ tls: certificate(), answer: () => CONFIRMATION });
	const proxy = await startServer({ answer: () => tunnelTo(evil) });
	const result = await postFromChild(
		BEHIND,
		{
			HTTPS_PROXY: proxy.url,
			NODE_EXTRA_CA_CERTS: trusted(),
			NODE_TLS_REJECT_UNAUTHORIZED: '0',
		},
		{ count: 2 },
	);
	expect(result).toMatchObject({
		endedWell: true,
		exchanges: Array(2).fill({
			kind: 'unwritten',
			transportCode: expect.stringMatching(/CERT|SELF_SIGNED|ALTNAME|PRX_TLS/),
		}),
	});
	expect(proxy.requests.map(({ line }) => line)).toContain(`CONNECT ${HOST}:9443 HTTP/1.1`);
	expect(evil.bytes).toBe(0);
});

test.each<[string, (socket: Socket) => void]>([
	['in plain text', (socket) => socket.write(ESTABLISHED)],
	[
		'with an answer behind the 200',
		(socket) => socket.write(ESTABLISHED + CONFIRMATION.toString()),
	],
	['with an answer in place of the 200', (socket) => socket.write(CONFIRMATION)],
	['with two answers', (socket) => socket.write(Buffer.concat([CONFIRMATION, CONFIRMATION]))],
	['and closes', (socket) => socket.end(ESTABLISHED)],
])('a proxy that impersonates the host, %s', async (_name, answer) => {
	let heard = Buffer.alloc(0);
	const proxy = await startServer({
		connected: (socket) => socket.on('data', (chunk) => (heard = Buffer.concat([heard, chunk]))),
		answer: () => answer,
	});
	process.env.HTTPS_PROXY = proxy.url;
	const run = await attack(BEHIND, {
		input: tokenItems('the-token-of-an-attack'),
		options: { timeout: 500 },
	});
	expect(run.items[0].json.error).toMatchObject({ outcome: 'notSent' });
	const [connect, ...rest] = heard.toString('latin1').split('\r\n\r\n');
	expect(connect).toMatch(/^CONNECT kis\.test:9443 HTTP\/1\.1\r\n/);
	expect(rest.join()).not.toMatch(/POST|appkey|token/);
});
