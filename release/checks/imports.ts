import { join } from 'node:path';
import { buildSync, type BuildFailure } from 'esbuild';

import { type Check, verdict } from './check';

/** Every module that the package asks for is in it, in Node.js, or its host's: no dependency that nobody installs, no test code. */
export const imports: Check = {
	name: 'imports',
	run({ folder, files, manifest }) {
		try {
			const { metafile } = buildSync({
				absWorkingDir: folder,
				entryPoints: files.filter((file) => file.endsWith('.js')),
				external: Object.keys(manifest.peerDependencies ?? {}),
				platform: 'node',
				bundle: true,
				metafile: true,
				write: false,
				outdir: join(folder, 'nowhere'),
				logLevel: 'silent',
			});
			const asked = Object.values(metafile.inputs).flatMap((input) => input.imports);
			return verdict(
				`${asked.length}, all from the package, Node.js or the host`,
				asked
					.filter(({ path, external }) => external && path.startsWith('.'))
					.map(({ path }) => `${path} is not in the package`),
			);
		} catch (error) {
			const { errors } = error as BuildFailure;
			return verdict(
				'',
				errors.map(({ text, location }) => `${location?.file}: ${text}`),
			);
		}
	},
};
