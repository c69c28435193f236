// n8n reads each of its variables from a file too, if <name>_FILE names one. Then it is not known here what the file says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { send } from '../support/httpRequest';
import { closeServers, startServer } from '../support/scriptedServer';
import { makeKeyPair } from '../support/tokens';

const folder = mkdtempSync(join(tmpdir(), 'kis-ssrf-'));
const file = join(folder, 'enabled');
writeFileSync(file, 'false');
process.env.N8N_SSRF_PROTECTION_ENABLED_FILE = file;
afterEach(closeServers);
afterAll(() => rmSync(folder, { recursive: true }));

test('a file may switch n8n’s SSRF protection on: no Custom host is asked for a token', async () => {
	const server = await startServer();
	const { errors } = await send(
		{ keys: makeKeyPair(), url: server.url },
		{ url: `${server.url}/uapi/x` },
	);
	expect(JSON.stringify(errors)).toContain('does not ask this Custom host for one by itself');
	expect(server.connections).toBe(0);
});
