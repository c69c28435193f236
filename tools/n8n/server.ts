import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INode, IConnections, IWorkflowSettings } from 'n8n-workflow';

import { capture } from '../common/run';
import { installCommunityPackage } from './communityPackage';
import type { Installation } from './install';
import { freePort, Program } from './program';

/** A workflow as n8n exports and imports it. */
export interface WorkflowFile {
	readonly id: string;
	readonly name: string;
	readonly nodes: readonly INode[];
	readonly connections: IConnections;
	readonly settings: IWorkflowSettings;
	readonly active: boolean;
}

/** A credential as n8n exports it decrypted. */
export interface CredentialFile {
	readonly id: string;
	readonly name: string;
	readonly type: string;
	readonly data: Readonly<Record<string, string>>;
}

/** Asks nothing, and, as far as n8n lets itself be told, talks to nobody. */
const QUIET = {
	N8N_DIAGNOSTICS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
	N8N_TEMPLATES_ENABLED: 'false',
	N8N_PERSONALIZATION_ENABLED: 'false',
	N8N_HIRING_BANNER_ENABLED: 'false',
	N8N_DYNAMIC_BANNERS_ENABLED: 'false',
	N8N_VERIFIED_PACKAGES_ENABLED: 'false',
	N8N_SECURE_COOKIE: 'false',
	N8N_LISTEN_ADDRESS: '127.0.0.1',
	EXTERNAL_FRONTEND_HOOKS_URLS: '',
};

/** An n8n with a user folder of its own. */
export class N8n {
	/** Whatever its processes wrote. */
	get log(): string {
		return this.#programs.map(({ log }) => log).join('\n');
	}
	url = '';
	/** The server itself, the one that was started last. */
	main: Program | undefined;
	readonly #programs: Program[] = [];

	private constructor(
		readonly installation: Installation,
		readonly userFolder: string,
		readonly env: NodeJS.ProcessEnv,
	) {}

	/** @param env Beside what keeps it quiet and on this computer. */
	static async create(
		installation: Installation,
		tarball: string,
		env: NodeJS.ProcessEnv = {},
	): Promise<N8n> {
		const userFolder = await mkdtemp(join(tmpdir(), 'kis-n8n-'));
		await installCommunityPackage(tarball, userFolder);
		const temporary = join(userFolder, 'tmp');
		await mkdir(temporary);
		return new N8n(installation, userFolder, {
			PATH: process.env.PATH,
			// Whatever it writes, it writes there.
			HOME: userFolder,
			TMPDIR: temporary,
			...QUIET,
			N8N_USER_FOLDER: userFolder,
			...env,
		});
	}

	/** As `n8n import:credentials` and `import:workflow` do, before it is started. */
	async import(
		credentials: readonly CredentialFile[],
		workflows: readonly WorkflowFile[],
	): Promise<void> {
		for (const [command, data] of [
			['import:credentials', credentials],
			['import:workflow', workflows],
		] as const) {
			const file = join(this.userFolder, 'import.json');
			await writeFile(file, JSON.stringify(data));
			await this.#run([command, `--input=${file}`]);
			await rm(file);
		}
	}

	/** Starts the server, which is ready when this is, at another address each time. */
	async start(): Promise<void> {
		const port = await freePort();
		this.url = `http://127.0.0.1:${port}`;
		this.main = await this.spawn(['start'], { N8N_PORT: String(port) });
		// n8n 1 says that it is ready before its API is there.
		const answers = async (path: string) => (await fetch(this.url + path)).ok;
		await this.main.until(
			async () => (await answers('/healthz/readiness')) && (await answers('/rest/settings')),
		);
	}

	/** Starts one of n8n's commands that do not end by themselves. */
	async spawn(command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Program> {
		const { node, n8n, folder } = this.installation;
		const broker = { N8N_RUNNERS_BROKER_PORT: String(await freePort()) };
		const options = { cwd: folder, env: { ...this.env, ...broker, ...env } };
		const program = new Program([node, n8n, ...command], options);
		this.#programs.push(program);
		return program;
	}

	/** Ends all of its processes; it can be started again. */
	async stop(): Promise<void> {
		await Promise.all(this.#programs.map(async (program) => await program.stop()));
	}

	/** Stops it, and removes all that it stored. */
	async remove(): Promise<void> {
		await this.stop();
		await rm(this.userFolder, { recursive: true });
	}

	async #run(command: readonly string[]): Promise<void> {
		const { node, n8n, folder } = this.installation;
		const broker = { N8N_RUNNERS_BROKER_PORT: String(await freePort()) };
		await capture(node, [n8n, ...command], { cwd: folder, env: { ...this.env, ...broker } });
	}
}
