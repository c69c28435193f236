import { execFile, type ExecFileOptions } from 'node:child_process';

const OUTPUT_BYTES = 256 * 1024 * 1024;

/** How a program ended. */
export interface Ended {
	/** Its exit status; `null` if a signal ended it. */
	readonly status: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface RunOptions extends ExecFileOptions {
	/** What it reads from its standard input; nothing unless given. */
	readonly input?: string;
}

/**
 * Runs a program to its end, however it ends.
 *
 * @throws Error if it cannot be started.
 */
export async function run(
	program: string,
	args: readonly string[],
	{ input = '', ...options }: RunOptions = {},
): Promise<Ended> {
	return await new Promise((resolve, reject) => {
		const child = execFile(
			program,
			args,
			{ ...options, encoding: 'utf8', maxBuffer: OUTPUT_BYTES },
			(error, stdout, stderr) => {
				if (error && child.pid === undefined) reject(error);
				else resolve({ status: child.exitCode, stdout, stderr });
			},
		);
		// It may end without reading.
		child.stdin?.on('error', () => {}).end(input);
	});
}

/**
 * Runs a program that is to end well.
 *
 * @returns What it wrote to its standard output.
 * @throws Error with the end of all that it wrote, if its exit status is not 0.
 */
export async function capture(
	program: string,
	args: readonly string[],
	options: RunOptions = {},
): Promise<string> {
	const { status, stdout, stderr } = await run(program, args, options);
	if (status === 0) return stdout;
	const wrote = `${stdout}\n${stderr}`.slice(-4000);
	throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${wrote}`);
}
