import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api } from '../../tools/n8n/api';
import type { Clock } from '../../tools/n8n/clock';
import { packThisCheckout } from '../../tools/n8n/communityPackage';
import { installN8n } from '../../tools/n8n/install';
import type { Line } from '../../tools/n8n/line';
import { N8n, type WorkflowFile } from '../../tools/n8n/server';
import { credentialFor } from '../../tools/n8n/workflows';
import type { App } from '../../tools/sandbox/apps';
import { makeCertificate } from '../../tools/sandbox/certificate';
import { Sandbox } from '../../tools/sandbox/server';
import { CleanUp } from './cleanUp';
import { line } from './line';
import { TokenSource } from './tokenSource';

interface StageOptions {
	/** Each has a credential of its name. KIS gives all that runs on one of them the same token. */
	readonly apps: Readonly<Record<string, App>>;
	readonly workflows: (sandbox: Sandbox, tokens: TokenSource) => readonly WorkflowFile[];
	/** The package to install, if not that of this checkout. */
	readonly tarball?: string;
	/** For n8n, beside what every test needs. */
	readonly env?: NodeJS.ProcessEnv;
	/** That of the running tests, if absent. */
	readonly line?: Line;
	/** Of the local KIS, instead of the real one's. */
	readonly requestsPerSecond?: number;
	/** How long the local KIS's tokens live, in milliseconds, instead of a day. */
	readonly tokenLifeMs?: number;
	/** What n8n and the local KIS go by, instead of this computer's. It is removed with the rest. */
	readonly clock?: Clock;
}

/** Where a test file plays: a local KIS over TLS, a step that gives tokens, and a running n8n with the package. */
export class Stage {
	private constructor(
		/** For files of the test's own. */
		readonly folder: string,
		readonly sandbox: Sandbox,
		readonly tokens: TokenSource,
		readonly n8n: N8n,
		readonly api: Api,
		readonly cleanUp: CleanUp,
	) {}

	/** Leaves nothing behind if it fails half way. */
	static async start({
		apps,
		workflows,
		tarball,
		env,
		line: chosen = line,
		requestsPerSecond,
		tokenLifeMs,
		clock,
	}: StageOptions): Promise<Stage> {
		return await CleanUp.onFailure(async (cleanUp) => {
			if (clock) cleanUp.add(async () => await clock.remove());
			const folder = await mkdtemp(join(tmpdir(), 'kis-e2e-'));
			cleanUp.add(async () => await rm(folder, { recursive: true }));
			const certificate = await makeCertificate();
			const certificateFile = join(folder, 'certificate.pem');
			await writeFile(certificateFile, certificate.cert);
			const sandbox = await new Sandbox({
				apps: Object.values(apps),
				certificate,
				requestsPerSecond,
				tokenLifeMs,
				now: clock?.now,
			}).start();
			cleanUp.add(async () => await sandbox.stop());
			const tokens = await new TokenSource().start();
			cleanUp.add(async () => await tokens.stop());
			const n8n = await N8n.create(
				await installN8n(chosen),
				tarball ?? (await packThisCheckout(folder)),
				{ NODE_EXTRA_CA_CERTS: certificateFile, ...clock?.env, ...env },
			);
			cleanUp.add(async () => await n8n.remove());
			const credentials = Object.entries(apps).map(([id, app]) => credentialFor(sandbox, app, id));
			await n8n.import(credentials, workflows(sandbox, tokens));
			await n8n.start();
			return new Stage(folder, sandbox, tokens, n8n, await Api.signUp(n8n), cleanUp);
		});
	}

	/** Ends all of it, and removes what it stored. */
	async stop(): Promise<void> {
		await this.cleanUp.run();
	}
}
