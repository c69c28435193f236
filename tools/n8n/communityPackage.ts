import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pack, unpack } from '../common/pack';
import { capture } from '../common/run';
import { CACHE } from './install';

const NAME = 'n8n-nodes-koreainvestment';
const ROOT = join(__dirname, '../..');

/** Until there is a tag: what this package was when it could only revoke. */
const BEFORE_THE_FIRST_TAG = 'cabf85fcd728';

/** Packs the built package of this checkout. @returns The tarball. */
export async function packThisCheckout(into: string): Promise<string> {
	return await pack(ROOT, into);
}

/** Packs the version before this one, from the history; once, into the cache. @returns The tarball. */
export async function packPreviousVersion(): Promise<string> {
	const commit = await previousCommit();
	const tarball = join(CACHE, `${NAME}-${commit}.tgz`);
	if (existsSync(tarball)) return tarball;
	const checkout = await mkdtemp(join(tmpdir(), 'kis-previous-'));
	try {
		const archive = join(checkout, 'source.tar');
		await capture('git', ['archive', '--output', archive, commit], { cwd: ROOT });
		await capture('tar', ['-xf', archive, '-C', checkout]);
		await capture('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: checkout });
		await capture('npm', ['run', 'build', '--silent'], { cwd: checkout });
		await mkdir(CACHE, { recursive: true });
		await cp(await pack(checkout, checkout), `${tarball}.${process.pid}`);
		await rename(`${tarball}.${process.pid}`, tarball);
	} finally {
		await rm(checkout, { recursive: true });
	}
	return tarball;
}

async function previousCommit(): Promise<string> {
	const describe = ['describe', '--tags', '--match', 'v*', '--abbrev=0', 'HEAD^'];
	const ref = await capture('git', describe, { cwd: ROOT }).catch(() => BEFORE_THE_FIRST_TAG);
	const parse = ['rev-parse', '--verify', `${ref.trim()}^{commit}`];
	const commit = await capture('git', parse, { cwd: ROOT }).catch((error: Error) => {
		const advice = 'In a shallow clone: git fetch --unshallow --tags';
		throw new Error(`The version before this one is not to be had. ${advice}\n${error.message}`);
	});
	return commit.trim();
}

/**
 * Installs a tarball as n8n's own installer does with what it got from the registry, in place of an older version of it:
 * unpacked into its place, its package.json without development, peer and optional dependencies, and what it depends on
 * installed without scripts.
 *
 * @param userFolder The N8N_USER_FOLDER of an n8n that does not run.
 */
export async function installCommunityPackage(tarball: string, userFolder: string): Promise<void> {
	const nodes = join(userFolder, '.n8n/nodes');
	const folder = join(nodes, 'node_modules', NAME);
	await rm(folder, { recursive: true, force: true });
	await unpack(tarball, folder);

	const manifestFile = join(folder, 'package.json');
	const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as Record<string, unknown>;
	for (const key of ['devDependencies', 'peerDependencies', 'optionalDependencies']) {
		delete manifest[key];
	}
	await writeFile(manifestFile, JSON.stringify(manifest));
	const quietly = ['--no-audit', '--no-fund', '--no-bin-links', '--loglevel=error'];
	const install = ['install', '--ignore-scripts', '--no-package-lock', ...quietly];
	await capture('npm', [...install, '--install-strategy=shallow'], { cwd: folder });
	await writeFile(
		join(nodes, 'package.json'),
		JSON.stringify({
			name: 'installed-nodes',
			private: true,
			dependencies: { [NAME]: manifest.version },
		}),
	);
}
