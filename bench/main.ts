import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { render } from './report';
import { cost } from './sections/cost';
import { limit } from './sections/limit';
import { oneToken } from './sections/oneToken';
import { realN8n } from './sections/realN8n';
import type { Section } from './sections/section';
import { speed } from './sections/speed';

const SECTIONS: Readonly<Record<string, Section>> = { limit, speed, oneToken, cost, realN8n };
const ROOT = join(__dirname, '..');
const PAGE = 'docs/benchmarks.md';

const USAGE = `npm run bench -- [--rounds 5] [--only ${Object.keys(SECTIONS).join()}]

Without --only it measures everything, which takes about half an hour, and writes ${PAGE}.
`;

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			rounds: { type: 'string', default: '5' },
			only: { type: 'string' },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) return print(USAGE);
	const rounds = Number(values.rounds);
	if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds has to be 1 or more');
	const chosen = (values.only?.split(',') ?? Object.keys(SECTIONS)).map((name) => {
		if (!Object.hasOwn(SECTIONS, name)) throw new Error(`There is no section ${name}`);
		return SECTIONS[name];
	});

	const parts = [introduction(rounds)];
	print(`${parts[0]}\n`);
	for (const section of chosen) {
		const part = render(await section.measure(rounds));
		parts.push(part);
		print(`\n${part}\n`);
	}
	if (values.only === undefined) writeFileSync(join(ROOT, PAGE), `${parts.join('\n\n')}\n`);
}

function introduction(rounds: number): string {
	const [{ model }] = cpus();
	const gigabytes = Math.round(totalmem() / 2 ** 30);
	const versions = ['n8n-core', 'n8n-workflow', 'undici'].map(
		(name) => `${name} ${versionOf(name)}`,
	);
	return `# Benchmarks

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, in one run on one computer: ${cpus().length} × ${model}, ${gigabytes} GiB, ${process.platform} ${process.arch}. Node.js ${process.versions.node}, ${versions.join(', ')}.

Each figure is the median of ${rounds} runs, with the least and the most in brackets. The candidates take turns, each in a process of its own; the local KIS has another. Everything goes over TLS on this computer, so that the way to KIS costs nothing here and what is measured is the work of the client.`;
}

function versionOf(name: string): string {
	const manifest = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
	return (JSON.parse(manifest) as { version: string }).version;
}

function print(text: string): void {
	process.stdout.write(text);
}

main().catch((error: unknown) => {
	process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
	process.exitCode = 1;
});
