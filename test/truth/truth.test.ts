// A short run of the truth experiment with a fixed seed; `npm run truth -- --seed N` is the long one.
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

const PROGRAM = resolve(__dirname, '../../truth/main.ts');
const TSX = require.resolve('tsx/cli');
/** Small worlds, so that each of the things that happen to a whole execution is among them. */
const ORDER = '--tokens 1600 --batch 40 --parallel 32 --seed 10 --faults 0.35'.split(' ');

test('nothing that is reported of a token is false, whatever happens on the way', async () => {
	const { failed, output } = await new Promise<{ failed: unknown; output: string }>((tell) => {
		execFile(process.execPath, [TSX, PROGRAM, ...ORDER], (error, stdout, stderr) =>
			tell({ failed: error, output: stdout + stderr }),
		);
	});
	expect(output).toMatch(/^false statements +0$/m);
	expect(output).toMatch(/^1600 tokens, seed 10/m);
	const promises = output.match(/^ +\d+ (revoked|alreadyInvalid|rejected|unknown|notSent): .*/gm);
	expect(promises).toHaveLength(13);
	expect(promises?.filter((line) => /^ +0 /.test(line))).toEqual([]);
	expect(failed).toBeNull();
}, 180_000);
