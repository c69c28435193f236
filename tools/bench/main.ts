import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { print, runMain } from '../common/program';
import { render, renderTable, type Findings } from './report';
import { firstCall } from './sections/firstCall';
import { keptToken } from './sections/keptToken';
import { limit } from './sections/limit';
import { oneToken } from './sections/oneToken';
import { ownWork } from './sections/ownWork';
import { pieces } from './sections/pieces';
import { quotes } from './sections/quotes';
import { speed } from './sections/speed';
import { ROOT, versionOf } from './versions';

interface Section {
	/** How often everything is measured. */
	readonly rounds: number;
	readonly measure: (rounds: number) => Promise<Findings>;
}

const SECTIONS: Readonly<Record<string, Section>> = {
	limit: { rounds: 3, measure: limit },
	quotes: { rounds: 3, measure: quotes },
	keptToken: { rounds: 25, measure: keptToken },
	speed: { rounds: 25, measure: speed },
	oneToken: { rounds: 15, measure: oneToken },
	firstCall: { rounds: 9, measure: firstCall },
	ownWork: { rounds: 1, measure: ownWork },
	pieces: { rounds: 5, measure: pieces },
};
const NAMES = Object.keys(SECTIONS).join();
const PAGE = 'docs/benchmarks.md';

const USAGE = `npm run bench -- [--only ${NAMES}] [--rounds NUMBER]

Without options it measures everything, which takes some 25 minutes, and writes ${PAGE}. For
firstCall it installs n8n below ~/.cache, once.
`;

/** As the tables call them. */
const CONTENDERS = {
	head: ['candidate', 'what it is'],
	rows: [
		['this node', "the built package, on n8n's engine"],
		[
			'HTTP Request',
			"the calls of n8n's HTTP helper that its HTTP Request node makes, on n8n's engine: as it comes, and with its own pauses between batches.",
		],
		[
			'plain loop',
			'a script that revokes one token after the other with `fetch` of Node.js, and pauses for nothing; no n8n',
		],
		[
			'bare undici loop',
			'a script that calls `request` of [undici](https://github.com/nodejs/undici) over eight connections, as many as this node has where answers are quick, and only reads the answers; no n8n',
		],
	],
};

interface Choice {
	readonly sections: readonly Section[];
	/** Whether it is all of them, as they are. */
	readonly isWhole: boolean;
}

/** @throws Error that says what is wrong with the command line. */
function readCommandLine(): Choice | 'help' {
	const { values } = parseArgs({
		options: {
			rounds: { type: 'string' },
			only: { type: 'string' },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) return 'help';
	if (values.rounds !== undefined && !/^[1-9]\d*$/.test(values.rounds)) {
		throw new Error('--rounds has to be a whole number from 1');
	}
	const sections = (values.only ?? NAMES).split(',').map((name) => {
		if (!Object.hasOwn(SECTIONS, name)) throw new Error(`--only has to be of ${NAMES}`);
		const { rounds, measure } = SECTIONS[name];
		return { measure, rounds: Number(values.rounds ?? rounds) };
	});
	return { sections, isWhole: values.only === undefined && values.rounds === undefined };
}

/** @returns Whether everything could be measured. */
async function bench({ sections, isWhole }: Choice): Promise<boolean> {
	const parts = [introduction()];
	let good = true;
	print(`${parts[0]}\n`);
	for (const { measure, rounds } of sections) {
		try {
			const { about, ...findings } = await measure(rounds);
			parts.push(render({ ...findings, about: [...about, `Rounds: ${rounds}.`] }));
			print(`\n${parts.at(-1)}\n`);
		} catch (error) {
			good = false;
			process.stderr.write(
				`\nNot measured: ${error instanceof Error ? error.stack : String(error)}\n`,
			);
		}
	}
	if (good && isWhole) {
		const peers = readFileSync(join(__dirname, 'peers.md'), 'utf8');
		writeFileSync(join(ROOT, PAGE), `${[...parts, peers].join('\n\n')}`);
	}
	return good;
}

function introduction(): string {
	const [{ model }] = cpus();
	const gigabytes = Math.round(totalmem() / 2 ** 30);
	const libraries = ['n8n-core', 'n8n-workflow', 'undici'];
	const versions = libraries.map((name) => `${name} ${versionOf(name)}`).join(', ');
	return `# Benchmarks

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, in one run on one computer: ${cpus().length} × ${model}, ${gigabytes} GiB, ${process.platform} ${process.arch}, Node.js ${process.versions.node}, ${versions}.

Each figure is the median of several rounds; in brackets are the least and the most. The candidates take turns, each in a process of its own, and the local KIS has one too. All requests go over TLS and stay on this computer.

${renderTable(CONTENDERS)}`;
}

async function main(): Promise<boolean> {
	let choice: ReturnType<typeof readCommandLine>;
	try {
		choice = readCommandLine();
	} catch (error) {
		process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
		return false;
	}
	if (choice !== 'help') return await bench(choice);
	print(USAGE);
	return true;
}

// So that what is to be done at the exit is done.
process.once('SIGINT', () => process.exit(130));
void runMain(main);
