interface Group {
	/** Globs of files to break. */
	readonly mutate: readonly string[];
	/** Patterns of the paths below `test/` that have to notice. */
	readonly tests: readonly string[];
	/** Whether to break what runs only while a file is loaded, too. Of such a break all tests of the group have to run. */
	readonly withStatic?: boolean;
}

export const GROUPS: Readonly<Record<string, Group>>;

/** Returns what the path of a test file has to match, as Jest wants it, from one of the `tests` of a group. */
export function pathsOf(test: string): string;
