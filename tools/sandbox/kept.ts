import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import { makeApp, type App } from './apps';
import { makeAuthority, type Certificate } from './certificate';

/** What stays from start to start, so that n8n has to be told of it once. */
export interface Kept {
	readonly app: App;
	readonly authority: Certificate;
	/** The authority's certificate without its key, for NODE_EXTRA_CA_CERTS. */
	readonly authorityFile: string;
}

const KEPT_FOLDER = join(
	process.env.XDG_CONFIG_HOME || join(homedir(), '.config'),
	'n8n-nodes-koreainvestment',
	'sandbox',
);

const FILES = { app: 'app.json', cert: 'authority.pem', key: 'authority-key.pem' } as const;

/** Reads what an earlier start made; the first one makes it. @throws Error that says how to start anew. */
export async function readOrMakeKept(folder = KEPT_FOLDER): Promise<Kept> {
	if (!existsSync(folder)) await make(folder);
	return await read(folder).catch((error: unknown) => {
		throw new Error(`${folder} cannot be used (${String(error)}). Remove it, and start again.`);
	});
}

async function read(folder: string): Promise<Kept> {
	const [app, cert, key] = await Promise.all(
		[FILES.app, FILES.cert, FILES.key].map(
			async (file) => await readFile(join(folder, file), 'utf8'),
		),
	);
	const { appkey, appsecret } = JSON.parse(app) as App;
	const authorityFile = join(folder, FILES.cert);
	return { app: { appkey, appsecret }, authority: { cert, key }, authorityFile };
}

/** All of it or nothing: another start may be making it too. */
async function make(folder: string): Promise<void> {
	await mkdir(dirname(folder), { recursive: true });
	const unfinished = await mkdtemp(`${folder}-`);
	try {
		const { cert, key } = await makeAuthority();
		const mine = { mode: 0o600 };
		await writeFile(join(unfinished, FILES.app), JSON.stringify(makeApp(), null, '\t'), mine);
		await writeFile(join(unfinished, FILES.key), key, mine);
		// n8n in a container reads it, as another user.
		await writeFile(join(unfinished, FILES.cert), cert, { mode: 0o644 });
		await rename(unfinished, folder);
	} catch (error) {
		await rm(unfinished, { recursive: true });
		if (!existsSync(folder)) throw error as Error;
	}
}
