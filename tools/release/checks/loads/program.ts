/** Loads a package with n8n's own loader, and each of its files: `program.ts <n8n-core> <folder>`. */
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { PackageDirectoryLoader } from 'n8n-core';

import { filesOf } from '../../package';

/** What n8n knows of a node or credential. */
export interface LoadedType {
	readonly name: string;
	/** Where the editor asks for its icons. */
	readonly icons: readonly string[];
}

/** What n8n knows after it has loaded the package. */
export interface Loaded {
	/** The version of n8n-core. */
	readonly core: string;
	readonly nodes: ReadonlyArray<LoadedType & { readonly searchWords: number }>;
	readonly credentials: readonly LoadedType[];
	/** The files that throw when they are loaded, and what. */
	readonly broken: readonly string[];
}

type IconUrl = string | { readonly light: string; readonly dark: string } | undefined;

const iconsOf = (url: IconUrl) => (typeof url === 'string' ? [url] : Object.values(url ?? {}));

/** n8n loads what it is told of; the rest is loaded by the first run of a node. */
function brokenIn(folder: string, require: NodeJS.Require): string[] {
	const files = filesOf(folder).filter((file) => file.endsWith('.js'));
	return files.flatMap((file) => {
		try {
			require(join(folder, file));
			return [];
		} catch (error) {
			return [`${file}: ${String(error)}`];
		}
	});
}

async function main([core, folder]: string[]): Promise<void> {
	const require = createRequire(__filename);
	const { PackageDirectoryLoader: Loader } = require(core) as {
		PackageDirectoryLoader: typeof PackageDirectoryLoader;
	};
	const loader = new Loader(folder);
	await loader.loadAll();
	const loaded: Loaded = {
		core: (require(`${core}/package.json`) as { version: string }).version,
		nodes: loader.types.nodes.map(({ name, iconUrl, codex }) => ({
			name,
			icons: iconsOf(iconUrl),
			searchWords: codex?.alias?.length ?? 0,
		})),
		credentials: loader.types.credentials.map(({ name, iconUrl }) => ({
			name,
			icons: iconsOf(iconUrl),
		})),
		broken: brokenIn(folder, require),
	};
	process.stdout.write(JSON.stringify(loaded));
}

void main(process.argv.slice(2)).then(() => process.exit());
