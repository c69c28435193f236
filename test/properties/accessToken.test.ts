// What is tried: anything in the place of a token, tokens of any characters in any wrapping, and any JSON as their claims.
import { createHash } from 'node:crypto';

import fc from 'fast-check';

import {
	hasExpired,
	isIssuedTo,
	parseAccessToken,
	isCutOff,
	isWholeTokenOf,
} from '../../kis/input/accessToken';
import { InvalidInput } from '../../kis/input/invalidInput';
import { detailsOf } from '../../nodes/KisToken/report/details';
import { longText, secret, text, tokenOf } from '../support/arbitraries';
import { property } from '../support/properties';
import { encodePart, makeJwt, read } from '../support/tokens';

const wrapping = fc
	.array(fc.constantFrom(' ', '\n', '\t', '"', "'", '\uFEFF', '\u3000', 'Bearer ', 'bEARER\t'))
	.map((parts) => parts.join(''));
const closing = fc.string({ unit: fc.constantFrom(' ', '\r', '\n', '"', "'", '\u00A0') });
const claim = fc.oneof(
	fc.double(),
	fc.integer(),
	fc.maxSafeInteger(),
	text,
	fc.constantFrom(8.64e12, 253_402_300_799, 1e308, -0),
	fc.jsonValue(),
);
const jwt = fc
	.tuple(
		fc.oneof(fc.record({ exp: claim, jti: claim }, { requiredKeys: [] }), fc.jsonValue()),
		fc.oneof(fc.record({ alg: fc.oneof(fc.constant('HS512'), claim) }), fc.jsonValue()),
	)
	.map(([payload, header]) => makeJwt(JSON.stringify(payload), JSON.stringify(header)));

property('anything is a token or unusable', [fc.anything()], (input) => {
	const token = parseAccessToken(input);
	if (!(token instanceof InvalidInput)) expect(typeof input).toBe('string');
});

property(
	'a token is the input without its wrapping, and has nothing left to strip',
	[fc.oneof(text, jwt), wrapping, closing],
	(text, before, after) => {
		const given = before + text + after;
		const token = parseAccessToken(given);
		if (token instanceof InvalidInput) return;
		expect(token.value).toMatch(/^[^\s\p{C}]+$/u);
		const start = given.lastIndexOf(token.value);
		expect(given.slice(0, start)).toMatch(/^(?:[\s"']|bearer\s)*$/i);
		expect(given.slice(start + token.value.length)).toMatch(/^[\s"']*$/);
		expect(read(token.value)).toEqual(token);
		expect(token.fingerprint).toBe(createHash('sha256').update(token.value).digest('hex'));
	},
);

property(
	'a token of any characters that can be one is read out of any wrapping',
	[fc.constantFrom('x', 'Bearer', 'bEARER-'), secret, wrapping, closing],
	(start, secret, before, after) => {
		// Wrapped only on the outside, so that what looks like wrapping inside stays.
		const value = `${start}${secret}x`;
		expect(read(before + value + after).value).toBe(value);
	},
);

property(
	'the reason why a text is unusable does not quote it',
	[longText, fc.constantFrom(' ', '\0', '\u200B', '\uD800')],
	(text, unusable) => {
		const { why, todo } = parseAccessToken(`x${text}${unusable}x`) as InvalidInput;
		expect([why, todo]).toEqual([expect.stringMatching(/^the token contains white space or/), '']);
	},
);

property(
	'claims of any JSON are unknown, or an app key and a valid date',
	[jwt, fc.double()],
	(jwt, now) => {
		const token = read(jwt);
		const { expiresAt } = detailsOf({ outcome: 'unknown', environment: 'real', token });
		expect(expiresAt ?? '1970-01-01T09:00:00+09:00').toMatch(
			/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+09:00$/,
		);
		expect(hasExpired(token, now)).toBe(
			token.claims?.expiresAt !== null && (token.claims?.expiresAt ?? NaN) <= now,
		);
		if (token.claims?.appkey) expect(isIssuedTo(token, token.claims.appkey)).toBe(true);
		else expect(isIssuedTo(token, '')).toBeNull();
	},
);

property('a token belongs to the app key in it, to the letter', [text, text], (owner, appkey) => {
	const token = read(tokenOf(owner));
	expect(isIssuedTo(token, appkey)).toBe(owner === '' ? null : owner === appkey);
});

property(
	'a token with missing or extra characters at its end is not whole',
	[
		secret,
		fc.nat(),
		fc.oneof(fc.base64String({ minLength: 1 }), fc.constantFrom('=', '==', ',', '+')),
	],
	(appkey, kept, more) => {
		const token = tokenOf(appkey);
		expect(isWholeTokenOf(read(token), appkey)).toBe(true);
		expect(isCutOff(read(token))).toBe(false);
		for (const altered of [token.slice(0, 1 + (kept % (token.length - 1))), token + more]) {
			expect(isWholeTokenOf(read(altered), appkey)).toBe(false);
			if (altered.startsWith('eyJ')) expect(isCutOff(read(altered))).toBe(true);
		}
	},
);

property(
	'a header and a payload of any text are read, or nothing is',
	[text, text, text],
	(header, payload, signature) => {
		const token = parseAccessToken(`${encodePart(header)}.${encodePart(payload)}.${signature}x`);
		if (!(token instanceof InvalidInput)) expect(token.claims?.signature).not.toBe('whole');
	},
);
