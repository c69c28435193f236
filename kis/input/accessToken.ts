import { hash } from 'node:crypto';

import { InvalidInput } from './invalidInput';
import { readJsonObject } from './json';

/** Anything longer is no token: the longest that KIS documents has 350 characters. */
export const MAX_TOKEN_BYTES = 8 * 1024;

/** Signature lengths (https://www.rfc-editor.org/rfc/rfc7518#section-3.2). KIS signs with HS512. */
const SIGNATURE_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
const KIS_ALGORITHM = 'HS512';
/** `{"` in base64url: every JWT starts like this. */
const JWT_START = 'eyJ';
/** Shorter texts are words in place of a token. KIS's tokens have some three hundred characters. */
const MIN_TOKEN_LENGTH = 20;
/** The characters of a bearer token (https://www.rfc-editor.org/rfc/rfc6750#section-2.1). */
const B64TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
const SHORT_FINGERPRINT_DIGITS = 12;
/** Nobody means a later time, and later still it could not be formatted as a date. */
const MAX_TIME_MS = Date.UTC(9999, 0);

/** What a token says about itself. A client cannot verify the signature, so the claims explain and never authorise. */
export interface TokenClaims {
	/** The claim `iat` in milliseconds since 1970; `null` if absent. */
	readonly issuedAt: number | null;
	/** The claim `exp` in milliseconds since 1970; `null` if absent. */
	readonly expiresAt: number | null;
	/** The app key that the token was issued to, which KIS puts into `jti`; `null` if absent. */
	readonly appkey: string | null;
	/** `whole` if all 64 bytes of an HS512 signature are there; `unknown` for other algorithms, unless bytes are missing. */
	readonly signature: 'whole' | 'cutOff' | 'unknown';
}

export interface AccessToken {
	/** The bare token, without `Bearer`. */
	readonly value: string;
	/** SHA-256 of the value as 64 hex digits: identifies the token without revealing it. */
	readonly fingerprint: string;
	/** `null` if the token is not a readable JWT. */
	readonly claims: TokenClaims | null;
}

/** Reads a token as users and earlier steps give it. Strips surrounding white space and quotes, and a leading `Bearer `. */
export function parseAccessToken(input: unknown): AccessToken | InvalidInput {
	if (input === undefined || input === null) return new InvalidInput('the token is missing');
	if (typeof input !== 'string') return new InvalidInput('the token is not a text');
	if (Buffer.byteLength(input) > MAX_TOKEN_BYTES) {
		return new InvalidInput(`the token is longer than ${MAX_TOKEN_BYTES / 1024} KiB`);
	}
	const value = unwrap(input);
	if (value === '') return new InvalidInput('the token is empty');
	if (/^bearer$/i.test(value)) return new InvalidInput('there is no token after "Bearer"');
	// \p{C}: control and format characters, such as a zero-width space, and lone surrogates.
	if (/[\s\p{C}]/u.test(value)) {
		return new InvalidInput('the token contains white space or control characters');
	}
	return {
		value,
		fingerprint: hash('sha256', value),
		claims: readClaims(value),
	};
}

/** Returns whether the text has the length and the characters of an access token. */
export function looksLikeToken({ value }: AccessToken): boolean {
	return value.length >= MIN_TOKEN_LENGTH && B64TOKEN.test(value);
}

/** Returns the first 12 digits of the fingerprint, for people to tell tokens apart. */
export function shortFingerprint({ fingerprint }: AccessToken): string {
	return fingerprint.slice(0, SHORT_FINGERPRINT_DIGITS);
}

/** Returns what must be kept secret of a token: itself, and the app key that it names, which may be that of another owner. */
export function secretsOf({ value, claims }: AccessToken): string[] {
	return claims?.appkey ? [value, claims.appkey] : [value];
}

/** Returns whether the token was issued to `appkey`; `null` if it does not say. */
export function isIssuedTo(token: AccessToken, appkey: string): boolean | null {
	const issuedTo = token.claims?.appkey ?? null;
	return issuedTo === null ? null : issuedTo === appkey;
}

/** Returns whether the end of a JWT is missing: its signature is too short, or it starts like a JWT and cannot be read. */
export function isCutOff({ value, claims }: AccessToken): boolean {
	return claims ? claims.signature === 'cutOff' : value.startsWith(JWT_START);
}

/** Returns whether KIS's "invalid" can only mean dead: the JWT is complete, and was issued to `appkey`. */
export function isWholeTokenOf(token: AccessToken, appkey: string): boolean {
	return token.claims?.signature === 'whole' && isIssuedTo(token, appkey) === true;
}

/** Returns whether the token's `exp` has passed; `false` if it has none. @param now In milliseconds since 1970. */
export function hasExpired(token: AccessToken, now: number): boolean {
	const expiresAt = token.claims?.expiresAt ?? null;
	return expiresAt !== null && expiresAt <= now;
}

/** Strips what surrounds a token, in time linear in the length: a pattern that ends in `$` would take longer. */
function unwrap(text: string): string {
	let end = text.length;
	while (end > 0 && /[\s"']/.test(text[end - 1])) end--;
	return text.slice(0, end).replace(/^(?:[\s"']|bearer\s)+/i, '');
}

function readClaims(value: string): TokenClaims | null {
	const parts = value.split('.');
	if (parts.length !== 3) return null;
	const [header, payload] = parts.slice(0, 2).map(readJsonPart);
	if (!header || !payload) return null;
	const { iat, exp, jti } = payload;
	return {
		issuedAt: timeOf(iat),
		expiresAt: timeOf(exp),
		appkey: typeof jti === 'string' && jti !== '' ? jti : null,
		signature: readSignature(header.alg, parts[2]),
	};
}

function readSignature(algorithm: unknown, signature: string): TokenClaims['signature'] {
	if (signature === '') return 'cutOff';
	const name = typeof algorithm === 'string' ? algorithm.toUpperCase() : '';
	if (!Object.hasOwn(SIGNATURE_BYTES, name)) return 'unknown';
	if (decodeBase64Url(signature)?.length !== SIGNATURE_BYTES[name]) return 'cutOff';
	return algorithm === KIS_ALGORITHM ? 'whole' : 'unknown';
}

function timeOf(seconds: unknown): number | null {
	return typeof seconds === 'number' && seconds >= 0 && seconds * 1000 < MAX_TIME_MS
		? seconds * 1000
		: null;
}

function readJsonPart(part: string): Record<string, unknown> | null {
	try {
		return readJsonObject(decodeBase64Url(part)?.toString('utf8') ?? '');
	} catch {
		return null;
	}
}

/** Strict, unlike Buffer: a different last character can decode to the same bytes, yet makes another token. */
function decodeBase64Url(text: string): Buffer | null {
	const bytes = Buffer.from(text, 'base64url');
	return bytes.toString('base64url') === text ? bytes : null;
}
