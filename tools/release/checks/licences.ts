import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Check, verdict } from './check';
import type { Package } from '../package';

/** What is bundled, so that a check that no longer sees it does not pass. */
export const BUNDLED = [
	'undici',
	'proxy-from-env',
	'ioredis',
	'@ioredis/commands',
	'cluster-key-slot',
	'denque',
	'redis-errors',
	'standard-as-callback',
];

/**
 * What bundled files took over from others whose licence wants its notice in every copy. Their package has no file of
 * it: the texts are in `tools/release/notices/`.
 */
const TAKEN_OVER: ReadonlyArray<{
	within: string;
	/** The one line that says so. */
	says?: string;
	/** All that its files say of licences is of this. */
	isNotice?: true;
	from: string;
}> = [
	// The parser of HTTP, as WebAssembly.
	{ within: 'node_modules/undici/lib/llhttp/', from: 'llhttp' },
	{
		within: 'node_modules/undici/lib/core/util.js',
		says: 'based on https://github.com/node-fetch/fetch-blob/',
		from: 'fetch-blob',
	},
	{
		within: 'node_modules/undici/lib/dispatcher/fixed-queue.js',
		says: 'Extracted from node/lib/internal/fixed_queue.js',
		from: 'node',
	},
	{ within: 'node_modules/cluster-key-slot/lib/index.js', isNotice: true, from: 'crc16' },
	{ within: 'node_modules/ioredis/built/utils/defaults.js', isNotice: true, from: 'es-toolkit' },
	{ within: 'node_modules/ioredis/built/utils/isArguments.js', isNotice: true, from: 'es-toolkit' },
	{ within: 'node_modules/ioredis/built/resp/', isNotice: true, from: 'node-redis' },
	{
		within: 'node_modules/ioredis/built/tracing.js',
		says: 'adapted from @opentelemetry/redis-common',
		from: 'opentelemetry',
	},
];

/** How a line says that the file has something from elsewhere. */
const CREDITS =
	/licen[cs]e|copyright|(?:adapted|borrowed|derived|extracted|ported|taken) from|based on http/i;
const LICENCE_FILE = /^(LICEN[CS]E|NOTICE|COPYING)/;
/** esbuild writes it above each file that it bundles. One that is left out is an empty function. */
const BUNDLED_FILE = /^\/\/ (node_modules\/\S+)$(?!\n.*\n.*\(\) \{\n {2}\}\n)/gm;
const PACKAGE_FOLDER = /^node_modules\/((?:@[^/]+\/)?[^/]+)/;

/** Everything bundled has its licence and its notices in the package, word for word. */
export const licences: Check = {
	name: 'licences',
	run(subject) {
		const expected = expectedLicences(subject);
		const bundled = bundledFiles(subject);
		const packages = packagesOf(bundled);
		const names = [...expected.keys()].map((file) => file.split('/').at(-2));
		const lines = bundled.flatMap((file) => linesOf(subject, file));
		return verdict(`${bundled.length} bundled files: ${names.join(', ')}`, [
			...BUNDLED.filter((name) => !packages.includes(name)).map(
				(name) => `${name} is not among the bundled files`,
			),
			...packages
				.filter((name) => licenceFiles(subject, name).length === 0)
				.map((name) => `${name} is bundled and has no licence file`),
			...[...expected]
				.filter(([file, text]) => !subject.files.includes(file) || subject.text(file) !== text)
				.map(([file]) => `${file} is not there as it was given`),
			...lines
				.filter(({ file, text }) => CREDITS.test(text) && !isExplained(file, text))
				.map(({ file, text }) => `${file}: whose notice does this want? ${text.trim()}`),
			...TAKEN_OVER.filter(
				({ within, says = '' }) =>
					!lines.some(({ file, text }) => file.startsWith(within) && text.includes(says)),
			).map(({ within, from }) => `${within} has nothing from ${from} any more`),
		]);
	},
};

/** Where the licences have to be in the package, and their texts. */
export function expectedLicences(subject: Package): ReadonlyMap<string, string> {
	const own = packagesOf(bundledFiles(subject)).flatMap((name) =>
		licenceFiles(subject, name).map((file) => [`${name}/${file}`, `node_modules/${name}/${file}`]),
	);
	const takenOver = TAKEN_OVER.map(({ from }) => [
		`${from}/LICENSE`,
		`tools/release/notices/${from}/LICENSE`,
	]);
	return new Map(
		[...own, ...takenOver].map(([file, source]) => [
			`dist/licences/${file}`,
			readFileSync(join(subject.sources, source), 'utf8'),
		]),
	);
}

const isExplained = (file: string, text: string) =>
	TAKEN_OVER.some(
		({ within, says, isNotice = false }) =>
			file.startsWith(within) && (isNotice || (says !== undefined && text.includes(says))),
	);

/** Of the source: esbuild leaves comments out. */
function linesOf({ sources }: Package, file: string): Array<{ file: string; text: string }> {
	const source = join(sources, file);
	if (!existsSync(source)) return [];
	return readFileSync(source, 'utf8')
		.split('\n')
		.map((text) => ({ file, text }));
}

function bundledFiles(subject: Package): string[] {
	return subject.files
		.filter((file) => file.endsWith('.js'))
		.flatMap((file) => [...subject.text(file).matchAll(BUNDLED_FILE)].map(([, path]) => path));
}

function packagesOf(bundled: readonly string[]): string[] {
	return [...new Set(bundled.map((file) => PACKAGE_FOLDER.exec(file)?.[1] ?? file))];
}

function licenceFiles(subject: Package, name: string): string[] {
	const folder = join(subject.sources, 'node_modules', name);
	return existsSync(folder) ? readdirSync(folder).filter((file) => LICENCE_FILE.test(file)) : [];
}
