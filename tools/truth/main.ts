import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { print, runMain } from '../common/program';
import { makeCertificate } from '../sandbox/certificate';
import { FILES, HOST } from './trust';

/** Node.js reads the certificates that it trusts when it starts: hence a process of its own. */
async function main(): Promise<boolean> {
	const folder = await mkdtemp(join(tmpdir(), 'kis-truth-'));
	try {
		const { cert, key } = await makeCertificate(HOST);
		const certFile = join(folder, FILES.cert);
		await writeFile(certFile, cert);
		await writeFile(join(folder, FILES.key), key, { mode: 0o600 });
		const child = fork(join(__dirname, 'run.ts'), process.argv.slice(2), {
			execArgv: [...process.execArgv, '--expose-gc'],
			env: { ...process.env, NODE_EXTRA_CA_CERTS: certFile },
		});
		const [code] = (await once(child, 'exit')) as [number | null];
		if (code !== 0) print(`To see it again: npm run truth -- ${process.argv.slice(2).join(' ')}\n`);
		return code === 0;
	} finally {
		await rm(folder, { recursive: true });
	}
}

void runMain(main);
