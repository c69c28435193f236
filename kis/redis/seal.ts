import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

import type { KisCredential } from '../input/credential';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** Of NIST SP 800-38D: a random nonce for each text, and a tag that is not cut off. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts what lies in Redis, so that whoever has Redis alone can neither read nor change it: AES-256-GCM, with a key that
 * is derived from the app secret (HKDF, RFC 5869). Each text is bound to the name that it lies under.
 */
export class Seal {
	readonly #key: Buffer;

	constructor({ appkey, appsecret }: KisCredential) {
		this.#key = Buffer.from(
			hkdfSync('sha256', appsecret, appkey, 'n8n-nodes-koreainvestment: kept token', KEY_BYTES),
		);
	}

	/** @returns Nonce, encrypted text and tag, in base64. */
	close(text: string, name: string): string {
		const nonce = randomBytes(NONCE_BYTES);
		const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES });
		cipher.setAAD(Buffer.from(name));
		const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
		return Buffer.concat([nonce, encrypted, cipher.getAuthTag()]).toString('base64');
	}

	/** @returns The text; `null` for what was not closed with this key for this name. */
	open(sealed: string, name: string): string | null {
		const bytes = Buffer.from(sealed, 'base64');
		if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
		const nonce = bytes.subarray(0, NONCE_BYTES);
		const decipher = createDecipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES });
		decipher.setAAD(Buffer.from(name));
		decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
		try {
			const encrypted = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
			return Buffer.concat([decipher.update(encrypted), decipher.final()]).toString('utf8');
		} catch {
			return null;
		}
	}
}
