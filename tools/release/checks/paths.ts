import { homedir, tmpdir } from 'node:os';

import { type Check, verdict } from './check';
import { find, type Forbidden } from './forbidden';

const literally = (text: string) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));

/** Where a folder of somebody's computer would show. */
const pathsFrom = (sources: string): readonly Forbidden[] => [
	...[sources, `${homedir()}/`, `${tmpdir()}/`]
		.filter((path) => path.length > '//'.length)
		.map((path) => ({ what: 'a path of this computer', pattern: literally(path) })),
	{
		what: 'a path of a computer',
		pattern: /(?<![\w.:/])\/(?:home|Users|root|tmp|var|private|opt|mnt|srv|builds|workspace)\/\w/,
	},
	{ what: 'a path of a computer', pattern: /\b[A-Z]:\\{1,2}Users\\|file:\/\/\/\w/ },
	{ what: 'a source map', pattern: /sourceMappingURL=/ },
];

/** Nothing tells where the package was made. */
export const paths: Check = {
	name: 'paths',
	run: (subject) =>
		verdict('no path of a computer, no source map', [
			...subject.files
				.filter((file) => file.endsWith('.map'))
				.map((file) => `${file} is a source map`),
			...find(subject, pathsFrom(subject.sources)),
		]),
};
