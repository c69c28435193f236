/** Writes to the standard output. */
export function print(text: string): void {
	process.stdout.write(text);
}

/** What to say of an error that ends a program. */
const messageOf = (error: unknown) => `${error instanceof Error ? error.message : String(error)}\n`;

/**
 * Runs the main function of a program. The exit status is 0 if it returns `true`, and otherwise 1.
 *
 * @param explain What to write to the standard error if it throws.
 */
export async function runMain(
	main: () => boolean | Promise<boolean>,
	explain: (error: unknown) => string = messageOf,
): Promise<void> {
	try {
		process.exitCode = (await main()) ? 0 : 1;
	} catch (error) {
		process.stderr.write(explain(error));
		process.exitCode = 1;
	}
}
