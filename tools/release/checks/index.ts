import type { Check } from './check';
import { contents } from './contents';
import { imports } from './imports';
import { json } from './json';
import { licences } from './licences';
import { loads } from './loads/check';
import { dependencies, entries, installScripts } from './manifest';
import { paths } from './paths';
import { scanner } from './scanner/check';
import { secrets } from './secrets';
import { size } from './size';

/** Those that read files, and take no time. */
export const READING: readonly Check[] = [
	contents,
	size,
	entries,
	dependencies,
	installScripts,
	json,
	imports,
	licences,
	paths,
	secrets,
];

/** Those that run n8n's own code. */
export const RUNNING: readonly Check[] = [loads, scanner];
