import { join } from 'node:path';

import { run } from '../../common/run';

/**
 * Runs the program of a check in a Node.js of its own: what it loads leaves traces in its process.
 *
 * @param check Its folder in `checks/`.
 * @returns The JSON that it printed.
 * @throws Error with what it wrote to its standard error, if it fails.
 */
export async function runProgram<T>(
	check: string,
	args: readonly string[],
	sources: string,
	env: Readonly<Record<string, string>> = {},
): Promise<T> {
	const flags = ['--import', 'tsx', join(__dirname, check, 'program.ts'), ...args];
	// Some of n8n's rules change in a test.
	const outside = { ...process.env, NODE_ENV: undefined };
	const options = { cwd: sources, env: { ...outside, ...env } };
	const { status, stdout, stderr } = await run(process.execPath, flags, options);
	if (status !== 0) throw new Error(stderr);
	return JSON.parse(stdout) as T;
}
