// A pattern that matches nothing breaks nothing, or finds nothing: the mutation score would still look good.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../../../tools/common/run';
import { GROUPS } from '../../../tools/mutation/groups';

const ROOT = join(__dirname, '../../..');
const TESTS = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' });

test('every glob of files to break matches some', async () => {
	const globs = Object.values(GROUPS).flatMap(({ mutate }) => mutate);
	const listed = await run('bash', ['-c', `ls ${globs.join(' ')}`], { cwd: ROOT });
	expect(listed).toMatchObject({ status: 0, stderr: '' });
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
			expect(TESTS.filter((file) => new RegExp(one).test(file))).not.toEqual([]);
		}
	});
});
