import { execFileSync, spawnSync, type StdioOptions } from 'node:child_process';
import { join } from 'node:path';

const OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs a command and gives what it printed; throws what it said if it fails. */
export function capture(
	command: string,
	args: readonly string[],
	cwd: string,
	env: NodeJS.ProcessEnv = process.env,
): string {
	const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
	return execFileSync(command, args, {
		cwd,
		env,
		stdio,
		encoding: 'utf8',
		maxBuffer: OUTPUT_BYTES,
	});
}

/** Runs a command whose output is for whoever watches; says whether it went well. */
export function show([command, ...args]: readonly string[], cwd: string): boolean {
	return spawnSync(command, args, { cwd, stdio: 'inherit' }).status === 0;
}

/**
 * Runs the program of a check in a Node.js of its own: what it loads leaves traces in its process. It prints JSON.
 *
 * @param check Its folder in `checks/`.
 */
export function runProgram<T>(
	check: string,
	args: readonly string[],
	sources: string,
	env: Readonly<Record<string, string>> = {},
): T {
	const program = join(__dirname, 'checks', check, 'program.ts');
	const flags = ['--import', 'tsx', program, ...args];
	// Some of n8n's rules change in a test.
	const outside = { ...process.env, NODE_ENV: undefined };
	return JSON.parse(capture(process.execPath, flags, sources, { ...outside, ...env })) as T;
}
