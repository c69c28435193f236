// What is tried: codes that KIS never gave, the names that every object inherits, and anything that can be thrown.
import fc from 'fast-check';

import { isListed, KIS_CODES } from '../../kis/reply/errorCodes';
import { explainTransportCode, transportCodeOf } from '../../kis/http/transportCodes';
import { text } from '../support/arbitraries';
import { property } from '../support/properties';

const inherited = fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype));
const code = fc.oneof(text, inherited, fc.stringMatching(/^[Ee][Gg][Ww]00[0-3]0[0-9]$/));

property('a code is listed if it is in the table, to the letter', [code], (code) => {
	expect(isListed(code)).toBe(Object.keys(KIS_CODES).includes(code));
});

property(
	'any error of the network stack has a code that can be explained, and reveals nothing else',
	[fc.oneof(fc.anything(), fc.record({ code: fc.anything(), errors: fc.anything() }))],
	(thrown) => {
		const code = transportCodeOf(thrown);
		expect(code).toMatch(/^[A-Z][A-Z0-9_]{1,63}$/);
		expect(explainTransportCode(code).happened).not.toBe('');
	},
);
