// The demonstration, as somebody starts it who has never seen the package.
import { join, resolve } from 'node:path';

import type { Ended } from '../../tools/common/run';
import { runNodeJs } from '../support/child';

const ROOT = resolve(__dirname, '../..');

async function start(): Promise<Ended> {
	const command = ['--require', require.resolve('tsx/cjs'), join(ROOT, 'tools/demo/main.ts')];
	const env = { PATH: process.env.PATH, HOME: process.env.HOME };
	return await runNodeJs(command, { env });
}

test('shows the credential first, then the chain, and gives nothing away', async () => {
	const { status, stdout, stderr } = await start();
	expect([stderr, status]).toEqual(['', 0]);
	expect(stdout).not.toContain('✗');
	const shown = [...stdout.matchAll(/^✓ ([^:\n]+)/gm)].map(([, what]) => what);
	expect(shown).toEqual([
		'Quote',
		'Revoke',
		'the local KIS knows the token as dead',
		'Quote again',
		'the token is in nothing that n8n would store of all this',
		'Issue',
		'Quote',
		'Revoke',
		'the local KIS knows the token as dead',
		'Issue',
		'Revoke After a Failure',
		'the local KIS knows the token as dead',
	]);
	expect(stdout).toMatch(
		/The request was not sent: KIS gave access token [0-9a-f]{12}, which is dead/,
	);
	expect(stdout).toContain('The workflow ended with: The quote failed.');
	// Twelve characters show that it is a token.
	expect(stdout).not.toMatch(/eyJ[\w-]{10}/);
});
