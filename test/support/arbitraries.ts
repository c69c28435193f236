import fc from 'fast-check';

import { ENCODINGS } from './encodings';
import { makeToken } from './tokens';

/** Letters and digits, what regexes, JSON, URLs and base64 are made of, and any other character. */
const character = fc.oneof(
	fc.constantFrom(...'abcXYZ019uxnbt\n\t\b'),
	fc.constantFrom(...'\\"\'`^$.*+?()[]{}|/%&=<>_-#,;:'),
	fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);

/** Any text, well-formed as what was read from UTF-8 is. */
export const text = fc.string({ unit: character });

/** Eight characters or more. */
export const longText = fc.string({ unit: character, minLength: 8, maxLength: 30 });

/** The same without white space and control characters, as it is left of a pasted key and allowed in a token. */
export const secret = fc.string({
	unit: character.filter((unit) => !/[\s\p{C}]/u.test(unit)),
	minLength: 8,
	maxLength: 30,
});

export const encoding = fc.constantFrom(...Object.values(ENCODINGS));

/** Eight consecutive characters of a secret, or some more. */
export function partOf(secret: string): fc.Arbitrary<string> {
	const characters = [...secret];
	return fc
		.nat(characters.length - 8)
		.chain((start) =>
			fc
				.integer({ min: start + 8, max: Math.min(start + 16, characters.length) })
				.map((end) => characters.slice(start, end).join('')),
		);
}

/** An escape that is left open takes what follows for its own: the text then says something else. */
const lead = text.filter((text) => !/(%[0-9a-f]?|\\(u[0-9a-f]{0,3})?)$/i.test(text));

/** A text that says another, encoded. */
export function echoOf(inner: fc.Arbitrary<string>): fc.Arbitrary<string> {
	return fc
		.tuple(lead, encoding, inner, text)
		.map(([before, encode, inner, after]) => before + encode(inner) + after);
}

/** A text that gives a part of a secret away, encoded up to twice. */
export function leakOf(secret: string): fc.Arbitrary<string> {
	return echoOf(echoOf(partOf(secret)));
}

/** A whole token of KIS that is the same in every run, as all that is drawn is. */
export function tokenOf(appkey: string): string {
	return makeToken(appkey, { aud: 'account', iat: 1_790_000_000, exp: 1_790_086_400 });
}
