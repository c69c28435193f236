import type { Package } from '../package';

/** Something that no file of the package may hold. */
export interface Forbidden {
	readonly what: string;
	readonly pattern: RegExp;
}

/** Says where, never what: the report may be public. */
export function find(subject: Package, forbidden: readonly Forbidden[]): string[] {
	return subject.files.flatMap((file) => {
		const lines = subject.text(file).split('\n');
		return forbidden.flatMap(({ what, pattern }) => {
			const line = lines.findIndex((text) => pattern.test(text));
			return line < 0 ? [] : [`${file}:${line + 1} has ${what}`];
		});
	});
}
