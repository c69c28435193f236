import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * n8n-core reads its settings while it is loaded: import this first. The engine gets a folder of its own, which goes
 * with the process, and writes its log there.
 */
const folder = mkdtempSync(join(tmpdir(), 'n8n-engine-'));
process.once('exit', removeEngineFolder);

/** For where no exit event comes, as in jest. */
export function removeEngineFolder(): void {
	rmSync(folder, { recursive: true, force: true });
}

Object.assign(process.env, {
	N8N_USER_FOLDER: folder,
	N8N_ENCRYPTION_KEY: 'a-key-that-protects-nothing',
	N8N_LOG_LEVEL: 'debug',
	N8N_LOG_OUTPUT: 'file',
	N8N_LOG_FILE_LOCATION: join(folder, 'n8n.log'),
	N8N_DIAGNOSTICS_ENABLED: 'false',
});

export const LOG_FILE = join(folder, 'n8n.log');
