// The program as someone starts it: what it prints is all that n8n has to be given.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

import { KisApi } from '../../../credentials/KisApi.credentials';
import { run } from '../../../tools/common/run';
import { testCredential } from '../../support/credentialTest';
import { ENVIRONMENTS } from '../../../kis/input/environments';
import { KisToken } from '../../../nodes/KisToken/KisToken.node';
import { namesOfThisComputer } from '../../../tools/sandbox/address';
import { parseOptions } from '../../../tools/sandbox/options';
import { Sandbox } from '../../../tools/sandbox/server';

const ROOT = resolve(__dirname, '../../..');
const PROGRAM = join(ROOT, 'tools/sandbox/main.ts');
const TSX = require.resolve('tsx/cjs');

let home: string;
let running: ChildProcess[];
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), 'kis-program-'));
	running = [];
});
afterEach(async () => {
	await Promise.all(running.map(end));
	rmSync(home, { recursive: true });
});

const environment = () => ({ PATH: process.env.PATH, HOME: home });

async function end(program: ChildProcess): Promise<void> {
	if (program.exitCode !== null || program.signalCode !== null) return;
	program.kill('SIGKILL');
	await once(program, 'exit');
}

/** @returns What it printed until it was ready. */
async function start(...args: string[]) {
	const command = ['--require', TSX, PROGRAM, '--port', '0', ...args];
	const program = spawn(process.execPath, command, { env: environment() });
	running.push(program);
	let output = '';
	for (const stream of [program.stdout, program.stderr]) {
		stream.on('data', (chunk) => {
			output += String(chunk);
		});
	}
	while (!output.includes('Ctrl+C') && program.exitCode === null) {
		await Promise.race([once(program.stdout, 'data'), once(program, 'exit')]);
	}
	const field = (name: string) => new RegExp(`^  ${name} +(.+)$`, 'm').exec(output)?.[1] ?? '';
	return {
		program,
		output,
		field,
		app: { appkey: field('App Key'), appsecret: field('App Secret') },
		baseUrl: field('Base URL'),
		authorityFile: /^ {2}NODE_EXTRA_CA_CERTS=(.+)$/m.exec(output)?.[1] ?? '',
	};
}

async function failedStart(...args: string[]): Promise<string> {
	const { program, output } = await start(...args);
	expect(program.exitCode).toBe(1);
	return output;
}

test('what it prints is what the credential takes, and the first steps need no waiting', async () => {
	const { field, app, baseUrl, output } = await start();
	expect(field('Environment')).toBe(ENVIRONMENTS.custom.label);
	expect(baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
	expect(output).toContain('(paper, 1 request a second)');
	const fields = { ...app, environment: 'custom', baseUrl };
	await expect(testCredential(new KisToken(), new KisApi(), fields)).resolves.toBeNull();

	const post = async (path: string, body: object) => {
		const headers = { 'content-type': 'application/json' };
		const init = { method: 'POST', headers, body: JSON.stringify({ ...app, ...body }) };
		return (await (await fetch(baseUrl + path, init)).json()) as Record<string, unknown>;
	};
	const grant = await post('/oauth2/tokenP', { grant_type: 'client_credentials' });
	const quoteUrl = /^ {2}(http\S+\/inquire-price\?\S+)$/m.exec(output)?.[1] ?? '';
	const headers = { ...app, authorization: `Bearer ${String(grant.access_token)}`, tr_id: 'x' };
	const quote = await fetch(quoteUrl, { headers });
	const ofSamsung = { rt_cd: '0', output: { stck_shrn_iscd: '005930' } };
	expect(await quote.json()).toMatchObject(ofSamsung);
	expect(await post('/oauth2/revokeP', { token: grant.access_token })).toMatchObject({ code: 200 });
});

test('nothing that n8n was told changes from start to start', async () => {
	const first = await start('--tls');
	await end(first.program);
	const authority = readFileSync(first.authorityFile, 'utf8');
	const second = await start('--tls', '--environment', 'real');
	expect(second.app).toEqual(first.app);
	expect(second.authorityFile).toBe(first.authorityFile);
	expect(readFileSync(second.authorityFile, 'utf8')).toBe(authority);
	expect(second.output).toContain('(real, 18 requests a second)');
	await expect(statusOver(second.baseUrl, authority)).resolves.toBe(404);
});

test('two concurrent first starts agree', async () => {
	const [one, other] = await Promise.all([start('--tls'), start('--tls')]);
	expect(other.app).toEqual(one.app);
	const authority = readFileSync(one.authorityFile, 'utf8');
	await expect(statusOver(one.baseUrl, authority)).resolves.toBe(404);
	await expect(statusOver(other.baseUrl, authority)).resolves.toBe(404);
	expect(readdirSync(join(home, '.config/n8n-nodes-koreainvestment'))).toEqual(['sandbox']);
});

test('over TLS it can be called by any name that n8n may have for this computer', async () => {
	const { baseUrl, authorityFile } = await start(
		'--tls',
		'--name',
		'kis.test',
		'--name',
		'192.0.2.7',
	);
	expect(baseUrl).toMatch(/^https:\/\/kis\.test:\d+$/);
	const authority = readFileSync(authorityFile, 'utf8');
	const here = baseUrl.replace('kis.test', '127.0.0.1');
	for (const name of ['kis.test', '192.0.2.7', 'host.docker.internal', ...namesOfThisComputer()]) {
		await expect(statusOver(here, authority, name)).resolves.toBe(404);
	}
	await expect(statusOver(here, authority, 'other.test')).rejects.toThrow('altnames');
	await expect(statusOver(here, undefined)).rejects.toThrow('unable to');
});

test('what is kept is for its owner alone, but for the certificate, which a container reads', async () => {
	const { authorityFile } = await start('--tls');
	const folder = join(home, '.config/n8n-nodes-koreainvestment/sandbox');
	const modes = readdirSync(folder).map((file) => [
		file,
		statSync(join(folder, file)).mode & 0o777,
	]);
	expect(Object.fromEntries(modes)).toEqual({
		'app.json': 0o600,
		'authority-key.pem': 0o600,
		'authority.pem': 0o644,
	});
	expect(statSync(folder).mode & 0o777).toBe(0o700);
	expect(authorityFile).toBe(join(folder, 'authority.pem'));
	expect(readFileSync(authorityFile, 'utf8')).not.toContain('PRIVATE');
});

test('says how to start anew where what is kept is spoilt', async () => {
	const { program } = await start();
	await end(program);
	const folder = join(home, '.config/n8n-nodes-koreainvestment/sandbox');
	rmSync(join(folder, 'app.json'));
	expect(await failedStart()).toContain(`${folder} cannot be used`);
});

test('takes a key pair of one’s own, and keeps it nowhere', async () => {
	const { app } = await start('--appkey', 'PSmine', '--appsecret', 'my secret');
	expect(app).toEqual({ appkey: 'PSmine', appsecret: 'my secret' });
	const folder = join(home, '.config/n8n-nodes-koreainvestment/sandbox');
	for (const file of readdirSync(folder)) {
		expect(readFileSync(join(folder, file), 'utf8')).not.toMatch(/PSmine|my secret/);
	}
});

test.each(['SIGINT', 'SIGTERM'] as const)('ends in good order on %s', async (signal) => {
	const { program } = await start();
	program.kill(signal);
	await expect(once(program, 'exit')).resolves.toEqual([0, null]);
});

test('says what to do where its port is taken', async () => {
	const server = createServer();
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	const { port } = server.address() as AddressInfo;
	const output = await failedStart('--port', String(port));
	server.close();
	expect(output).toContain(`port ${port} is taken`);
	expect(output).toContain('--help explains');
});

test.each([
	[['--bind', '0.0.0.0'], 'takes --tls'],
	[['--bind', '192.0.2.2'], 'takes --tls'],
	[['--bind', '::'], 'takes --tls'],
	[['--bind', 'example.com', '--tls'], 'has to be an IP address'],
	[['--name', 'https://kis.test', '--tls'], 'without https:// and port'],
	[['--port', '70000'], 'has to be a number'],
	[['--port', ''], 'has to be a number'],
	[['--environment', 'toString'], 'has to be paper or real'],
	[['--appkey', 'PSmine'], 'belong together'],
	[['--appsecret', 'secret'], 'belong together'],
	[['--http'], 'Unknown option'],
])('refuses %j', (args, why) => {
	expect(() => parseOptions(args)).toThrow(why);
});

test('plain http is refused for any address but this computer’s own, however it is started', () => {
	for (const address of ['0.0.0.0', '192.0.2.2', '::', '::ffff:192.0.2.2']) {
		expect(() => new Sandbox({ address })).toThrow('plain http');
	}
	expect(() => new Sandbox({ address: '::1' })).not.toThrow();
});

test('by default it is for this computer, over plain http, at a port of its own, and paper', () => {
	expect(parseOptions([])).toEqual({
		environment: 'paper',
		app: null,
		port: 29443,
		tls: false,
		address: '127.0.0.1',
		names: [],
	});
	expect(parseOptions(['--bind', '127.0.0.2'])?.address).toBe('127.0.0.2');
	expect(parseOptions(['--bind', '0.0.0.0', '--tls'])?.address).toBe('0.0.0.0');
});

test('explains each option when it is asked as the README says', async () => {
	const args = ['run', '--silent', 'sandbox', '--', '--help'];
	const { stdout, status } = await run('npm', args, { cwd: ROOT, env: environment() });
	expect(status).toBe(0);
	const explained = [...stdout.matchAll(/^ {2}--([a-z]+).*\n {6}\S/gm)].map(([, name]) => name);
	expect(explained).toEqual([
		'environment',
		'port',
		'tls',
		'bind',
		'name',
		'appkey',
		'appsecret',
		'help',
	]);
	expect(readdirSync(home)).not.toContain('.config');
});

/** What a client gets that trusts an authority, and calls the host by a name of its own. */
async function statusOver(
	baseUrl: string,
	ca: string | undefined,
	name = new URL(baseUrl).hostname,
): Promise<number | undefined> {
	return await new Promise((resolve, reject) => {
		const options = {
			ca,
			agent: false,
			checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
				checkServerIdentity(name, certificate),
		};
		request(`${baseUrl}/nowhere`, options, (response) => {
			response.resume();
			resolve(response.statusCode);
		})
			.on('error', reject)
			.end();
	});
}
