import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Package } from '../../package';
import { type Check, verdict } from '../check';
import { runProgram } from '../runProgram';
import type { Loaded, LoadedType } from './program';

/** n8n's loader and the n8n-workflow that comes with it, as they are installed here. */
const LINES: Readonly<Record<string, { core: string; workflow: string }>> = {
	'n8n 2': { core: 'n8n-core', workflow: 'n8n-workflow' },
	'n8n 1': { core: 'n8n-core-v1', workflow: 'n8n-workflow-v1' },
};

/** On both release lines n8n's own loader takes the package, installed as n8n installs it, and every file of it loads. */
export const loads: Check = {
	name: 'loads in n8n',
	async run(subject) {
		const runs = Object.entries(LINES).map(async ([line, modules]) => {
			const loaded = await load(subject, modules);
			if ('failed' in loaded) return { seen: line, problems: [`${line}: ${loaded.failed}`] };
			const types = [...loaded.nodes, ...loaded.credentials].map(({ name }) => name);
			const problems = problemsOf(subject, loaded).map((problem) => `${line}: ${problem}`);
			return { seen: `${line} (n8n-core ${loaded.core}): ${types.join(', ')}`, problems };
		});
		const verdicts = await Promise.all(runs);
		return verdict(
			verdicts.map(({ seen }) => seen).join('; '),
			verdicts.flatMap(({ problems }) => problems),
		);
	},
};

async function load(
	subject: Package,
	{ core, workflow }: { core: string; workflow: string },
): Promise<Loaded | { failed: string }> {
	const home = mkdtempSync(join(tmpdir(), 'release-load-'));
	const modules = join(home, 'node_modules');
	const installed = join(modules, subject.manifest.name);
	try {
		mkdirSync(modules);
		cpSync(subject.folder, installed, { recursive: true });
		symlinkSync(join(subject.sources, 'node_modules', workflow), join(modules, 'n8n-workflow'));
		const env = { N8N_USER_FOLDER: home, N8N_LOG_LEVEL: 'silent', N8N_ENCRYPTION_KEY: 'none' };
		return await runProgram<Loaded>('loads', [core, installed], subject.sources, env);
	} catch (error) {
		const { message } = error as Error;
		return { failed: /^.*Error: .*$/m.exec(message)?.[0].trim() ?? 'could not be loaded' };
	} finally {
		rmSync(home, { recursive: true });
	}
}

function problemsOf(subject: Package, { nodes, credentials, broken }: Loaded): string[] {
	const { n8n, name } = subject.manifest;
	const noIcon = ({ icons }: LoadedType) =>
		icons.length < 2 ||
		icons.some((icon) => !existsSync(join(subject.folder, icon.replace(`icons/${name}/`, ''))));
	return [
		...broken,
		...(nodes.length === n8n.nodes.length ? [] : [`${nodes.length} nodes are known`]),
		...(credentials.length === n8n.credentials.length
			? []
			: [`${credentials.length} credentials are known`]),
		...[...nodes, ...credentials]
			.filter(noIcon)
			.map((type) => `${type.name} has no icons, light and dark: ${type.icons.join()}`),
		...nodes
			.filter(({ searchWords }) => searchWords === 0)
			.map((type) => `${type.name} has no codex`),
	];
}
