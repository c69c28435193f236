import { generate } from 'selfsigned';

export interface Certificate {
	/** PEM. */
	readonly cert: string;
	/** PEM. */
	readonly key: string;
}

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
