/** Globs of files to break, and patterns of the paths below `test/` that have to notice. */
export const GROUPS: Readonly<
	Record<string, { readonly mutate: readonly string[]; readonly tests: readonly string[] }>
>;
