const { existsSync } = require('node:fs');
const { cp, mkdtemp, readdir, readFile, rename, rm } = require('node:fs/promises');
const { dirname, join, relative, sep } = require('node:path');
const { build: esbuild } = require('esbuild');
const { src } = require('gulp');

/** The modules that use packages. */
const BUNDLED = ['kis/http/connection.ts', 'kis/http/proxy.ts', 'kis/redis/client.ts'];

/** Empties a file of undici that no request of this package reaches. Loading it, and what only it needs, takes time. */
const leftOut = () => '';

/** Changes to files of the bundled packages. The build fails unless each of these files is bundled exactly once. */
const CHANGED = {
	/**
	 * undici 7 gives up where an answer begins with "100 Continue". A client has to read past it as past any interim
	 * answer, whether it asked for one or not (RFC 9110, 15.2): without these lines undici does.
	 */
	'undici/lib/dispatcher/client-h1.js': (text) => {
		const parts = text.split(`
    if (statusCode === 100) {
      util.destroy(socket, new SocketError('bad response', util.getSocketInfo(socket)))
      return -1
    }
`);
		if (parts.length === 2) return parts.join('');
		throw new Error(`The lines to take out are there ${parts.length - 1} times, not once`);
	},
	'undici/lib/dispatcher/client-h2.js': leftOut,
	'undici/lib/dispatcher/socks5-proxy-agent.js': leftOut,
	// For bodies that are not strings.
	'undici/lib/web/fetch/body.js': leftOut,
	/** If DEBUG is set, ioredis logs what it sends, passwords too. Here it logs nothing. */
	'ioredis/built/utils/debug.js': () => 'exports.default = () => () => {};',
};

const LICENCE_FILE = /^(LICEN[CS]E|NOTICE|COPYING)/i;

const common = {
	platform: 'node',
	format: 'cjs',
	target: 'node20',
	// A dynamic import becomes a require, made when it is reached.
	supported: { 'dynamic-import': false },
	outbase: '.',
	// gulp reports the errors.
	logLevel: 'silent',
};

/** Builds dist/ whole or not at all: if a step fails, or a signal ends the build, the dist/ from before stays. */
exports.build = async function build() {
	let ended = null;
	// From here on, a signal must not end the process before the folder is removed.
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
			// For code that the bundled packages took over from others without adding its licence.
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

/** Compiles file by file, so that dist/ reads like the source and each module exists once in the process. */
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

const changePackages = {
	name: 'change-packages',
	setup({ onLoad, onEnd }) {
		const bundled = [];
		onLoad({ filter: /\.js$/ }, async ({ path }) => {
			const name = path.split(sep).join('/').split('/node_modules/').at(-1);
			if (!Object.hasOwn(CHANGED, name)) return undefined;
			bundled.push(name);
			return { contents: CHANGED[name](await readFile(path, 'utf8')) };
		});
		onEnd(() => {
			const timesOf = (name) => bundled.filter((each) => each === name).length;
			const unexpected = Object.keys(CHANGED).filter((name) => timesOf(name) !== 1);
			const say = (name) => ({ text: `${name} is bundled ${timesOf(name)} times, not once` });
			return { errors: unexpected.map(say) };
		});
	},
};

/** Bundles each package into the module that uses it, and copies its licence: there are no runtime dependencies. */
async function bundlePackages(into) {
	const { metafile } = await esbuild({
		...common,
		metafile: true,
		entryPoints: BUNDLED,
		outdir: into,
		bundle: true,
		plugins: [keepOwnModulesApart, changePackages],
	});
	const packages = new Set(Object.keys(metafile.inputs).map(packageFolderOf));
	packages.delete(__dirname);
	for (const folder of packages) await copyLicences(folder, into);
}

/** Returns the nearest folder whose package.json has a name, wherever a package manager put it. */
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
