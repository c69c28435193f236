import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { makeApp } from './apps';
import { makeCertificate } from './certificate';
import { FAULTS } from './faults';
import { RATE_LIMITS, type EnvironmentName } from './kis';
import { Sandbox } from './server';
import { SWITCHES } from './switches';

const USAGE = `A KIS on this computer: tokenP, revokeP, Approval, hashkey and inquire-price.

npm run sandbox -- [--port 29443] [--environment real|paper] [--http] [--appkey KEY --appsecret SECRET]
`;

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			port: { type: 'string', default: '29443' },
			environment: { type: 'string', default: 'real' },
			http: { type: 'boolean', default: false },
			appkey: { type: 'string' },
			appsecret: { type: 'string' },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) return print(USAGE);
	if (!Object.hasOwn(RATE_LIMITS, values.environment)) {
		throw new Error('--environment has to be real or paper');
	}
	if ((values.appkey === undefined) !== (values.appsecret === undefined)) {
		throw new Error('--appkey and --appsecret belong together');
	}
	const environment = values.environment as EnvironmentName;
	const { appkey = '', appsecret = '' } = values;
	const app = appkey ? { appkey, appsecret } : makeApp();

	const folder = await mkdtemp(join(tmpdir(), 'kis-sandbox-'));
	const certificate = values.http ? undefined : await makeCertificate();
	const certificateFile = join(folder, 'certificate.pem');
	if (certificate) await writeFile(certificateFile, certificate.cert);

	const sandbox = new Sandbox({ environment, apps: [app], port: Number(values.port), certificate });
	await sandbox.start();
	print(`The KIS sandbox (${environment}, ${RATE_LIMITS[environment]} requests per second) listens at ${sandbox.url}

The KIS API credential in n8n:
  App Key      ${app.appkey}
  App Secret   ${app.appsecret}
  Environment  Custom
  Base URL     ${sandbox.url}
${certificate ? `\nn8n has to trust the sandbox's certificate. Start it with\n  NODE_EXTRA_CA_CERTS=${certificateFile}\n` : ''}
Faults for the next calls, for example:
  curl ${certificate ? `--cacert ${certificateFile} ` : ''}-d '[{"kind":"reset","processed":true}]' ${sandbox.url}/sandbox/faults
  kinds: ${FAULTS.join(', ')}

Where KIS is unknown, for example:
  curl ${certificate ? `--cacert ${certificateFile} ` : ''}-d '{"revokedToken":"EGW00123"}' ${sandbox.url}/sandbox/switches
${Object.entries(SWITCHES)
	.map(([name, options]) => `  ${name}: ${options.join(' | ')}`)
	.join('\n')}

Ctrl+C ends it.
`);
	const end = async () => {
		await sandbox.stop();
		await rm(folder, { recursive: true });
	};
	process.once('SIGINT', () => void end());
	process.once('SIGTERM', () => void end());
}

function print(text: string): void {
	process.stdout.write(text);
}

main().catch((error: unknown) => {
	process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
	process.exitCode = 1;
});
