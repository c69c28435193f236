import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A host name of no machine. */
export const HOST = 'kis.test';

export interface Certificate {
	readonly cert: string;
	readonly key: string;
	/** A file for NODE_EXTRA_CA_CERTS. */
	readonly file: string;
	remove(): Promise<void>;
}

/** For this computer and for {@link HOST}; nobody vouches for it. */
export async function makeCertificate(): Promise<Certificate> {
	const { cert, private: key } = await generate([{ name: 'commonName', value: HOST }], {
		keySize: 2048,
		algorithm: 'sha256',
		extensions: [
			{ name: 'basicConstraints', cA: true },
			{
				name: 'subjectAltName',
				altNames: [
					{ type: 2, value: HOST },
					{ type: 7, ip: '127.0.0.1' },
				],
			},
		],
	});
	const folder = await mkdtemp(join(tmpdir(), 'kis-test-'));
	const file = join(folder, 'cert.pem');
	await writeFile(file, cert);
	return { cert, key, file, remove: async () => await rm(folder, { recursive: true }) };
}
