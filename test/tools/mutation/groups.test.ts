// A pattern that matches nothing breaks nothing, or finds nothing, and a file in no group is never broken: the mutation
// score would still look good.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../../../tools/common/run';
import { GROUPS, pathsOf } from '../../../tools/mutation/groups';

const ROOT = join(__dirname, '../../..');
const TESTS = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' });

test('every glob of files to break matches some, and every published file is in one group', async () => {
	const globs = Object.values(GROUPS).flatMap(({ mutate }) => mutate);
	const listed = await run('bash', ['-c', `ls ${globs.join(' ')}`], { cwd: ROOT });
	expect(listed).toMatchObject({ status: 0, stderr: '' });
	const published = ['kis', 'nodes', 'credentials'].flatMap((folder) =>
		readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
			.filter((file) => /(?<!\.d)\.ts$/.test(file))
			.map((file) => join(folder, file)),
	);
	expect(listed.stdout.trim().split('\n').sort()).toEqual(published.sort());
});

describe.each(Object.entries(GROUPS))('the mutation group %s', (_name, { tests }) => {
	test.each(tests)('runs the tests %s', (pattern) => {
		const alternatives = pattern.replace(/^(.*)\((.*)\)(.*)$/, (_all, before, among, after) =>
			among
				.split('|')
				.map((one: string) => before + one + after)
				.join('\n'),
		);
		for (const one of alternatives.split('\n')) {
			expect(TESTS.filter((file) => new RegExp(pathsOf(one)).test(`/test/${file}`))).not.toEqual(
				[],
			);
		}
	});
});
