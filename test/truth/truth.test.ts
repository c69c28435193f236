// A short run of the truth experiment with a fixed seed; `npm run truth -- --seed N` is the long one.
import { resolve } from 'node:path';

import { SHORT_RUN, shortRunArguments } from '../../tools/truth/shortRun';
import { runNodeJs } from '../support/child';

const PROGRAM = resolve(__dirname, '../../tools/truth/main.ts');
const TSX = require.resolve('tsx/cli');

/** @returns The kinds of statements that were made. */
async function play(seed: number): Promise<string[]> {
	const { status, stdout, stderr } = await runNodeJs([TSX, PROGRAM, ...shortRunArguments(seed)]);
	const output = stdout + stderr;
	expect(output).toMatch(/^false statements +0$/m);
	expect(output).toContain(`${SHORT_RUN.tokens} tokens, seed ${seed},`);
	expect(status).toBe(0);
	for (const step of [
		'issue .*issued',
		'inspect .*alive',
		'orders .*answered',
		'quotes .*answered',
	]) {
		expect(output).toMatch(new RegExp(`^${step}`, 'm'));
	}
	const kinds =
		output.match(/^ +\d+ (revoked|alreadyInvalid|rejected|unknown|notSent): .*/gm) ?? [];
	expect(kinds).toHaveLength(13);
	return kinds.filter((line) => !/^ +0 /.test(line)).map((line) => line.replace(/^ +\d+ /, ''));
}

// Which of several connections is faster is not drawn: a rare statement may take another seed.
test('nothing that is reported of a token is false, whatever happens on the way', async () => {
	const made = new Set<string>();
	for (let { seed }: { seed: number } = SHORT_RUN; made.size < 13; seed++) {
		for (const kind of await play(seed)) made.add(kind);
	}
}, 600_000);
