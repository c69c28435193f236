import { createHash } from 'node:crypto';

import { readJsonObject } from './json';
import { InvalidInput } from './invalidInput';

/** Longer text is something else: the longest token that KIS documents has 350 characters. */
export const MAX_TOKEN_BYTES = 8 * 1024;

/** Of RFC 7518, section 3.2. KIS signs with HS512. */
const SIGNATURE_BYTES: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
const KIS_ALGORITHM = 'HS512';
/** `{"` in base64url: how the header of every JWT starts. */
const JWT_START = 'eyJ';
const SHORT_FINGERPRINT_DIGITS = 12;
/** A later time is none that anyone means, and cannot be written as a date. */
const MAX_TIME_MS = Date.UTC(9999, 0);

/** What a KIS token says of itself. A client cannot check the signature: the claims explain, they never authorise. */
export interface TokenClaims {
	/** In milliseconds since 1970 (the claim `iat` is in seconds); `null` if it names none. */
	readonly issuedAt: number | null;
	/** Expiry, likewise (`exp`). */
	readonly expiresAt: number | null;
	/** The app key that the token was issued to (KIS puts it into `jti`); `null` if it names none. */
	readonly appkey: string | null;
	/** Whether all 64 bytes of KIS's HS512 signature are there; `unknown` for another algorithm, unless it lacks some of its own. */
	readonly signature: 'whole' | 'cutOff' | 'unknown';
}

export interface AccessToken {
	/** The bare token, as KIS wants it in a body. */
	readonly value: string;
	/** SHA-256 of the value, 64 hex digits: names a token without giving it away. */
	readonly fingerprint: string;
	/** `null` for a token that cannot be read. */
	readonly claims: TokenClaims | null;
}

/** Takes a token out of what a user or an earlier step gave: surrounding white space, quotes and a leading `Bearer ` come off. */
export function parseAccessToken(input: unknown): AccessToken | InvalidInput {
	if (input === undefined || input === null) return new InvalidInput('the token is missing');
	if (typeof input !== 'string') return new InvalidInput('the token is not a text');
	if (Buffer.byteLength(input) > MAX_TOKEN_BYTES) {
		return new InvalidInput(`the token is longer than ${MAX_TOKEN_BYTES / 1024} KiB`);
	}
	const value = unwrap(input);
	if (value === '') return new InvalidInput('the token is empty');
	if (/^bearer$/i.test(value)) return new InvalidInput('there is no token after "Bearer"');
	// \p{C}: control and format characters (a zero-width space, say) and halves of surrogate pairs.
	if (/[\s\p{C}]/u.test(value)) {
		return new InvalidInput('the token contains white space or control characters');
	}
	return {
		value,
		fingerprint: createHash('sha256').update(value).digest('hex'),
		claims: readClaims(value),
	};
}

/** The start of the fingerprint that people are shown: tells tokens apart. */
export function shortFingerprint({ fingerprint }: AccessToken): string {
	return fingerprint.slice(0, SHORT_FINGERPRINT_DIGITS);
}

/** Whether the token names `appkey` as its owner; `null` where it names nobody. */
export function isIssuedTo(token: AccessToken, appkey: string): boolean | null {
	const issuedTo = token.claims?.appkey ?? null;
	return issuedTo === null ? null : issuedTo === appkey;
}

/** A JWT whose end is missing: its signature is not whole, or the text starts like a JWT and is none. */
export function isCutOff({ value, claims }: AccessToken): boolean {
	return claims ? claims.signature === 'cutOff' : value.startsWith(JWT_START);
}

/** A whole JWT that names `appkey` as its owner: "invalid" about it can mean neither cut off nor another app's. */
export function isWholeTokenOf(appkey: string, token: AccessToken): boolean {
	return token.claims?.signature === 'whole' && isIssuedTo(token, appkey) === true;
}

export function hasExpired(token: AccessToken, now: number): boolean {
	const expiresAt = token.claims?.expiresAt ?? null;
	return expiresAt !== null && expiresAt <= now;
}

/** In time proportional to the length, whatever the text: a pattern that ends in `$` would not be. */
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

/** Strict, unlike Buffer's own decoder: a changed last character can decode to the same bytes, yet is another token. */
function decodeBase64Url(text: string): Buffer | null {
	const bytes = Buffer.from(text, 'base64url');
	return bytes.toString('base64url') === text ? bytes : null;
}
