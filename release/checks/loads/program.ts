/** Loads a package with n8n's own loader: `program.ts <n8n-core> <folder>`. */
import 'reflect-metadata';
import { createRequire } from 'node:module';
import type { PackageDirectoryLoader } from 'n8n-core';

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
}

type IconUrl = string | { readonly light: string; readonly dark: string } | undefined;

const iconsOf = (url: IconUrl) => (typeof url === 'string' ? [url] : Object.values(url ?? {}));

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
	};
	process.stdout.write(JSON.stringify(loaded));
}

void main(process.argv.slice(2)).then(() => process.exit());
