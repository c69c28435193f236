import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Check, verdict } from './check';

/** The tag names the version that the package says, and the changelog knows it. */
export const tagIs = (tag: string): Check => ({
	name: 'tag',
	run({ manifest: { version }, sources }) {
		const changelog = readFileSync(join(sources, 'CHANGELOG.md'), 'utf8').split('\n');
		const heads = [`## ${version}`, `## [${version}]`];
		return verdict(`${tag}, in CHANGELOG.md`, [
			...(tag === `v${version}` ? [] : [`the tag is ${tag}, the version ${version}`]),
			...(changelog.some((line) =>
				heads.some((head) => line === head || line.startsWith(`${head} `)),
			)
				? []
				: [`CHANGELOG.md has no section ${version}`]),
		]);
	},
});

/** The package says where it is built: npm accepts no provenance from elsewhere, and n8n's scanner reads the source there. */
export const repositoryIs = (url: string): Check => ({
	name: 'repository',
	run: ({ manifest: { repository } }) =>
		verdict(
			url,
			repository?.url === `git+${url}.git`
				? []
				: [`package.json names ${repository?.url}, and this is ${url}`],
		),
});
