import { createHmac, hkdfSync } from 'node:crypto';

import type { KisCredential } from '../input/credential';

const KEY_BYTES = 32;

/**
 * Names things in Redis so that whoever has Redis alone learns neither what they are about nor whose they are: by HMAC,
 * with a key that is derived from the app secret (HKDF, RFC 5869). Whoever has the same key pair finds the same names.
 */
export class Names {
	readonly #key: Buffer;

	constructor({ appkey, appsecret }: KisCredential) {
		this.#key = Buffer.from(
			hkdfSync('sha256', appsecret, appkey, 'n8n-nodes-koreainvestment: names', KEY_BYTES),
		);
	}

	/** The same for the same thing, as 64 hex digits. */
	of(thing: string): string {
		return createHmac('sha256', this.#key).update(thing).digest('hex');
	}
}
