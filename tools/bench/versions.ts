import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '../..');

/** @param folder The one that holds `node_modules`. */
export function versionOf(name: string, folder = ROOT): string {
	const manifest = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8');
	return (JSON.parse(manifest) as { version: string }).version;
}
