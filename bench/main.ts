import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { render, renderTable, type Findings } from './report';
import { cost } from './sections/cost';
import { limit } from './sections/limit';
import { oneToken } from './sections/oneToken';
import { realN8n } from './sections/realN8n';
import { speed } from './sections/speed';
import { ROOT, versionOf } from './versions';

type Section = (rounds: number) => Promise<Findings>;

const SECTIONS: Readonly<Record<string, Section>> = { limit, speed, oneToken, cost, realN8n };
const NAMES = Object.keys(SECTIONS).join();
const PAGE = 'docs/benchmarks.md';

const USAGE = `npm run bench -- [--rounds 5] [--only ${NAMES}]

Without --only it measures everything, which takes about half an hour, and writes ${PAGE}.
`;

/** As the tables call them. */
const CONTENDERS = {
	head: ['candidate', 'what it is'],
	rows: [
		['this node', "the built package, on n8n's engine"],
		[
			'HTTP Request',
			"the calls of n8n's HTTP helper that its HTTP Request node makes, on n8n's engine: as it comes, and with its own pauses between batches. That node itself is measured in the last section.",
		],
		[
			'plain loop',
			'a script that revokes one token after the other with `fetch` of Node.js, and pauses for nothing; no n8n',
		],
		[
			'bare undici loop',
			'a script that sends over eight connections, as this node does, and only reads the answers; no n8n. The least that any such client has to do.',
		],
	],
};

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
	if (!Number.isInteger(rounds) || rounds < 1) {
		throw new Error('--rounds has to be a whole number from 1');
	}
	const chosen = (values.only ?? NAMES).split(',').map((name) => {
		if (!Object.hasOwn(SECTIONS, name)) throw new Error(`--only has to be of ${NAMES}`);
		return SECTIONS[name];
	});

	const parts = [introduction(rounds)];
	print(`${parts[0]}\n`);
	for (const section of chosen) {
		const part = render(await section(rounds));
		parts.push(part);
		print(`\n${part}\n`);
	}
	if (values.only === undefined) writeFileSync(join(ROOT, PAGE), `${parts.join('\n\n')}\n`);
}

function introduction(rounds: number): string {
	const [{ model }] = cpus();
	const gigabytes = Math.round(totalmem() / 2 ** 30);
	const libraries = ['n8n-core', 'n8n-workflow', 'undici'];
	const versions = libraries.map((name) => `${name} ${versionOf(name)}`).join(', ');
	return `# Benchmarks

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, in one run on one computer: ${cpus().length} × ${model}, ${gigabytes} GiB, ${process.platform} ${process.arch}, Node.js ${process.versions.node}, ${versions}.

Each figure is the median of ${rounds} runs; in brackets are the least and the most. The candidates take turns, each in a process of its own, and the local KIS has one too. All requests go over TLS and stay on this computer: the way takes almost no time, so what is measured is mostly the client.

${renderTable(CONTENDERS)}`;
}

function print(text: string): void {
	process.stdout.write(text);
}

main().catch((error: unknown) => {
	process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
	process.exitCode = 1;
});
