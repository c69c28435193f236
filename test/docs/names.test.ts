// Everything that the docs name exists: codes, files, headings, commands, options, environment variables.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { INodeProperties } from 'n8n-workflow';

import { KisApi } from '../../credentials/KisApi.credentials';
import { ENVIRONMENTS } from '../../kis/input/environments';
import { KIS_CODES } from '../../kis/reply/errorCodes';
import { KisToken } from '../../nodes/KisToken/KisToken.node';
import { operations } from '../../nodes/KisToken/operations';
import type { Operation } from '../../nodes/KisToken/operations/operation';
import { N8N_LABELS } from './n8nLabels';
import { anchorOf, folderOf, KOREAN, PAGES, ROOT, type Page } from './pages';

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
	scripts: Record<string, string>;
};
const topLevel = readdirSync(ROOT);
/** Made by the build. */
const BUILT = 'dist';

/** Steps of the example workflows. */
const STEPS = new Set(['Quote', 'Tokens of the Day', 'When Clicking Execute']);

const labels = new Set([...N8N_LABELS, ...STEPS, ...labelsOfTheCode()]);

function labelsOfTheCode(): string[] {
	const { displayName, properties } = new KisToken().description;
	const credential = new KisApi();
	return [
		displayName,
		credential.displayName,
		...[...properties, ...credential.properties].flatMap(labelsOf),
		...Object.values(ENVIRONMENTS).map(({ label }) => label),
		...Object.values<Operation>(operations).flatMap(({ option }) => [option.name, option.action]),
	];
}

function labelsOf({ displayName, options = [] }: INodeProperties): string[] {
	return [
		displayName,
		...options.flatMap((one) =>
			'type' in one ? labelsOf(one) : 'value' in one ? [one.name] : [one.displayName],
		),
	];
}

const matches = ({ prose }: Page, pattern: RegExp) =>
	[...prose.matchAll(pattern)].map((match) => match.slice(1));

describe.each(PAGES)('$path', (page) => {
	test('names codes of KIS that the table has', () => {
		const named = [...page.text.matchAll(/EGW\d+/g)].map(([code]) => code);
		expect(named.filter((code) => !Object.hasOwn(KIS_CODES, code))).toEqual([]);
	});

	test('links to files and headings that exist', () => {
		const links = matches(page, /\]\(([^)\s]+)\)/g).flat();
		expect(links.filter((link) => !/^https?:/.test(link) && !leadsSomewhere(page, link))).toEqual(
			[],
		);
	});

	test('names files that exist', () => {
		const named = matches(page, /`([^`\s]+)`/g).flat();
		expect(named.filter((name) => isPath(name) && !isThere(page, name))).toEqual([]);
	});

	test('names commands that exist', () => {
		const named = [...page.text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name);
		expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
	});

	test('names environment variables of ours that are read', () => {
		const read = readFileSync(join(ROOT, 'tools/live-check/settings.ts'), 'utf8');
		const named = [...page.text.matchAll(/\bKIS_[A-Z_]+/g)].map(([name]) => name);
		expect(named.filter((name) => !new RegExp(`\\b${name}\\b`).test(read))).toEqual([]);
	});

	test('names labels that are shown', () => {
		expect(labelsIn(page).filter((label) => !labels.has(label))).toEqual([]);
	});
});

test('every page is reached from the README', () => {
	const reached = new Set(['README.md']);
	for (const path of reached) {
		const page = PAGES.find((one) => one.path === path);
		if (!page) continue;
		for (const [link] of matches(page, /\]\(([^)#\s]+)/g)) {
			const target = resolve(folderOf(page), link);
			for (const file of [target, join(target, 'README.md')]) {
				const path = file.slice(ROOT.length + 1);
				if (PAGES.some((one) => one.path === path)) reached.add(path);
			}
		}
	}
	expect(PAGES.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
});

test.each(readdirSync(join(ROOT, 'docs/images')))('the picture %s is one, and shown in both languages', (name) => {
	const start = readFileSync(join(ROOT, 'docs/images', name)).subarray(1, 4).toString('latin1');
	expect(start).toBe('PNG');
	const shown = PAGES.filter(({ text }) => text.includes(`images/${name})`));
	expect(shown.map(({ path }) => path).sort()).toEqual(['README.md', KOREAN]);
});

function leadsSomewhere(from: Page, link: string): boolean {
	const [file, anchor] = link.split('#');
	const target = file === '' ? join(ROOT, from.path) : resolve(folderOf(from), file);
	if (!existsSync(target)) return false;
	if (anchor === undefined) return true;
	const page = PAGES.find(({ path }) => join(ROOT, path) === target);
	return page?.headings.map(anchorOf).includes(decodeURIComponent(anchor)) === true;
}

/** Starts in a folder of ours, or has the name of a file. */
function isPath(name: string): boolean {
	if (/[^\w./*-]/.test(name) || name.startsWith('/') || /\.\.\./.test(name)) return false;
	const [top] = name.split('/');
	return (
		(name.includes('/') && top !== BUILT && (topLevel.includes(top) || name.endsWith('/'))) ||
		/\.(md|ts|js|mjs|json|png|svg)$/.test(name)
	);
}

function isThere(from: Page, name: string): boolean {
	const folder = name.replace(/\/\*[^/]*$/, '/');
	return [ROOT, folderOf(from), join(ROOT, 'kis')].some((base) => existsSync(join(base, folder)));
}

/** What stands in italics (in Korean, where there are none, in bold) and looks like a label: capital letter, no sentence. */
function labelsIn(page: Page): string[] {
	const prose = page.prose.replace(/`[^`]*`/g, '');
	const bold = [...prose.matchAll(/\*\*([^*]+)\*\*/g)];
	const italics = [...prose.replaceAll('**', '').matchAll(/\*([^*\s][^*]*)\*/g)];
	return [...(page.path === KOREAN ? bold : []), ...italics]
		.flatMap(([, text]) => text.split(' → '))
		.filter((text) => /^[A-Z]/.test(text) && !/[.:,?]$/.test(text) && !/[가-힣]$/.test(text));
}
