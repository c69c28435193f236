import { execFile, type ExecFileOptions } from 'node:child_process';

/**
 * Runs a program to its end.
 *
 * @returns What it wrote to its standard output.
 * @throws Error with the end of all that it wrote, if it does not end with 0.
 */
export async function run(
	program: string,
	args: readonly string[],
	options: ExecFileOptions = {},
): Promise<string> {
	return await new Promise((resolve, reject) => {
		execFile(
			program,
			args,
			{ ...options, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 },
			(failed, out, err) => {
				if (!failed) return resolve(out);
				const wrote = `${out}\n${err}`.slice(-4000);
				reject(new Error(`${program} ${args.join(' ')}: ${failed.message}\n${wrote}`));
			},
		);
	});
}
