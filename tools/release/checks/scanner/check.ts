import type { Package } from '../../package';
import { type Check, verdict } from '../check';
import { runProgram } from '../runProgram';
import { type Finding, FINDINGS } from './findings';
import type { LintMessage, Linted, Target } from './program';

/** What the scanner lints: the sources that the package was made from, and what was published. */
const targetsOf = ({ sources, folder }: Package): Target[] => [
	{ folder: sources, patterns: ['package.json', '{nodes,credentials}/**/*.{js,ts,json}'] },
	{ folder, patterns: ['**/*.js', 'package.json'] },
];

/** n8n's scanner finds what is explained, all of it, as often, and nothing else. */
export const scanner: Check = {
	name: "n8n's scanner",
	async run(subject) {
		const targets = JSON.stringify(targetsOf(subject));
		const runs = await runProgram<Linted[]>('scanner', [targets], subject.sources);
		const found = new Map<string, number>();
		for (const message of runs.flatMap(({ messages }) => messages)) {
			const key = keyOf(message);
			found.set(key, (found.get(key) ?? 0) + 1);
		}
		const [sources, published] = runs.map(({ files }) => files);
		return verdict(
			`${sources} files of the sources, ${published} of the package: ${found.size} findings, all explained`,
			[...new Set([...found.keys(), ...EXPLAINED.keys()])]
				.map((key) => ({ key, found: found.get(key) ?? 0, explained: EXPLAINED.get(key) ?? 0 }))
				.filter(({ found, explained }) => found !== explained)
				.map(({ key, found, explained }) => `${key}: ${found} found, ${explained} explained`),
			Object.entries(FINDINGS).flatMap(([cause, findings]) => [
				`From ${cause}:`,
				...findings.map(noteOn),
			]),
		);
	},
};

const EXPLAINED: ReadonlyMap<string, number> = new Map(
	Object.values(FINDINGS)
		.flat()
		.flatMap(({ file, rule, found }) =>
			found.split(', ').map((one): [string, number] => {
				const [name, count] = one.split(' ×');
				return [`${file} ${rule} ${name}`, Number(count)];
			}),
		),
);

function noteOn({ file, rule, found, why }: Finding): string {
	return `  ${file}, ${rule}: ${found}\n    ${why}`;
}

/** Two findings are the same if a rule names the same thing in the same file, wherever in it. */
function keyOf({ file, rule, message }: LintMessage): string {
	const name = /'([^']+)'/.exec(message)?.[1] ?? message;
	return `${file} ${rule.split('/').at(-1)} ${name}`;
}
