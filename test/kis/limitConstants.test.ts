// The limiter stands twice, in TypeScript for one process and in Lua for many. What both reckon with is the same number.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '../../kis/rateLimit');

/** Reads the constants that are written as numbers. A suffix for the unit, which the script leaves out, is cut off. */
function constantsIn(file: string, declaration: RegExp): Array<[name: string, value: number]> {
	return [...readFileSync(join(FOLDER, file), 'utf8').matchAll(declaration)].map(
		([, name, value]) => [name, Number(value.replaceAll('_', ''))],
	);
}

const inScript = new Map(constantsIn('limit.lua', /^local ([A-Z_]+) = ([\d.]+)$/gm));
const inProcess = readdirSync(FOLDER)
	.filter((file) => file.endsWith('.ts'))
	.flatMap((file) => constantsIn(file, /^(?:export )?const ([A-Z_]+?)(?:_MS)? = ([\d._]+);$/gm));

test.each([
	'WINDOW',
	'LATE_ARRIVAL',
	'UNSEEN_ARRIVAL',
	'LEEWAY',
	'ENOUGH_ANSWERS',
	'RECOVERY',
	'DECREASE',
	'CURVATURE',
	'TYPICAL_LIMIT',
])('%s', (name) => {
	const values = inProcess.filter(([one]) => one === name).map(([, value]) => value);
	expect(values).toEqual([inScript.get(name)]);
});
