// The docs name the versions that the end-to-end tests pin.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT, tableOf } from './pages';

const LINES = join(ROOT, 'tools/n8n/lines');

interface Pinned {
	readonly dependencies: { readonly n8n: string };
	readonly optionalDependencies: Readonly<Record<string, string>>;
}

test('each line of n8n, and the Node.js that runs it', () => {
	const pinned = readdirSync(LINES).map((line) => {
		const text = readFileSync(join(LINES, line, 'package.json'), 'utf8');
		const { dependencies, optionalDependencies } = JSON.parse(text) as Pinned;
		return [line, dependencies.n8n, ...new Set(Object.values(optionalDependencies))];
	});
	const { rows } = tableOf('docs/reliability.md', 'line', 'Versions');
	expect(rows.map((cells) => cells.slice(0, 3))).toEqual(pinned.sort());
});
