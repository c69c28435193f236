// The picture of the architecture is drawn from the code: its boxes hold every file that is published, and its arrows are
// the imports between them.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

import { page, ROOT } from './pages';

const PUBLISHED = ['kis', 'nodes', 'credentials'];

const files = PUBLISHED.flatMap(filesIn);
const picture = /```mermaid\n(.*?)```/s.exec(page('docs/architecture.md').text)?.[1] ?? '';
/** Paths by box; `undici(["undici"])` is a package. */
const boxes = new Map(
	[...picture.matchAll(/^\t(\w+)[[(]+"(?:<b>)?([^<"]+)/gm)].map(([, id, paths]) => [
		id,
		pathsOf(paths),
	]),
);

interface Import {
	readonly from: string;
	/** A file of ours, or what a package is called. */
	readonly to: string;
}

const imports: Import[] = files.flatMap((from) =>
	[...readFileSync(join(ROOT, from), 'utf8').matchAll(/(?:\bfrom|\bimport\()\s*'([^']+)'/g)]
		.map(([, to]) => to)
		.filter((to) => !to.startsWith('node:'))
		.map((to) => ({ from, to: to.startsWith('.') ? fileOf(from, to) : packageOf(to) })),
);

const drawn = [...picture.matchAll(/^\t(\w+) --> (.+)$/gm)].flatMap(([, from, to]) =>
	to.split(' & ').map((one) => `${from} --> ${one}`),
);

test('every file that is published is in one box', () => {
	expect(boxes.size).toBeGreaterThan(5);
	expect(files.filter((file) => boxOf(file) === undefined)).toEqual([]);
});

test('every box holds a file, or is a package that is imported', () => {
	const held = new Set([...files, ...imports.map(({ to }) => to)].map(boxOf));
	expect([...boxes.keys()].filter((id) => !held.has(id))).toEqual([]);
});

test('every arrow is an import, and every import an arrow', () => {
	const real = imports
		.map(({ from, to }) => [boxOf(from), boxOf(to)])
		.filter(([from, to]) => from !== undefined && to !== undefined && from !== to)
		.map(([from, to]) => `${from} --> ${to}`);
	expect([...drawn].sort()).toEqual([...new Set(real)].sort());
});

test('no arrow leads back', () => {
	const reached = (from: string, seen = new Set<string>()): Set<string> => {
		for (const [start, end] of drawn.map((arrow) => arrow.split(' --> '))) {
			if (start === from && !seen.has(end)) reached(end, seen.add(end));
		}
		return seen;
	};
	expect([...boxes.keys()].filter((id) => reached(id).has(id))).toEqual([]);
});

test('n8n is known to nodes and credentials only, the network’s packages to one folder each', () => {
	const knows = (name: string) => imports.filter(({ to }) => to === name).map(({ from }) => from);
	expect(knows('n8n-workflow').filter((from) => from.startsWith('kis/'))).toEqual([]);
	for (const [name, folder] of [
		['undici', 'kis/http/'],
		['proxy-from-env', 'kis/http/'],
		['ioredis', 'kis/redis/'],
	]) {
		expect(knows(name).filter((from) => !from.startsWith(folder))).toEqual([]);
	}
});

test('what is published imports four packages, and nothing else that is not published', () => {
	const others = imports.map(({ to }) => to).filter((to) => !files.includes(to));
	expect([...new Set(others)].sort()).toEqual([
		'ioredis',
		'n8n-workflow',
		'proxy-from-env',
		'undici',
	]);
});

/** Of the boxes that a file could be in, the one that names it most closely. */
function boxOf(file: string): string | undefined {
	const held = [...boxes].flatMap(([id, paths]) =>
		paths.filter((path) => holds(path, file)).map((path) => ({ id, length: path.length })),
	);
	return held.sort((one, other) => other.length - one.length).at(0)?.id;
}

function holds(path: string, file: string): boolean {
	if (path.endsWith('/*.ts')) return dirname(file) === dirname(path);
	return path.endsWith('/') ? file.startsWith(path) : file === path;
}

/** `kis/a.ts, b.ts`: the folder is said once. */
function pathsOf(text: string): string[] {
	const [first, ...others] = text.split(', ');
	return [first, ...others.map((name) => join(dirname(first), name))];
}

function filesIn(folder: string): string[] {
	return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && /(?<!\.d)\.ts$/.test(entry.name))
		.map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
}

function fileOf(from: string, to: string): string {
	const path = normalize(join(dirname(from), to));
	return [`${path}.ts`, `${path}/index.ts`].find((file) => files.includes(file)) ?? path;
}

function packageOf(name: string): string {
	return name.startsWith('@') ? name : name.split('/')[0];
}
