import { type Check, verdict } from '../check';
import { runProgram } from '../../commands';
import { FINDINGS } from './findings';
import type { Package } from '../../package';
import type { LintMessage } from './program';

/** What the scanner lints: the sources that the package was made from, and what was published. */
const LINTED: ReadonlyArray<{ folder: (subject: Package) => string; patterns: string[] }> = [
	{
		folder: ({ sources }) => sources,
		patterns: ['package.json', '{nodes,credentials}/**/*.{js,ts,json}'],
	},
	{ folder: ({ folder }) => folder, patterns: ['**/*.js', 'package.json'] },
];

/** n8n's scanner finds what is explained, all of it, and nothing else. */
export const scanner: Check = {
	name: "n8n's scanner",
	run(subject) {
		const runs = LINTED.map(({ folder, patterns }) =>
			runProgram<{ files: number; messages: LintMessage[] }>(
				'scanner',
				[folder(subject), ...patterns],
				subject.sources,
			),
		);
		const found = new Map<string, number>();
		for (const message of runs.flatMap(({ messages }) => messages)) {
			const key = keyOf(message);
			found.set(key, (found.get(key) ?? 0) + 1);
		}
		const explained = new Set(EXPLAINED.map(({ key }) => key));
		const [sources, published] = runs.map(({ files }) => files);
		return verdict(
			`${sources} files of the sources, ${published} of the package: ${found.size} findings, all explained`,
			[
				...[...found.keys()]
					.filter((key) => !explained.has(key))
					.map((key) => `${key}: not explained`),
				...[...explained]
					.filter((key) => !found.has(key))
					.map((key) => `${key}: not found any more`),
			],
			Object.keys(FINDINGS).flatMap((cause) => [`From ${cause}:`, ...notesOn(cause, found)]),
		);
	},
};

const EXPLAINED = Object.entries(FINDINGS).flatMap(([cause, findings]) =>
	findings.flatMap(({ file, rule, names, why }) =>
		names.map((name) => ({ cause, why, key: `${file} ${rule} ${name}` })),
	),
);

function notesOn(cause: string, found: ReadonlyMap<string, number>): string[] {
	return FINDINGS[cause].map(({ file, rule, names, why }) => {
		const counted = names.map((name) => `${name} ×${found.get(`${file} ${rule} ${name}`) ?? 0}`);
		return `  ${file}, ${rule}: ${counted.join(', ')}\n    ${why}`;
	});
}

/** Two findings are the same if a rule names the same thing in the same file, wherever in it. */
function keyOf({ file, rule, message }: LintMessage): string {
	const name = /'([^']+)'/.exec(message)?.[1] ?? message;
	return `${file} ${rule.split('/').at(-1)} ${name}`;
}
