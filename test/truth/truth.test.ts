// A short run of the truth experiment with a fixed seed; `npm run truth -- --tokens 10000 --seed N` is the long one.
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

const PROGRAM = resolve(__dirname, '../../truth/main.ts');
const TSX = require.resolve('tsx/cli');
const ORDER = ['--tokens', '600', '--batch', '75', '--seed', '20261122', '--faults', '0.3'];

test('nothing that is reported of a token is false, whatever happens on the way', async () => {
	const { failed, output } = await new Promise<{ failed: unknown; output: string }>((tell) => {
		execFile(process.execPath, [TSX, PROGRAM, ...ORDER], (error, stdout, stderr) =>
			tell({ failed: error, output: stdout + stderr }),
		);
	});
	expect(output).toMatch(/^false statements +0$/m);
	expect(output).toMatch(/^600 tokens, seed 20261122/m);
	for (const outcome of ['revoked', 'alreadyInvalid', 'rejected', 'unknown', 'notSent']) {
		expect(output).toMatch(new RegExp(`^outcomes .*\\b${outcome} [1-9]`, 'm'));
	}
	expect(failed).toBeNull();
}, 120_000);
