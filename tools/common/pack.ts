import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { capture } from './run';

/** Packs a built checkout as `npm publish` would. @returns The tarball, in the folder `into`. */
export async function pack(checkout: string, into: string): Promise<string> {
	await mkdir(into, { recursive: true });
	const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', into];
	return join(into, (await capture('npm', args, { cwd: checkout })).trim());
}

/** Unpacks the tarball of a package into a folder. */
export async function unpack(tarball: string, folder: string): Promise<void> {
	await mkdir(folder, { recursive: true });
	await capture('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
}
