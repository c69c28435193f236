// What is decided about the kept token without a server: when it is renewed, how long none is requested, and which hosts are
// called unasked, also where this computer's clock is wrong. Times are those of this computer.
import type { KisCredential } from '../../kis/input/credential';
import type { Grant } from '../../kis/issue/grant';
import type { Flaw, NotIssued } from '../../kis/issue/issuance';
import { holdAfter } from '../../kis/keptToken/issueHold';
import { KeptToken } from '../../kis/keptToken/keptToken';
import { nextStep, type Progress } from '../../kis/keptToken/nextStep';
import { renewalOf } from '../../kis/keptToken/renewal';
import { credentialFor, makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** KIS issues one token a minute, and the rule has a second to spare. */
const INTERVAL = 61_000;
const NOW = Math.floor(Date.now() / 1000) * 1000;
const keys = makeKeyPair();

/** A token that was issued and expires so long after now, by KIS's clock, which is ahead of this computer's. */
function grantOf(issuedMs: number | null, expiresMs: number | null, clockAheadMs = 0): Grant {
	const byKis = (ms: number) => (NOW + clockAheadMs + ms) / 1000;
	const value =
		issuedMs === null
			? makeOpaqueToken()
			: makeToken(keys.appkey, { iat: byKis(issuedMs), exp: byKis(expiresMs ?? 24 * HOUR) });
	return {
		token: read(value),
		expiresAt: expiresMs === null ? null : NOW + clockAheadMs + expiresMs,
		isOver: false,
		clockAheadMs,
		fields: { access_token: value },
	};
}

const CLOCKS = [0, 3 * HOUR, -3 * HOUR];

describe.each(CLOCKS)('with a clock of KIS that is %d ms ahead', (ahead) => {
	test.each<[string, number | null, number | null, number]>([
		['a day: an hour before its end', 0, 24 * HOUR, 23 * HOUR],
		['five hours: a tenth before', 0, 5 * HOUR, 4.5 * HOUR],
		['a day, for 20 hours already', -20 * HOUR, 4 * HOUR, 3 * HOUR],
		['a day, and is due already: at its end', -23.5 * HOUR, 0.5 * HOUR, 0.5 * HOUR],
		['less than a minute: not within it', 0, 30_000, INTERVAL],
		['a day, and is no JWT', null, 24 * HOUR, 23 * HOUR],
		['two hours, and is no JWT', null, 2 * HOUR, 1.8 * HOUR],
	])('a token is renewed that lives %s', (_name, issuedMs, expiresMs, renewedMs) => {
		expect(renewalOf(grantOf(issuedMs, expiresMs, ahead), NOW)).toBe(NOW + renewedMs);
	});

	test.each<[string, number | null, number]>([
		['now', 0, 6 * HOUR],
		['five hours ago', -5 * HOUR, HOUR],
		['six hours ago', -6 * HOUR, INTERVAL],
		['in an hour, by its own word', HOUR, 6 * HOUR],
		['at an unknown time', null, 6 * HOUR],
	])('after a dead token that was issued %s, no other is requested', (_name, issuedMs, heldMs) => {
		expect(held('dead', grantOf(issuedMs, 24 * HOUR, ahead))).toBe(heldMs);
	});
});

test('a token that never expires is never renewed', () => {
	expect(renewalOf(grantOf(null, null), NOW)).toBe(Infinity);
});

test.each<[Flaw, number]>([
	['cutOff', INTERVAL],
	['expired', 10 * MINUTE],
	['otherAppKey', 10 * MINUTE],
])('after a token that is %s none is requested for %d ms', (flaw, heldMs) => {
	expect(held(flaw, grantOf(0, 24 * HOUR))).toBe(heldMs);
});

function held(flaw: Flaw, grant: Grant): number {
	const { since, until } = holdAfter({ outcome: 'unusable', grant, flaw, attempts: [] }, NOW) ?? {};
	expect(since).toBe(NOW);
	return Number(until) - NOW;
}

const NOT_SENT: NotIssued = { outcome: 'notSent', attempts: [], decisive: null };

test('nothing holds the next request after one that was not sent', () => {
	expect(holdAfter(NOT_SENT, NOW)).toBeNull();
	expect(holdAfter({ ...NOT_SENT, outcome: 'rejected' }, NOW)).toBeNull();
	const unknown: NotIssued = { ...NOT_SENT, outcome: 'unknown' };
	expect(holdAfter(unknown, NOW)).toMatchObject({ until: NOW + INTERVAL });
});

const PROGRESS: Progress = {
	mayWait: false,
	waitedOut: null,
	patientUntil: 0,
	checked: null,
	issuance: null,
};

describe('a host is called unasked', () => {
	const to = (environment: KisCredential['environment'], url: string) => ({
		...credentialFor(keys, url),
		environment,
	});
	test.each<[KisCredential, boolean]>([
		[to('real', 'https://openapi.koreainvestment.com:9443'), true],
		[to('paper', 'https://openapivts.koreainvestment.com:29443'), true],
		[to('custom', 'http://127.0.0.1:1'), true],
		[to('custom', 'http://localhost:1'), true],
		[to('custom', 'https://relay.example'), false],
	])('%j: %s', (credential, isCalled) => {
		const step = nextStep(credential, new KeptToken(), PROGRESS, NOW);
		expect(step).toMatchObject(
			isCalled ? { kind: 'issue' } : { kind: 'refuse', noToken: { because: 'notUnasked' } },
		);
	});
});

test('a token that was issued for a request and cannot be used any more was revoked meanwhile', () => {
	const credential = credentialFor(keys, 'http://127.0.0.1:1');
	const issuance = { outcome: 'issued', grant: grantOf(0, HOUR), attempts: [] } as const;
	const step = (progress: Partial<Progress>) =>
		nextStep(credential, new KeptToken(), { ...PROGRESS, ...progress }, NOW);
	expect(step({ issuance })).toEqual({ kind: 'refuse', noToken: { because: 'beingRevoked' } });
	expect(step({ issuance: NOT_SENT })).toMatchObject({ noToken: { because: 'notIssued' } });
});
