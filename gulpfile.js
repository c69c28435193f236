const { rm } = require('node:fs/promises');
const { Transform } = require('node:stream');
const { build, transform } = require('esbuild');
const { dest, parallel, series, src } = require('gulp');

/** The one module that uses undici. */
const HTTP_CLIENT = 'kis/http/connection.ts';

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
	const files = ['index.ts', '{credentials,kis,nodes}/**/*.ts', '!**/*.d.ts', `!${HTTP_CLIENT}`];
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

/** undici goes into the module that uses it: the package has no runtime dependencies. */
async function bundleHttpClient() {
	await build({
		...common,
		entryPoints: [HTTP_CLIENT],
		outdir: 'dist',
		outbase: '.',
		bundle: true,
		plugins: [
			{
				name: 'keep-own-modules-apart',
				setup({ onResolve }) {
					onResolve({ filter: /^\.\.?\// }, ({ path, importer }) =>
						importer.endsWith(HTTP_CLIENT) ? { path, external: true } : undefined,
					);
				},
			},
		],
	});
}

function copyAssets() {
	return src(['icons/*.svg', 'nodes/**/*.json'], { base: '.', encoding: false }).pipe(dest('dist'));
}

function copyLicences() {
	return src('node_modules/undici/LICENSE', { encoding: false }).pipe(dest('dist/licences/undici'));
}

exports.build = series(clean, parallel(compile, bundleHttpClient, copyAssets, copyLicences));
exports.default = exports.build;
