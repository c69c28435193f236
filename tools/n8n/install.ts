import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { capture } from '../common/run';
import { folderOf, type Line } from './line';

/** A real n8n in the cache, ready to run. */
export interface Installation {
	/** The one that holds `node_modules`. */
	readonly folder: string;
	/** The Node.js that this n8n asks for. */
	readonly node: string;
	readonly n8n: string;
}

/** What n8n 2.40 asks for. */
const NODE_MAJOR = 24;
/** Outside the checkout: an installation has a gigabyte or two, and serves every checkout. */
export const CACHE = join(
	process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
	'n8n-nodes-koreainvestment',
);

/**
 * Installs n8n into the cache if it is not there yet (minutes), as its lock file says, without install scripts but for
 * SQLite's, which brings or builds its native part.
 */
export async function installN8n(line: Line): Promise<Installation> {
	const folder = await cacheFolderOf(line);
	if (!existsSync(folder)) {
		const unfinished = `${folder}.${process.pid}`;
		await rm(unfinished, { recursive: true, force: true });
		await mkdir(unfinished, { recursive: true });
		for (const file of ['package.json', 'package-lock.json']) {
			await cp(join(folderOf(line), file), join(unfinished, file));
		}
		process.stderr.write(`Installing n8n ${line} into ${folder}: this takes some minutes, once.\n`);
		const quietly = ['--no-audit', '--no-fund', '--loglevel=error'];
		await capture('npm', ['ci', '--ignore-scripts', ...quietly], { cwd: unfinished });
		const rebuild = ['rebuild', 'sqlite3', '--ignore-scripts=false', ...quietly];
		await capture('npm', rebuild, { cwd: unfinished });
		await rename(unfinished, folder).catch(async (error: unknown) => {
			// Another run was faster.
			if (!existsSync(folder)) throw error as Error;
			await rm(unfinished, { recursive: true });
		});
	}
	return {
		folder,
		node: nodeFor(folder),
		n8n: join(folder, 'node_modules/n8n/bin/n8n'),
	};
}

/** Whether the cache has it already. */
export async function isInstalled(line: Line): Promise<boolean> {
	return existsSync(await cacheFolderOf(line));
}

/** Where the cache has it, or would. */
async function cacheFolderOf(line: Line): Promise<string> {
	const lock = await readFile(join(folderOf(line), 'package-lock.json'));
	const key = createHash('sha256').update(lock).digest('hex').slice(0, 12);
	return join(CACHE, `n8n-${line}-${key}`);
}

/**
 * The one that was installed along with n8n, on the computers it exists for; else this one.
 *
 * @throws Error if this one is too old for n8n.
 */
function nodeFor(folder: string): string {
	const pinned = join(folder, `node_modules/node-linux-${process.arch}/bin/node`);
	if (process.platform === 'linux' && existsSync(pinned)) return pinned;
	const [major] = process.versions.node.split('.').map(Number);
	if (major >= NODE_MAJOR) return process.execPath;
	throw new Error(`n8n needs Node.js ${NODE_MAJOR} here: run this with it.`);
}
