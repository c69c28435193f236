import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

/** What the checks read of package.json. */
export interface Manifest {
	readonly name: string;
	readonly version: string;
	readonly main?: string;
	readonly engines?: { readonly node?: string };
	readonly repository?: { readonly url: string };
	readonly scripts?: Readonly<Record<string, string>>;
	readonly peerDependencies?: Readonly<Record<string, string>>;
	readonly n8n: { readonly nodes: readonly string[]; readonly credentials: readonly string[] };
	readonly [field: string]: unknown;
}

/** All files below a folder, by their paths from it, in order. */
export function filesOf(folder: string): string[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => !entry.isDirectory())
		.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
		.map((path) => path.replaceAll(sep, '/'))
		.sort();
}

/** What users would get, unpacked, and the sources that it was made from. */
export class Package {
	readonly files: readonly string[];

	/**
	 * @param sources The checkout, with its dependencies installed.
	 * @param folder Where the tarball is unpacked.
	 * @param packedBytes The size of the tarball.
	 */
	constructor(
		readonly sources: string,
		readonly folder: string,
		readonly packedBytes: number,
	) {
		this.files = filesOf(folder);
	}

	/** The text of a file of the package. */
	text(file: string): string {
		return readFileSync(join(this.folder, file), 'utf8');
	}

	get manifest(): Manifest {
		return JSON.parse(this.text('package.json')) as Manifest;
	}

	get unpackedBytes(): number {
		return this.files.reduce((sum, file) => sum + statSync(join(this.folder, file)).size, 0);
	}
}
