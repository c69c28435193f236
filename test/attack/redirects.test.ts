// Tried: answers that redirect a request, and the secrets in it, to another host: every redirecting status, every way to write
// a Location, and headers and pages that browsers follow; for the node, the credential test and the HTTP Request node. The
// other host must see no connection, and nothing counts as revoked.
import { KisApi } from '../../credentials/KisApi.credentials';
import { testCredential } from '../support/credentialTest';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { makeApp } from '../../tools/sandbox/apps';
import { attack } from '../support/attack';
import { closeServers, CONFIRMATION, http, startServer } from '../support/scriptedServer';
import { outcomes, tokenItems } from '../support/workflow';

afterEach(closeServers);

const BODY = '{"code":200,"message":"done"}';
const PAGE =
	'<html><meta http-equiv="refresh" content="0; url=EVIL"><script>location="EVIL"</script>';

test.each<[string, number, object, string]>([
	...[300, 301, 302, 303, 305, 307, 308].map((status): [string, number, object, string] => [
		`${status}`,
		status,
		{ location: 'EVIL/oauth2/revokeP' },
		BODY,
	]),
	['without a scheme', 307, { location: '//HOST/' }, BODY],
	['with a backslash', 307, { location: '/\\HOST/' }, BODY],
	['with a user', 308, { location: 'http://127.0.0.1@HOST/' }, BODY],
	['two places', 307, { location: '/', Location: 'EVIL' }, BODY],
	['Refresh', 302, { refresh: '0; url=EVIL', 'content-location': 'EVIL' }, BODY],
	['a page that refreshes', 200, { 'content-type': 'text/html', refresh: '0; url=EVIL' }, PAGE],
	['another service', 421, { 'alt-svc': 'h2="HOST"; ma=9', location: 'EVIL' }, PAGE],
])('%s', async (_name, status, headers, body) => {
	const evil = await startServer({ answer: () => CONFIRMATION });
	const lead = (text: string) =>
		text.replaceAll('EVIL', evil.url).replaceAll('HOST', `127.0.0.1:${evil.port}`);
	const moved = Object.fromEntries(
		Object.entries(headers).map(([name, value]) => [name, lead(String(value))]),
	);
	const server = await startServer({ answer: () => http(status, lead(body), moved) });
	const app = makeApp();
	const run = await attack(server.url, { input: tokenItems('the-token-of-an-attack') }, app);
	expect(outcomes(run.items)).toEqual(['unknown']);
	expect(server.requests).toHaveLength(1);

	const fields = { ...app, environment: 'custom', baseUrl: server.url };
	expect(await testCredential(new KisToken(), new KisApi(), fields)).not.toBeNull();
	expect(evil.connections).toBe(0);
});
