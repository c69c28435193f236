// The program as someone starts it.
import { resolve } from 'node:path';

import { makeApp } from '../../../tools/sandbox/apps';
import { makeCertificate } from '../../../tools/sandbox/certificate';
import { Sandbox } from '../../../tools/sandbox/server';
import { runNodeJs } from '../../support/child';
import { found } from '../../support/secrets';

const PROGRAM = resolve(__dirname, '../../../tools/live-check/main.ts');
const TSX = require.resolve('tsx/cjs');
const keys = makeApp();
const KEYS = { KIS_APPKEY: keys.appkey, KIS_APPSECRET: keys.appsecret };

let sandbox: Sandbox;
beforeEach(async () => {
	// It does not know the keys: the check ends with its first request.
	sandbox = await new Sandbox({ environment: 'paper' }).start();
});
afterEach(async () => await sandbox.stop());

async function run(input: string, env: Record<string, string> = {}, args: string[] = []) {
	const { status: code, ...said } = await runNodeJs(['--require', TSX, PROGRAM, ...args], {
		env: { PATH: process.env.PATH, KIS_BASE_URL: sandbox.url, ...KEYS, ...env },
		input,
	});
	const output = said.stdout + said.stderr;
	expect(found(output, Object.values(keys))).toBeUndefined();
	return { code, output };
}

test.each(['', '\n', 'no\n', 'y\n', 'YES\n', '\nyes\n', 'yes please\n'])(
	'sends nothing on %j',
	async (input) => {
		const { code, output } = await run(input);
		expect(output).toContain('21 requests');
		expect(output).toContain('without a working token for up to six hours');
		expect(output).toMatch(/Type yes to go on: [^]*Nothing was sent\.\n$/);
		expect(code).toBe(1);
		expect(sandbox.connections).toBe(0);
	},
);

test('asks and shows its table on yes', async () => {
	const { code, output } = await run('yes\n');
	expect(output).toMatch(/tokenP: the fields of its answer .* HTTP 403 EGW00103/);
	expect(code).toBe(1);
	expect(sandbox.calls).toHaveLength(1);
});

test.each([
	[{ KIS_BASE_URL: 'https://openapi.koreainvestment.com:9443' }, 'real accounts'],
	[{ KIS_BASE_URL: 'https://relay.example' }, 'neither'],
	[{ KIS_APPSECRET: '' }, 'belong together'],
])('refuses %j before it asks anything', async (env, why) => {
	const { code, output } = await run('yes\n', env);
	expect(output).toMatch(/^Nothing was sent: /);
	expect(output).toContain(why);
	expect(output).not.toContain('Type yes');
	expect(code).toBe(1);
});

test('trusts no certificate that the computer does not, whatever the environment says', async () => {
	await sandbox.stop();
	const certificate = await makeCertificate();
	sandbox = await new Sandbox({ certificate, apps: [keys] }).start();
	const { code, output } = await run('yes\n', { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
	expect(output).toContain('no answer: DEPTH_ZERO_SELF_SIGNED_CERT');
	expect(code).toBe(1);
	expect(sandbox.calls).toEqual([]);
});

test('takes no keys from the command line', async () => {
	const { code, output } = await run('yes\n', {}, ['--appkey', 'x']);
	expect(output).toMatch(/^Finds out/);
	expect(code).toBe(1);
	expect(sandbox.connections).toBe(0);
});
