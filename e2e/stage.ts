import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { App } from '../sandbox/apps';
import { makeCertificate } from '../sandbox/certificate';
import { Sandbox } from '../sandbox/server';
import { Api } from './n8n/api';
import { packThisCheckout } from './n8n/communityPackage';
import { installN8n } from './n8n/install';
import { release } from './n8n/release';
import { N8n, type WorkflowFile } from './n8n/server';
import { TokenSource } from './tokenSource';
import { credentialFor } from './workflows';

interface Play {
	/** Each has a credential of its name. KIS gives all that runs on one of them the same token. */
	readonly apps: Readonly<Record<string, App>>;
	readonly workflows: (sandbox: Sandbox, tokens: TokenSource) => readonly WorkflowFile[];
	/** The package to install, if not that of this checkout. */
	readonly tarball?: string;
	/** For n8n, beside what every test needs. */
	readonly env?: NodeJS.ProcessEnv;
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
	) {}

	static async set({ apps, workflows, tarball, env }: Play): Promise<Stage> {
		const folder = await mkdtemp(join(tmpdir(), 'kis-e2e-'));
		const certificate = await makeCertificate();
		const certificateFile = join(folder, 'certificate.pem');
		await writeFile(certificateFile, certificate.cert);
		const sandbox = await new Sandbox({ apps: Object.values(apps), certificate }).start();
		const tokens = await new TokenSource().start();
		const n8n = await N8n.create(
			await installN8n(release),
			tarball ?? (await packThisCheckout(folder)),
			{ NODE_EXTRA_CA_CERTS: certificateFile, ...env },
		);
		const credentials = Object.entries(apps).map(([id, app]) => credentialFor(sandbox, app, id));
		await n8n.import(credentials, workflows(sandbox, tokens));
		await n8n.start();
		return new Stage(folder, sandbox, tokens, n8n, await Api.signUp(n8n));
	}

	async strike(): Promise<void> {
		await this.n8n.remove();
		await this.tokens.stop();
		await this.sandbox.stop();
		await rm(this.folder, { recursive: true });
	}
}
