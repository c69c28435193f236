import { createHmac, hkdfSync } from 'node:crypto';

import type { KisCredential } from '../input/credential';

const KEY_BYTES = 32;
/** Far more than an n8n has credentials; the ones that were first used longest ago are forgotten. */
const MAX_KEY_PAIRS = 1000;

/**
 * Derives the names of Redis keys by HMAC. The HMAC key is derived from the app secret (HKDF, RFC 5869), so access to Redis
 * alone does not tell what a name stands for. Every worker with the same key pair derives the same names.
 */
export class Names {
	readonly #key: Buffer;

	constructor({ appkey, appsecret }: KisCredential) {
		this.#key = Buffer.from(
			hkdfSync('sha256', appsecret, appkey, 'n8n-nodes-koreainvestment: names', KEY_BYTES),
		);
	}

	/** Returns 64 hex digits, always the same for the same thing. */
	of(thing: string): string {
		return createHmac('sha256', this.#key).update(thing).digest('hex');
	}
}

const known = new Map<string, Names>();

/** Returns the names of a key pair. Derives its key once. */
export function namesOf(credential: KisCredential): Names {
	const keyPair = JSON.stringify([credential.appkey, credential.appsecret]);
	const names = known.get(keyPair) ?? new Names(credential);
	known.set(keyPair, names);
	const [oldest] = known.keys();
	if (known.size > MAX_KEY_PAIRS) known.delete(oldest);
	return names;
}
