import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import 'n8n-workflow';

import { serve } from './child';

/** What loading modules of the package took and brought. */
export interface Loaded {
	readonly tookMs: number;
	/** Of the package, by their paths in it. n8n's own are not counted. */
	readonly files: readonly string[];
	/** Of these files. */
	readonly bytes: number;
}

const DIST = join(__dirname, '../../../dist');
const requireBuilt = createRequire(join(DIST, 'index.js'));

const service = {
	/** Loads modules of the built package by their paths in it. n8n's own are loaded already. */
	load(paths: readonly string[]): Loaded {
		const before = new Set(Object.keys(requireBuilt.cache));
		const startedAt = performance.now();
		for (const path of paths) requireBuilt(join(DIST, path));
		const tookMs = performance.now() - startedAt;
		const files = Object.keys(requireBuilt.cache).filter(
			(file) => file.startsWith(DIST) && !before.has(file),
		);
		return {
			tookMs,
			files: files.map((file) => relative(DIST, file)),
			bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
		};
	},
};

export type LoadingProcess = typeof service;

serve(service);
