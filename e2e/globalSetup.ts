import type { Config } from 'jest';

import { installN8n } from './n8n/install';
import type { Release } from './n8n/release';

/** Once, before any test: a first installation takes longer than a test may. */
export default async function installFirst(_global: unknown, project: Config): Promise<void> {
	await installN8n((project.globals as { n8nRelease: Release }).n8nRelease);
}
