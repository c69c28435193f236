import type { Config } from 'jest';

import { installN8n } from '../../tools/n8n/install';
import type { Line } from '../../tools/n8n/line';

/** Once, before any test: a first installation takes longer than a test may. */
export default async function installFirst(_global: unknown, project: Config): Promise<void> {
	await installN8n((project.globals as { n8nLine: Line }).n8nLine);
}
