import { realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

import { type Check, verdict } from './check';

/** What asks for a module that nobody can read from the code. */
const UNREADABLE = {
	'indirect-require': 'error',
	'unsupported-dynamic-import': 'error',
	'unsupported-require-call': 'error',
} as const;

/** Every module that the package asks for is in it, in Node.js, or its host's: no dependency that nobody installs, no test code. */
export const imports: Check = {
	name: 'imports',
	run({ folder, files, manifest }) {
		const modules = files.filter((file) => file.endsWith('.js'));
		const { metafile } = buildSync({
			// esbuild gives real paths: from elsewhere, all of them would be outside.
			absWorkingDir: realpathSync(folder),
			// One entry that asks for each: as entries of their own, all would be bundled into each other.
			stdin: {
				contents: modules.map((file) => `import './${file}';`).join('\n'),
				resolveDir: realpathSync(folder),
			},
			// Else a package would be taken from any node_modules above.
			packages: 'external',
			platform: 'node',
			bundle: true,
			metafile: true,
			write: false,
			outdir: join(folder, 'nowhere'),
			logLevel: 'silent',
			logOverride: UNREADABLE,
		});
		const asked = Object.entries(metafile.inputs)
			.filter(([file]) => file !== '<stdin>')
			.flatMap(([file, { imports }]) =>
				imports.map(({ path, external }) => ({ file, path, external })),
			);
		const peers = Object.keys(manifest.peerDependencies ?? {});
		const isThere = (path: string) =>
			// Newer ones are not known to every Node.js.
			path.startsWith('node:') || isBuiltin(path) || peers.includes(path);
		return verdict(
			`${asked.length}, all from the package, Node.js or the host`,
			asked
				.filter(({ path, external }) => (external ? !isThere(path) : path.startsWith('..')))
				.map(({ file, path }) => `${file} asks for ${path}, which is not in the package`),
		);
	},
};
