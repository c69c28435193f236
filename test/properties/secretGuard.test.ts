// What is tried: secrets of any characters, including regex characters, quotes and escapes, echoed in part in any encoding
// and surroundings; and texts that contain too little of a secret to reveal it.
import fc from 'fast-check';

import { decodings } from '../../kis/secrets/decodings';
import { SecretGuard } from '../../kis/secrets/secretGuard';
import { echoOf, encoding, leakOf, longText, text, tokenOf } from '../support/arbitraries';
import { property } from '../support/properties';

const withLeak = longText.chain((secret) => fc.tuple(fc.constant(secret), leakOf(secret)));
const shortWithEcho = fc
	.string({ minLength: 1, maxLength: 7 })
	.chain((secret) => fc.tuple(fc.constant(secret), echoOf(fc.constant(secret))));

property(
	'eight consecutive characters of a secret are withheld, in any text and encoding, nested too',
	[withLeak, fc.array(longText)],
	([secret, leak], others) => {
		expect(new SecretGuard([...others, secret]).show(leak)).toMatch(/^\[Withheld/);
	},
);

property('a secret shorter than that is withheld whole', [shortWithEcho], ([secret, echo]) => {
	expect(new SecretGuard([secret]).show(echo)).toMatch(/^\[Withheld/);
});

/** Separates parts of secrets, and is in none of them. */
const SEPARATOR = ' 은 ';

property(
	'fewer characters are shown unchanged, however often, in every encoding',
	[
		fc.stringMatching(/^[G-ZÀ-ÿ!-$&-/]{8,30}$/),
		fc.array(fc.tuple(fc.nat(22), fc.nat(7), encoding)),
		fc.array(fc.stringMatching(/^[g-z]{8,30}$/)),
	],
	(secret, parts, others) => {
		const text = parts
			.map(([start, length, encode]) => encode(secret.slice(start, start + length)))
			.join(SEPARATOR);
		expect(new SecretGuard([secret, ...others]).show(text)).toBe(text);
	},
);

property(
	"what looks like anybody's key or token is withheld, in any text and encoding",
	[
		echoOf(
			fc.oneof(
				fc.stringMatching(/^[A-Za-z0-9+/]{40,180}$/),
				fc.stringMatching(/^[A-Za-z0-9_-]{40,180}$/),
				fc.stringMatching(/^PS[A-Za-z0-9]{34}$/),
				fc.constantFrom(...tokenOf('any').split('.')),
			),
		),
	],
	(text) => {
		expect(new SecretGuard([]).show(text)).toMatch(/^\[Withheld/);
	},
);

property('text without a secret is shown unchanged', [text, fc.uuid()], (text, secret) => {
	expect(new SecretGuard([secret]).show(text)).toBe(text);
});

const unit = fc.constantFrom(...'\\u%0041nG \n은\u2028\ud83d"');

property(
	'decoding lengthens and joins no runs of characters',
	[fc.oneof(fc.string({ unit, maxLength: 40 }), text, echoOf(longText))],
	(text) => {
		const longest = (it: string, run: RegExp) =>
			Math.max(0, ...(it.match(run) ?? []).map(({ length }) => length));
		for (const run of [/[\x21-\x7e]+/g, /\S+/g, /[^]+/g]) {
			for (const reading of decodings(text, 8)) {
				expect(longest(reading, run)).toBeLessThanOrEqual(longest(text, run));
			}
		}
	},
);
