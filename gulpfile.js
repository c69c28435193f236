const { existsSync } = require('node:fs');
const { cp, mkdtemp, readdir, readFile, rename, rm } = require('node:fs/promises');
const { dirname, join, relative } = require('node:path');
const { build: esbuild } = require('esbuild');
const { src } = require('gulp');

/** The modules that use packages. */
const BUNDLED = ['kis/http/connection.ts', 'kis/http/proxy.ts', 'kis/redis/client.ts'];

/**
 * undici 7 breaks off where an answer begins with "100 Continue". A client has to read past it as past any interim answer,
 * whether it asked for one or not (RFC 9110, 15.2): without these lines undici does.
 */
const TAKEN_OUT = {
	from: /[\\/]undici[\\/]lib[\\/]dispatcher[\\/]client-h1\.js$/,
	text: `
    if (statusCode === 100) {
      util.destroy(socket, new SocketError('bad response', util.getSocketInfo(socket)))
      return -1
    }
`,
};

/** ioredis writes what it sends, passwords too, to the log of whoever sets DEBUG. Here it writes nothing. */
const SILENCED = {
	from: /[\\/]ioredis[\\/]built[\\/]utils[\\/]debug\.js$/,
	contents: 'exports.default = () => () => {};',
};

const LICENCE_FILE = /^(LICEN[CS]E|NOTICE|COPYING)/i;

const common = {
	platform: 'node',
	format: 'cjs',
	target: 'node20',
	// A dynamic import becomes a require, made when it is reached.
	supported: { 'dynamic-import': false },
	outbase: '.',
	// gulp says what went wrong.
	logLevel: 'silent',
};

/** Makes dist/ anew, all of it or nothing: if something fails, or somebody ends it, the one from before stays. */
exports.build = async function build() {
	let ended = null;
	// Before there is anything to leave behind.
	for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'])
		process.once(signal, () => (ended = signal));
	const folder = await mkdtemp('.build-');
	try {
		const made = join(folder, 'dist');
		const steps = await Promise.allSettled([
			compile(made),
			bundlePackages(made),
			copy('icons/*.svg', '.', made),
			copy('nodes/**/*.json', '.', made),
			copy('kis/**/*.lua', '.', made),
			// Of what the bundled packages took over from others, without a licence file of theirs.
			copy('tools/release/notices/*/*', 'tools/release/notices', join(made, 'licences')),
		]);
		const failed = steps.find(({ status }) => status === 'rejected');
		if (failed) throw failed.reason;
		if (ended) throw new Error(ended);
		await rename('dist', join(folder, 'before')).catch((error) => {
			if (error.code !== 'ENOENT') throw error;
		});
		await rename(made, 'dist');
	} finally {
		await rm(folder, { recursive: true });
	}
};
exports.default = exports.build;

/** File by file, so that dist/ reads like the source and each module exists once in the process. */
async function compile(into) {
	const sources = ['index.ts', '{credentials,kis,nodes}/**/*.ts', '!**/*.d.ts'];
	const entryPoints = await filesOf([...sources, ...BUNDLED.map((file) => `!${file}`)]);
	await esbuild({ ...common, entryPoints, outdir: into });
}

const keepOwnModulesApart = {
	name: 'keep-own-modules-apart',
	setup({ onResolve }) {
		onResolve({ filter: /^\.\.?\// }, ({ path, importer }) =>
			importer.endsWith('.ts') ? { path, external: true } : undefined,
		);
	},
};

/** Another undici may need it no more, or elsewhere: somebody has to look. */
const takeOut = {
	name: 'take-out',
	setup({ onLoad, onEnd }) {
		let found = 0;
		onLoad({ filter: TAKEN_OUT.from }, async ({ path }) => {
			const parts = (await readFile(path, 'utf8')).split(TAKEN_OUT.text);
			found += parts.length - 1;
			return { contents: parts.join('') };
		});
		onEnd(() => {
			if (found === 1) return undefined;
			const text = `What is to be taken out of undici is there ${found} times, and not once`;
			return { errors: [{ text }] };
		});
	},
};

/** Where ioredis keeps it elsewhere, somebody has to look. */
const silence = {
	name: 'silence',
	setup({ onLoad, onEnd }) {
		let found = 0;
		onLoad({ filter: SILENCED.from }, () => {
			found++;
			return { contents: SILENCED.contents };
		});
		onEnd(() =>
			found === 1
				? undefined
				: { errors: [{ text: `What writes ioredis's log is there ${found} times, and not once` }] },
		);
	},
};

/** A package goes into the module that uses it, and its licence beside it: there are no runtime dependencies. */
async function bundlePackages(into) {
	const { metafile } = await esbuild({
		...common,
		metafile: true,
		entryPoints: BUNDLED,
		outdir: into,
		bundle: true,
		plugins: [keepOwnModulesApart, takeOut, silence],
	});
	const packages = new Set(Object.keys(metafile.inputs).map(packageFolderOf));
	packages.delete(__dirname);
	for (const folder of packages) await copyLicences(folder, into);
}

/** Wherever a package manager put it, and whatever links lead there: the nearest folder whose package.json has a name. */
function packageFolderOf(file) {
	for (let folder = dirname(join(__dirname, file)); ; folder = dirname(folder)) {
		if (nameOf(folder) !== undefined) return folder;
		if (folder === dirname(folder)) throw new Error(`${file} is bundled and is in no package`);
	}
}

function nameOf(folder) {
	const manifest = join(folder, 'package.json');
	return existsSync(manifest) ? require(manifest).name : undefined;
}

async function copyLicences(folder, into) {
	const name = nameOf(folder);
	const files = (await readdir(folder)).filter((file) => LICENCE_FILE.test(file));
	if (files.length === 0)
		throw new Error(`${name} is bundled, and ${folder} holds no licence file`);
	for (const file of files) await cp(join(folder, file), join(into, 'licences', name, file));
}

async function copy(glob, base, into) {
	const files = await filesOf(glob);
	if (files.length === 0) throw new Error(`${glob} matches no file`);
	for (const file of files) await cp(file, join(into, relative(base, file)));
}

async function filesOf(globs) {
	const paths = [];
	for await (const { path } of src(globs, { read: false })) paths.push(path);
	return paths;
}
