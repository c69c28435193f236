// Tried: Base URLs that look like one address and lead to another (user info, backslashes, a missing scheme, queries and
// fragments, full-width and ideographic characters, control characters), and addresses that look like this computer's own
// (IPv4 inside IPv6, zones, names with a trailing dot, 0.0.0.0), for the node and the credential test. A server at the
// other address must see no connection.
import { KisApi } from '../../credentials/KisApi.credentials';
import { testCredential } from '../support/credentialTest';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { makeApp } from '../../tools/sandbox/apps';
import { attack } from '../support/attack';
import { closeServers, CONFIRMATION, startServer } from '../support/scriptedServer';
import { found } from '../support/secrets';
import { outcomes, tokenItems } from '../support/workflow';

afterEach(closeServers);

const KIS = 'openapi.koreainvestment.com';

test.each([
	`https://${KIS}@EVIL`,
	`http://${KIS}:9443@EVIL`,
	`http://${KIS}%40EVIL`,
	`http://${KIS}＠EVIL`,
	`http://${KIS}\\@EVIL`,
	`http://@EVIL`,
	'http://RELAY@EVIL',
	'http://RELAY\\@EVIL',
	'http://EVIL\\@RELAY',
	'http://EVIL#@RELAY',
	'http://EVIL?@RELAY',
	'http://EVIL／@RELAY',
	'http://EVIL\t/',
	'http:\n//EVIL',
	'//EVIL',
	'/\\EVIL',
	'\\\\EVIL',
	'http:EVIL',
	'http:/EVIL',
	'http:///EVIL',
	'EVIL',
	'ws://EVIL',
	'ftp://EVIL',
	'javascript://EVIL',
	'blob:http://EVIL',
	'=http://EVIL@RELAY',
	'http://[::ffff:127.0.0.1]:PORT',
	'http://[::ffff:7f00:1]:PORT',
	'http://[0:0:0:0:0:ffff:7f00:0001]:PORT',
	'http://[::127.0.0.1]:PORT',
	'http://[::7f00:1]:PORT',
	'http://[64:ff9b::127.0.0.1]:PORT',
	'http://[::1%25lo]:PORT',
	'http://[::1%lo]:PORT',
	'http://[::]:PORT',
	'http://0.0.0.0:PORT',
	'http://0:PORT',
	'http://localhost.:PORT',
	'http://localhost.localdomain:PORT',
	'http://kis.localhost:PORT',
	`http://127.0.0.1.:PORT@EVIL`,
	`http://127。0。0。1:PORT@EVIL`,
	`http://127.0.0.1:PORT\u202e`,
	`http://127.0.0.1:PORT\u200b`,
	`http://127.0.0.1:PORT\u00ad`,
])('%s leads nowhere', async (text) => {
	const [evil, relay] = [await startServer(), await startServer({ answer: () => CONFIRMATION })];
	const baseUrl = text
		.replaceAll('EVIL', `127.0.0.1:${evil.port}`)
		.replaceAll('RELAY', `127.0.0.1:${relay.port}`)
		.replaceAll('PORT', String(evil.port));
	const app = makeApp();
	const run = await attack(baseUrl, { input: tokenItems('the-token-of-an-attack') }, app);
	expect(outcomes(run.items)).toEqual(['notSent']);
	const fields = { ...app, environment: 'custom', baseUrl };
	const said = await testCredential(new KisToken(), new KisApi(), fields);
	expect(said).not.toBeNull();
	expect(found(String(said), Object.values(app))).toBeUndefined();
	expect([evil.connections, relay.connections]).toEqual([0, 0]);
});

test.each(['http://127。0。0。1:PORT', 'http://１２７.0.0.1:PORT', 'http://0x7f.1:PORT'])(
	'%s is called where it leads, which is this computer',
	async (text) => {
		const server = await startServer({ answer: () => CONFIRMATION });
		const baseUrl = text.replace('PORT', String(server.port));
		const run = await attack(baseUrl, { input: tokenItems('the-token-of-an-attack') });
		expect(outcomes(run.items)).toEqual(['revoked']);
		expect(server.requests[0].headers.host).toBe(`127.0.0.1:${server.port}`);
	},
);
