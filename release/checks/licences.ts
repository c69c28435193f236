import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Check, verdict } from './check';
import type { Package } from '../package';

/**
 * What bundled files took over from others whose licence wants its notice in every copy. Their package has no file of
 * it: the texts are in `release/notices/`.
 */
const TAKEN_OVER: ReadonlyArray<{ within: string; from: string }> = [
	// The parser of HTTP, as WebAssembly.
	{ within: 'node_modules/undici/lib/llhttp/', from: 'llhttp' },
	{ within: 'node_modules/undici/lib/core/util.js', from: 'fetch-blob' },
	{ within: 'node_modules/undici/lib/web/fetch/body.js', from: 'formdata-polyfill' },
	{ within: 'node_modules/undici/lib/dispatcher/fixed-queue.js', from: 'node' },
];

/** How a file says that it has something from elsewhere. */
const SAYS_TAKEN_OVER = /licen[cs]e|copyright|extracted from|taken from|(?:adapted|based) on http/i;
const LICENCE_FILE = /^(LICEN[CS]E|NOTICE|COPYING)/;
/** esbuild writes it above each file that it bundles. */
const BUNDLED_FILE = /^\/\/ (node_modules\/\S+)$/gm;
const PACKAGE_FOLDER = /^node_modules\/((?:@[^/]+\/)?[^/]+)/;

/** Everything bundled has its licence and its notices in the package, word for word. */
export const licences: Check = {
	name: 'licences',
	run(subject) {
		const expected = expectedLicences(subject);
		const bundled = bundledFiles(subject);
		const names = [...expected.keys()].map((file) => file.split('/').at(-2));
		return verdict(`${bundled.length} bundled files: ${names.join(', ')}`, [
			...packagesOf(bundled)
				.filter((name) => licenceFiles(subject, name).length === 0)
				.map((name) => `${name} is bundled and has no licence file`),
			...[...expected]
				.filter(([file, text]) => !subject.files.includes(file) || subject.text(file) !== text)
				.map(([file]) => `${file} is not there as it was given`),
			...bundled
				.filter((file) => saysTakenOver(join(subject.sources, file)))
				.filter((file) => !TAKEN_OVER.some(({ within }) => file.startsWith(within)))
				.map((file) => `${file} has something from elsewhere: whose notice does it want?`),
		]);
	},
};

/** Where the licences have to be in the package, and their texts. */
export function expectedLicences(subject: Package): ReadonlyMap<string, string> {
	const bundled = bundledFiles(subject);
	const own = packagesOf(bundled).flatMap((name) =>
		licenceFiles(subject, name).map((file) => [`${name}/${file}`, `node_modules/${name}/${file}`]),
	);
	const takenOver = TAKEN_OVER.filter(({ within }) =>
		bundled.some((file) => file.startsWith(within)),
	).map(({ from }) => [`${from}/LICENSE`, `release/notices/${from}/LICENSE`]);
	return new Map(
		[...own, ...takenOver].map(([file, source]) => [
			`dist/licences/${file}`,
			readFileSync(join(subject.sources, source), 'utf8'),
		]),
	);
}

function saysTakenOver(file: string): boolean {
	return existsSync(file) && SAYS_TAKEN_OVER.test(readFileSync(file, 'utf8'));
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
