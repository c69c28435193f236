// The pages that people read, as headings, tables and code.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const ROOT = join(__dirname, '../..');
export const KOREAN = 'docs/ko/README.md';

export interface Table {
	/** The nearest heading above it. */
	readonly heading: string;
	readonly header: readonly string[];
	readonly rows: ReadonlyArray<readonly string[]>;
}

export interface Page {
	/** From the top folder. */
	readonly path: string;
	readonly text: string;
	/** Without blocks of code. */
	readonly prose: string;
	readonly headings: readonly string[];
	readonly tables: readonly Table[];
	/** By the heading above it, in order. */
	readonly json: ReadonlyArray<{ readonly heading: string; readonly value: unknown }>;
}

export const PAGES: readonly Page[] = ['', 'docs', 'docs/ko', 'examples'].flatMap((folder) =>
	readdirSync(join(ROOT, folder))
		.filter((name) => name.endsWith('.md'))
		.map((name) => readPage(join(folder, name))),
);

export function page(path: string): Page {
	const found = PAGES.find((one) => one.path === path);
	if (!found) throw new Error(`There is no page ${path}.`);
	return found;
}

/** The one table of a page with this first column, below a heading that starts so. */
export function tableOf(path: string, firstColumn: string, heading = ''): Table {
	const found = page(path).tables.filter(
		(table) => table.header[0] === firstColumn && table.heading.startsWith(heading),
	);
	if (found.length !== 1) {
		throw new Error(`${path}: ${found.length} tables of "${firstColumn}" below "${heading}".`);
	}
	return found[0];
}

export function column(table: Table, index: number): string[] {
	return table.rows.map((row) => row[index]);
}

/** Folder of a page, from which its links start. */
export function folderOf({ path }: Page): string {
	return join(ROOT, dirname(path));
}

/** As the repository host makes it of a heading. */
export function anchorOf(heading: string): string {
	return heading
		.replace(/[`*]/g, '')
		.toLowerCase()
		.replace(/[^\p{L}\p{N}\s_-]/gu, '')
		.replace(/ /g, '-');
}

function readPage(path: string): Page {
	const text = readFileSync(join(ROOT, path), 'utf8');
	const tables: Table[] = [];
	const json: Array<{ heading: string; value: unknown }> = [];
	const headings: string[] = [];
	const prose: string[] = [];
	let code: { language: string; lines: string[] } | null = null;
	let rows: string[][] = [];
	const heading = () => headings.at(-1) ?? '';
	const endTable = () => {
		if (rows.length > 1) tables.push({ heading: heading(), header: rows[0], rows: rows.slice(2) });
		rows = [];
	};
	for (const line of text.split('\n')) {
		if (line.startsWith('```')) {
			if (code?.language === 'json') {
				json.push({ heading: heading(), value: JSON.parse(code.lines.join('\n')) as unknown });
			}
			code = code ? null : { language: line.slice(3), lines: [] };
			continue;
		}
		if (code) {
			code.lines.push(line);
			continue;
		}
		prose.push(line);
		if (line.startsWith('|')) rows.push(cellsOf(line));
		else endTable();
		if (/^#+ /.test(line)) headings.push(line.replace(/^#+ /, ''));
	}
	endTable();
	return { path, text, prose: prose.join('\n'), headings, tables, json };
}

function cellsOf(line: string): string[] {
	return line
		.split('|')
		.slice(1, -1)
		.map((cell) => cell.trim());
}
