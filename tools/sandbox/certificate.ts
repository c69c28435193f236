import { isIP } from 'node:net';
import { generate } from 'selfsigned';

export interface Certificate {
	/** PEM. */
	readonly cert: string;
	/** PEM. */
	readonly key: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Kept, so that programs have to be told of it once. */
const AUTHORITY_LIFE_MS = 10 * 365 * DAY_MS;
/** Made anew at each start. Some TLS clients refuse one that is good for longer than 825 days. */
const CERTIFICATE_LIFE_MS = 800 * DAY_MS;

/** A self-signed certificate for 127.0.0.1 and a host name. Programs have to be told to trust it. */
export async function makeCertificate(
	host = 'localhost',
	notAfterDate?: Date,
): Promise<Certificate> {
	const { cert, private: key } = await generate([{ name: 'commonName', value: host }], {
		keySize: 2048,
		algorithm: 'sha256',
		...(notAfterDate && { notBeforeDate: new Date(0), notAfterDate }),
		extensions: [
			{ name: 'basicConstraints', cA: true },
			{
				name: 'subjectAltName',
				altNames: [
					{ type: 2, value: host },
					{ type: 7, ip: '127.0.0.1' },
				],
			},
		],
	});
	return { cert, key };
}

/** A certificate authority. Programs that are told to trust it trust whatever its key signs. */
export async function makeAuthority(): Promise<Certificate> {
	const { cert, private: key } = await generate(
		[{ name: 'commonName', value: 'KIS sandbox of n8n-nodes-koreainvestment' }],
		{
			keyType: 'ec',
			algorithm: 'sha256',
			notAfterDate: new Date(Date.now() + AUTHORITY_LIFE_MS),
			extensions: [
				{ name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
				{ name: 'keyUsage', keyCertSign: true, critical: true },
			],
		},
	);
	return { cert, key };
}

/** A server's certificate for names and IP addresses, which an authority vouches for. */
export async function signCertificate(
	authority: Certificate,
	names: readonly string[],
): Promise<Certificate> {
	const { cert, private: key } = await generate([{ name: 'commonName', value: 'KIS sandbox' }], {
		keyType: 'ec',
		algorithm: 'sha256',
		ca: authority,
		notAfterDate: new Date(Date.now() + CERTIFICATE_LIFE_MS),
		extensions: [
			{ name: 'basicConstraints', cA: false, critical: true },
			{ name: 'keyUsage', digitalSignature: true, critical: true },
			{ name: 'extKeyUsage', serverAuth: true },
			{
				name: 'subjectAltName',
				altNames: names.map((name) =>
					isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name },
				),
			},
		],
	});
	return { cert, key };
}
