// `npm run truth:breaks` breaks the product on purpose. This checks only that each edit still applies: its `from` text stands
// once in its file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { BREAKS } from '../../../tools/truth/breaks';

const ROOT = join(__dirname, '../../..');

test.each(BREAKS)('can be broken: $rule', ({ file, from, to, seenBy }) => {
	expect(readFileSync(join(ROOT, file), 'utf8').split(from)).toHaveLength(2);
	expect(to).not.toBe(from);
	if (seenBy) expect(readFileSync(join(ROOT, seenBy), 'utf8')).toContain('test');
});

test('no rule is listed twice', () => {
	expect(new Set(BREAKS.map(({ rule }) => rule)).size).toBe(BREAKS.length);
});
