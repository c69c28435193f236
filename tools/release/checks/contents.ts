import { join } from 'node:path';

import { type Check, verdict } from './check';
import { filesOf, type Package } from '../package';
import { expectedLicences } from './licences';

const PAPERS = ['LICENSE', 'README.md', 'package.json'];

/** Which sources become which files of `dist/`. */
const MADE_FROM: ReadonlyArray<{ folder: string; ending: RegExp; becomes: string }> = [
	{ folder: 'credentials', ending: /(?<!\.d)\.ts$/, becomes: '.js' },
	{ folder: 'icons', ending: /\.svg$/, becomes: '.svg' },
	{ folder: 'kis', ending: /(?<!\.d)\.ts$/, becomes: '.js' },
	{ folder: 'kis', ending: /\.lua$/, becomes: '.lua' },
	{ folder: 'nodes', ending: /(?<!\.d)\.ts$/, becomes: '.js' },
	{ folder: 'nodes', ending: /\.json$/, becomes: '.json' },
];

/** All of what the sources become, and nothing else. */
export const contents: Check = {
	name: 'contents',
	run(subject) {
		const expected = expectedFiles(subject);
		const files = new Set(subject.files);
		return verdict(`${files.size} files`, [
			...[...files].filter((file) => !expected.has(file)).map((file) => `${file} is not expected`),
			...[...expected].filter((file) => !files.has(file)).map((file) => `${file} is missing`),
		]);
	},
};

function expectedFiles(subject: Package): Set<string> {
	const built = MADE_FROM.flatMap(({ folder, ending, becomes }) =>
		filesOf(join(subject.sources, folder))
			.filter((file) => ending.test(file))
			.map((file) => `dist/${folder}/${file.replace(ending, becomes)}`),
	);
	return new Set([...PAPERS, 'dist/index.js', ...built, ...expectedLicences(subject).keys()]);
}
