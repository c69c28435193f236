// What one worker writes about its token for another: that it arrives whole, on the reader's clock, and that nothing else is
// accepted.
import fc from 'fast-check';

import type { Attempt } from '../../kis/reply/attempt';
import { KIS_CODES } from '../../kis/reply/errorCodes';
import { NOTHING_KEPT, type KeptState } from '../../kis/keptToken/keptState';
import { decodeState, encodeState } from '../../kis/keptToken/keptStateCodec';
import { property } from '../support/properties';
import { credentialFor, makeKeyPair, makeToken, read } from '../support/tokens';

const HOUR = 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 26);
const keys = makeKeyPair();
const credential = credentialFor(keys, 'http://127.0.0.1');
const ATTEMPT: Attempt = {
	verdict: 'refused',
	httpStatus: 403,
	rule: KIS_CODES.EGW00133,
	refusalCode: 'EGW00133',
	code: 'EGW00133',
	text: '접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)',
	transportCode: null,
	pause: null,
};

function grantOf(value: string) {
	const token = read(value);
	return {
		token,
		expiresAt: token.claims?.expiresAt ?? null,
		isOver: false,
		clockAheadMs: 0,
		fields: { access_token: value },
	};
}
const grant = grantOf(makeToken(keys.appkey));
const STATES: Readonly<Record<string, KeptState>> = {
	nothing: NOTHING_KEPT,
	'a token': { ...NOTHING_KEPT, grant, givenAt: NOW, renewAt: NOW + HOUR, checkAt: NOW + 1000 },
	'a refusal': {
		...NOTHING_KEPT,
		changedAt: NOW,
		hold: {
			since: NOW,
			until: NOW + 61_000,
			issuance: { outcome: 'rejected', attempts: [ATTEMPT], decisive: ATTEMPT },
		},
	},
	'a dead token': {
		...NOTHING_KEPT,
		hold: {
			since: NOW,
			until: NOW + 6 * HOUR,
			issuance: { outcome: 'unusable', flaw: 'dead', grant, attempts: [] },
		},
	},
};

test.each(Object.entries(STATES))('%s arrives as it was', (_name, state) => {
	expect(decodeState(encodeState(state, NOW), credential, NOW)).toEqual(state);
});

test('moments are on the reader’s clock', () => {
	const state = { ...STATES['a token'], hold: STATES['a refusal'].hold, changedAt: NOW };
	const arrived = decodeState(encodeState(state, NOW + 2000), credential, NOW + 2000 + HOUR);
	expect(arrived).toMatchObject({
		givenAt: NOW + HOUR,
		renewAt: NOW + 2 * HOUR,
		checkAt: NOW + HOUR + 1000,
		changedAt: NOW + HOUR,
		hold: { since: NOW + HOUR, until: NOW + HOUR + 61_000 },
		// KIS's clock is what it was.
		grant: { expiresAt: grant.expiresAt, clockAheadMs: -HOUR },
	});
});

test.each<[string, (state: Record<string, unknown>) => object]>([
	['a missing field', (state) => ({ ...state, checkAt: undefined })],
	['a time that is a string', (state) => ({ ...state, renewAt: '1' })],
	['an impossible time', (state) => ({ ...state, renewAt: 1e300 })],
	[
		'a token that is a word',
		(state) => ({ ...state, grant: { ...grantFields(state), value: 'ok' } }),
	],
	[
		'a token with a line break',
		(state) => ({
			...state,
			grant: { ...grantFields(state), value: `${makeToken('PS')}\r\nx: y` },
		}),
	],
	[
		'a token that contains the app secret',
		(state) => ({ ...state, grant: { ...grantFields(state), value: `x${keys.appsecret}` } }),
	],
	['a hold for a year', (state) => ({ ...state, hold: { since: 0, until: 365 * 24 * HOUR } })],
	[
		'an outcome that is a name of Object',
		(state) => ({
			...state,
			hold: { since: 0, until: 1, issuance: { outcome: 'toString', decisive: null } },
		}),
	],
])('%s: nothing of it is accepted', (_name, change) => {
	const written = JSON.parse(encodeState(STATES['a token'], NOW)) as Record<string, unknown>;
	expect(decodeState(JSON.stringify(written), credential, NOW)).not.toBeNull();
	expect(decodeState(JSON.stringify(change(written)), credential, NOW)).toBeNull();
});

function grantFields(state: Record<string, unknown>): object {
	return state.grant as object;
}

property('no text makes it throw', [fc.oneof(fc.string(), fc.json())], (text) => {
	expect(decodeState(text, credential, NOW)).toBeNull();
});

property('no value of a field makes it throw', [fc.string(), fc.jsonValue()], (name, value) => {
	for (const state of Object.values(STATES)) {
		const written = JSON.parse(encodeState(state, NOW)) as Record<string, unknown>;
		for (const field of [name, ...Object.keys(written)]) {
			expect(() =>
				decodeState(JSON.stringify({ ...written, [field]: value }), credential, NOW),
			).not.toThrow();
		}
	}
});
