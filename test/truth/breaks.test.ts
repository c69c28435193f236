// `npm run truth:breaks` breaks the product on purpose. Here only that it still could: the texts are where it looks for them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { BREAKS } from '../../tools/truth/breaks';

const ROOT = join(__dirname, '../..');

test.each(BREAKS)('can be broken: $rule', ({ file, from, to, seenBy }) => {
	expect(readFileSync(join(ROOT, file), 'utf8').split(from)).toHaveLength(2);
	expect(to).not.toBe(from);
	if (seenBy) expect(readFileSync(join(ROOT, seenBy), 'utf8')).toContain('test');
});

test('no rule is listed twice', () => {
	expect(new Set(BREAKS.map(({ rule }) => rule)).size).toBe(BREAKS.length);
});
