import { createHmac, randomBytes, randomUUID } from 'node:crypto';

import { parseAccessToken, type AccessToken } from '../../kis/input/accessToken';
import type { KisCredential } from '../../kis/input/credential';
import { InvalidInput } from '../../kis/input/invalidInput';

const DAY_SECONDS = 24 * 60 * 60;

export interface KeyPair {
	readonly appkey: string;
	readonly appsecret: string;
}

/** An app of its own: 36 and 180 characters, as KIS gives them out. */
export function makeKeyPair(): KeyPair {
	const appkey = `PS${randomBytes(64).toString('base64').replace(/[+/=]/g, '').slice(0, 34)}`;
	return { appkey, appsecret: randomBytes(135).toString('base64') };
}

export function credentialFor(keys: KeyPair, baseUrl: string | URL): KisCredential {
	return {
		...keys,
		environment: 'custom',
		baseUrl: new URL(baseUrl),
		mayCallUnasked: true,
		bringsToken: true,
		pacesRequests: true,
		redis: null,
	};
}

export function encodePart(part: unknown): string {
	return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

/** A signed JWT of any header and payload; text stands for itself. */
export function makeJwt(payload: unknown, header: unknown = { typ: 'JWT', alg: 'HS512' }): string {
	const signed = `${encodePart(header)}.${encodePart(payload)}`;
	return `${signed}.${createHmac('sha512', 'the key of KIS').update(signed).digest('base64url')}`;
}

/** A token as KIS issues it to an app, good for a day unless the claims say otherwise. Every one is another. */
export function makeToken(appkey: string, claims: object = {}): string {
	const iat = Math.floor(Date.now() / 1000);
	return makeJwt({
		sub: 'token',
		aud: randomUUID(),
		prdt_cd: '',
		iss: 'unogw',
		exp: iat + DAY_SECONDS,
		iat,
		jti: appkey,
		...claims,
	});
}

/** A token that does not say what it is. */
export function makeOpaqueToken(): string {
	return randomBytes(60).toString('hex');
}

export function read(token: unknown): AccessToken {
	const parsed = parseAccessToken(token);
	if (parsed instanceof InvalidInput) throw new Error(parsed.why);
	return parsed;
}

export function makeTokens(count: number, appkey: string): AccessToken[] {
	return Array.from({ length: count }, () => read(makeToken(appkey)));
}
