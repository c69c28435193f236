import type { Package } from '../package';
import { type Check, verdict } from './check';

/** Every file of JSON can be read. */
export const json: Check = {
	name: 'json',
	run(subject) {
		const files = subject.files.filter((file) => file.endsWith('.json'));
		return verdict(
			`${files.length} files`,
			files.flatMap((file) => unreadable(subject, file)),
		);
	},
};

function unreadable(subject: Package, file: string): string[] {
	try {
		JSON.parse(subject.text(file));
		return [];
	} catch (error) {
		return [`${file}: ${String(error)}`];
	}
}
