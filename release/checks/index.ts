import type { Check } from '../check';
import { contents } from './contents';
import { imports } from './imports';
import { licences } from './licences';
import { lint } from './lint';
import { loads } from './loads';
import { dependencies, installScripts } from './manifest';
import { size } from './size';
import { paths, secrets } from './texts';

/** Those that read files, and take no time. */
export const READING: readonly Check[] = [
	contents,
	size,
	dependencies,
	installScripts,
	imports,
	licences,
	paths,
	secrets,
];

/** Those that run n8n's own code. */
export const RUNNING: readonly Check[] = [loads, lint];
