import { randomBytes, randomUUID, createHmac, createHash } from 'node:crypto';

/** A key pair as KIS Developers issues it: 36 characters and 180 characters. */
export interface App {
	readonly appkey: string;
	readonly appsecret: string;
}

export interface IssuedToken {
	readonly value: string;
	readonly appkey: string;
	/** Milliseconds since 1970. */
	readonly issuedAt: number;
	readonly expiresAt: number;
	revoked: boolean;
}

export function makeApp(): App {
	const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
	const appkey = `PS${[...randomBytes(34)].map((byte) => alphabet[byte % alphabet.length]).join('')}`;
	return { appkey, appsecret: randomBytes(135).toString('base64') };
}

/** What a token looks like: as KIS issues it; a JWT that names nobody; no JWT at all. */
export type TokenForm = 'named' | 'nameless' | 'opaque';

/** The tokens of one sandbox: JWTs, HS512, issued by "unogw", `jti` is the app key; or what a test asks for. */
export class TokenIssuer {
	readonly #signingKey = randomBytes(64);
	readonly #tokens = new Map<string, IssuedToken>();

	issue(appkey: string, now: number, lifeMs: number, form: TokenForm = 'named'): IssuedToken {
		const issuedAt = Math.floor(now / 1000);
		const expiresAt = issuedAt + Math.floor(lifeMs / 1000);
		const claims = {
			sub: 'token',
			aud: randomUUID(),
			prdt_cd: '',
			iss: 'unogw',
			exp: expiresAt,
			iat: issuedAt,
			...(form === 'named' && { jti: appkey }),
		};
		const signed = [{ typ: 'JWT', alg: 'HS512' }, claims]
			.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
			.join('.');
		const signature = createHmac('sha512', this.#signingKey).update(signed).digest('base64url');
		const token: IssuedToken = {
			value: form === 'opaque' ? signature : `${signed}.${signature}`,
			appkey,
			issuedAt: issuedAt * 1000,
			expiresAt: expiresAt * 1000,
			revoked: false,
		};
		this.#tokens.set(token.value, token);
		return token;
	}

	find(value: string): IssuedToken | undefined {
		return this.#tokens.get(value);
	}

	/** All tokens of an app key, dead or alive, oldest first. */
	allOf(appkey: string): IssuedToken[] {
		return [...this.#tokens.values()].filter((token) => token.appkey === appkey);
	}
}

/** Names a token in a log without giving it away. */
export function fingerprint(value: string): string {
	return createHash('sha256').update(value).digest('hex').slice(0, 12);
}
