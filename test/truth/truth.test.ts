// A short run of the truth experiment with a fixed seed; `npm run truth -- --seed N` is the long one.
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

import { SHORT_RUN, SHORT_RUN_ARGUMENTS } from '../../tools/truth/shortRun';

const PROGRAM = resolve(__dirname, '../../tools/truth/main.ts');
const TSX = require.resolve('tsx/cli');

test('nothing that is reported of a token is false, whatever happens on the way', async () => {
	const { failed, output } = await new Promise<{ failed: unknown; output: string }>((tell) => {
		execFile(process.execPath, [TSX, PROGRAM, ...SHORT_RUN_ARGUMENTS], (error, stdout, stderr) =>
			tell({ failed: error, output: stdout + stderr }),
		);
	});
	expect(output).toMatch(/^false statements +0$/m);
	expect(output).toContain(`${SHORT_RUN.tokens} tokens, seed ${SHORT_RUN.seed},`);
	const promises = output.match(/^ +\d+ (revoked|alreadyInvalid|rejected|unknown|notSent): .*/gm);
	expect(promises).toHaveLength(13);
	expect(promises?.filter((line) => /^ +0 /.test(line))).toEqual([]);
	expect(failed).toBeNull();
}, 600_000);
