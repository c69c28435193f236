import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as sandbox from '../../tools/sandbox/certificate';

/** A host name that no machine has. */
export const HOST = 'kis.test';

export interface Certificate extends sandbox.Certificate {
	/** A file for NODE_EXTRA_CA_CERTS. */
	readonly file: string;
	remove(): Promise<void>;
}

/** A self-signed certificate, for this computer and {@link HOST} unless told otherwise. */
export async function makeCertificate(
	of: { readonly host?: string; readonly notAfterDate?: Date } = {},
): Promise<Certificate> {
	const { cert, key } = await sandbox.makeCertificate(of.host ?? HOST, of.notAfterDate);
	const folder = await mkdtemp(join(tmpdir(), 'kis-test-'));
	const file = join(folder, 'cert.pem');
	await writeFile(file, cert);
	return { cert, key, file, remove: async () => await rm(folder, { recursive: true }) };
}
