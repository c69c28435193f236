const { readFile, rm } = require('node:fs/promises');
const { Transform } = require('node:stream');
const { finished } = require('node:stream/promises');
const { build, transform } = require('esbuild');
const { dest, parallel, series, src } = require('gulp');

/** The modules that use packages. */
const BUNDLED = ['kis/http/connection.ts', 'kis/http/proxy.ts'];

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

const PACKAGE_FOLDER = /^node_modules\/(@[^/]+\/)?[^/]+\//;
const LICENCE_FILES = '{LICEN[CS]E,NOTICE,COPYING}*';

const common = {
	platform: 'node',
	format: 'cjs',
	target: 'node20',
	// A dynamic import becomes a require, made when it is reached.
	supported: { 'dynamic-import': false },
};

async function clean() {
	await rm('dist', { recursive: true, force: true });
}

/** File by file, so that dist/ reads like the source and each module exists once in the process. */
function compile() {
	const sources = ['index.ts', '{credentials,kis,nodes}/**/*.ts', '!**/*.d.ts'];
	const files = [...sources, ...BUNDLED.map((file) => `!${file}`)];
	const toJavaScript = new Transform({
		objectMode: true,
		async transform(file, _encoding, done) {
			const { code } = await transform(file.contents, { ...common, loader: 'ts' });
			file.contents = Buffer.from(code);
			file.extname = '.js';
			done(null, file);
		},
	});
	return src(files, { base: '.' }).pipe(toJavaScript).pipe(dest('dist'));
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
			// gulp is told to be silent, also about errors.
			process.stderr.write(`${text}\n`);
			return { errors: [{ text }] };
		});
	},
};

/** A package goes into the module that uses it, and its licence beside it: there are no runtime dependencies. */
async function bundlePackages() {
	const { metafile } = await build({
		...common,
		metafile: true,
		entryPoints: BUNDLED,
		outdir: 'dist',
		outbase: '.',
		bundle: true,
		plugins: [keepOwnModulesApart, takeOut],
	});
	const bundled = Object.keys(metafile.inputs).map((file) => PACKAGE_FOLDER.exec(file)?.[0]);
	const licences = [...new Set(bundled)].filter(Boolean).map((folder) => folder + LICENCE_FILES);
	await finished(
		src(licences, { base: 'node_modules', encoding: false }).pipe(dest('dist/licences')),
	);
}

function copyAssets() {
	return src(['icons/*.svg', 'nodes/**/*.json'], { base: '.', encoding: false }).pipe(dest('dist'));
}

/** Of what the bundled packages took over from others, without a licence file of theirs. */
function copyTakenOverLicences() {
	return src('release/notices/**', { encoding: false }).pipe(dest('dist/licences'));
}

exports.build = series(clean, parallel(compile, bundlePackages, copyAssets, copyTakenOverLicences));
exports.default = exports.build;
