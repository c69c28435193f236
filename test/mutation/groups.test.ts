// A pattern that matches nothing breaks nothing, or finds nothing: the mutation score would still look good.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { GROUPS } from '../../tools/mutation/groups';

const ROOT = join(__dirname, '../..');
const TESTS = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' });

describe.each(Object.entries(GROUPS))('the mutation group %s', (_name, { mutate, tests }) => {
	test.each(mutate)('breaks the files %s', (glob) => {
		expect(() => execFileSync('bash', ['-c', `ls ${glob}`], { cwd: ROOT })).not.toThrow();
	});

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
