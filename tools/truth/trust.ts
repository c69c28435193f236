import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Certificate } from '../sandbox/certificate';

/** A name that no DNS resolves: only the proxy knows it. */
export const HOST = 'kis.test';
export const FILES = { cert: 'cert.pem', key: 'key.pem' } as const;

/** The certificate that this process was started to trust. */
export function trustedCertificate(): Certificate {
	const certFile = process.env.NODE_EXTRA_CA_CERTS ?? '';
	const keyFile = join(dirname(certFile), FILES.key);
	return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}
