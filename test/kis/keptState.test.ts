// What one worker writes about its token for another: that it arrives whole, on the reader's clock, and that nothing else is
// accepted.
import fc from 'fast-check';

import type { Attempt } from '../../kis/reply/attempt';
import { KIS_CODES } from '../../kis/reply/errorCodes';
import { NOTHING_KEPT, type KeptState } from '../../kis/keptToken/keptState';
import { KeptToken } from '../../kis/keptToken/keptToken';
import { decodeState, encodeState } from '../../kis/keptToken/keptStateCodec';
import { property } from '../support/properties';
import { credentialFor, makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';

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
	clockAheadMs: 0,
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

test.each([
	['opaque', makeOpaqueToken()],
	['a JWT that does not say when it was issued', makeToken(keys.appkey, { iat: undefined })],
])('when a token is to be checked arrives if it is %s', (_name, value) => {
	const kept = new KeptToken();
	const attempts = [ATTEMPT];
	kept.note({ outcome: 'issued', grant: grantOf(value), attempts }, NOW);
	const arrived = decodeState(encodeState(kept.state, NOW), credential, NOW);
	expect(arrived).toEqual(kept.state);
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

interface Written {
	checkAt?: unknown;
	renewAt: unknown;
	grant: Record<string, unknown>;
	hold: { since: unknown; until: unknown; issuance: Record<string, unknown> };
}

/** What a worker writes that keeps a token and was refused another. */
function write(): Written {
	const { hold } = STATES['a refusal'];
	return JSON.parse(encodeState({ ...STATES['a token'], hold }, NOW)) as Written;
}

const decisiveOf = ({ hold }: Written) => hold.issuance.decisive as Record<string, unknown>;

test.each<[string, (written: Written) => unknown]>([
	['a missing field', (it) => delete it.checkAt],
	['a time that is a string', (it) => (it.renewAt = '1')],
	['a time that is true', (it) => (it.renewAt = true)],
	['a time before 1970', (it) => (it.renewAt = -1)],
	['an impossible time', (it) => (it.renewAt = 1e300)],
	['a token that is a word', (it) => (it.grant.value = 'ok')],
	['a token that is a number', (it) => (it.grant.value = 1)],
	['a token in spaces', (it) => (it.grant.value = ` ${makeToken('PS')} `)],
	['a token with a line break', (it) => (it.grant.value = `${makeToken('PS')}\r\nx: y`)],
	['a token that contains the app secret', (it) => (it.grant.value = `x${keys.appsecret}`)],
	['a token that may be over', (it) => (it.grant.isOver = 'true')],
	['a hold for a year', (it) => (it.hold.until = NOW + 365 * 24 * HOUR)],
	['a hold that ends before it begins', (it) => (it.hold.until = NOW - 1)],
	['an outcome that is a name of Object', (it) => (it.hold.issuance.outcome = 'toString')],
	['an outcome in a list', (it) => (it.hold.issuance.outcome = ['rejected'])],
	['an outcome that nobody knows', (it) => (it.hold.issuance.outcome = 'issued')],
	[
		'a flaw that nobody knows',
		({ hold, grant: it }) =>
			Object.assign(hold.issuance, { outcome: 'unusable', flaw: 'old', grant: it }),
	],
	['a verdict that nobody knows', (it) => (decisiveOf(it).verdict = 'perhaps')],
	['a rule that nobody knows', (it) => (decisiveOf(it).rule = 'EGW99999')],
	['a status that is a string', (it) => (decisiveOf(it).httpStatus = '403')],
	['a code that is a number', (it) => (decisiveOf(it).code = 133)],
	['a text that is endless', (it) => (decisiveOf(it).text = 'x'.repeat(10_001))],
	['a list instead of an attempt', (it) => (it.hold.issuance.decisive = [])],
	['a word instead of a token', (it) => Object.assign(it, { grant: 'token' })],
])('%s: nothing of it is accepted', (_name, change) => {
	const written = write();
	expect(decodeState(JSON.stringify(written), credential, NOW)).not.toBeNull();
	change(written);
	expect(decodeState(JSON.stringify(written), credential, NOW)).toBeNull();
});

test('the longest text, the latest time and an empty hold are accepted', () => {
	const written = write();
	written.hold.until = NOW;
	written.renewAt = Date.UTC(9999, 0);
	decisiveOf(written).text = 'x'.repeat(10_000);
	expect(decodeState(JSON.stringify(written), credential, NOW)).toMatchObject({
		hold: { since: NOW, until: NOW },
		renewAt: Date.UTC(9999, 0),
	});
});

test.each([
	['a second', 1000, 0],
	['an hour', HOUR, -HOUR],
])('a clock that is %s ahead of the writer’s', (_name, ahead, clockAheadMs) => {
	const text = encodeState(STATES['a token'], NOW);
	expect(decodeState(text, credential, NOW + ahead)?.grant).toMatchObject({ clockAheadMs });
});

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
