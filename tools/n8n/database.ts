import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { capture } from '../common/run';
import type { N8n } from './server';

type Row = Readonly<Record<string, unknown>>;

// n8n's Node.js reads SQLite by itself; the one that runs the tests may be older.
const DUMP = `
	const { DatabaseSync } = require('node:sqlite');
	const database = new DatabaseSync(process.argv[1], { readOnly: true });
	const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
	const rows = tables.map(({ name }) => [name, database.prepare('SELECT * FROM "' + name + '"').all()]);
	process.stdout.write(JSON.stringify(Object.fromEntries(rows)));
`;

/** All rows of the SQLite database of an n8n, by table. */
export async function readDatabase(n8n: N8n): Promise<Readonly<Record<string, readonly Row[]>>> {
	const file = join(n8n.userFolder, '.n8n/database.sqlite');
	const dump = await capture(n8n.installation.node, ['--no-warnings', '-e', DUMP, file]);
	return JSON.parse(dump) as Record<string, Row[]>;
}

/** The bytes of the SQLite database of an n8n: rows that were deleted may be in them. */
export async function readDatabaseFiles(n8n: N8n): Promise<string> {
	const folder = join(n8n.userFolder, '.n8n');
	const names = (await readdir(folder)).filter((name) => name.startsWith('database.sqlite'));
	const texts = names.map(async (name) => await readFile(join(folder, name), 'latin1'));
	return (await Promise.all(texts)).join('\n');
}

/** What an n8n has written beside its database: its settings, its event log, its binary data, its temporary files. */
export async function readOtherFiles(n8n: N8n): Promise<string> {
	const entries = await readdir(n8n.userFolder, {
		recursive: true,
		withFileTypes: true,
	});
	const files = entries.filter(
		(entry) =>
			entry.isFile() &&
			!entry.name.startsWith('database.sqlite') &&
			// What n8n and this package brought along.
			!/\/(node_modules|\.cache)(\/|$)/.test(entry.parentPath),
	);
	const texts = files.map(
		async ({ parentPath, name }) => await readFile(join(parentPath, name), 'latin1'),
	);
	return (await Promise.all(texts)).join('\n');
}
