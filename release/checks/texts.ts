import { homedir, tmpdir } from 'node:os';

import type { Check } from '../check';
import type { Package } from '../package';

/** Something that no file of the package may hold. */
interface Forbidden {
	readonly what: string;
	readonly pattern: RegExp;
}

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

const SECRETS: readonly Forbidden[] = [
	{ what: 'an app key', pattern: /(?<![\w-])PS[A-Za-z0-9]{34}(?![\w-])/ },
	{
		what: 'an app secret',
		pattern: /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{160,200}={0,2}(?![A-Za-z0-9+/=])/,
	},
	{ what: 'a token', pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*/ },
	{ what: 'a token of npm', pattern: /\bnpm_[A-Za-z0-9]{36}|:_authToken/ },
	{ what: 'a token of GitHub', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22})/ },
	{ what: 'a key of AWS', pattern: /\bAKIA[0-9A-Z]{16}\b/ },
	{ what: 'a private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/ },
];

/** Nothing tells where the package was made. */
export const paths: Check = {
	name: 'paths',
	run: (subject) => ({
		seen: 'no path of a computer, no source map',
		problems: [
			...subject.files
				.filter((file) => file.endsWith('.map'))
				.map((file) => `${file} is a source map`),
			...find(subject, pathsFrom(subject.sources)),
		],
	}),
};

/** Nothing looks like a secret. */
export const secrets: Check = {
	name: 'secrets',
	run: (subject) => ({
		seen: SECRETS.map(({ what }) => what.replace(/^an? /, 'no ')).join(', '),
		problems: find(subject, SECRETS),
	}),
};

/** Says where, never what: the report may be public. */
function find(subject: Package, forbidden: readonly Forbidden[]): string[] {
	return subject.files.flatMap((file) => {
		const lines = subject.text(file).split('\n');
		return forbidden.flatMap(({ what, pattern }) => {
			const line = lines.findIndex((text) => pattern.test(text));
			return line < 0 ? [] : [`${file}:${line + 1} has ${what}`];
		});
	});
}
