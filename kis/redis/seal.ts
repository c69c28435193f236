import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

import type { KisCredential } from '../input/credential';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** NIST SP 800-38D: a random 96-bit nonce for each text, and a full-length tag. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts what is stored in Redis (AES-256-GCM). The key is derived from the app secret (HKDF, RFC 5869), so access to Redis
 * alone is not enough to read or forge it. Each text is bound to its Redis key, so it cannot be moved to another.
 */
export class Seal {
	readonly #key: Buffer;

	constructor({ appkey, appsecret }: KisCredential) {
		this.#key = Buffer.from(
			hkdfSync('sha256', appsecret, appkey, 'n8n-nodes-koreainvestment: kept token', KEY_BYTES),
		);
	}

	/** Encrypts a text. @returns Nonce, ciphertext and tag, in base64. */
	close(text: string, name: string): string {
		const nonce = randomBytes(NONCE_BYTES);
		const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES });
		cipher.setAAD(Buffer.from(name));
		const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
		return Buffer.concat([nonce, encrypted, cipher.getAuthTag()]).toString('base64');
	}

	/** Decrypts a text. @returns `null` unless it was sealed with this key, under this name. */
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
