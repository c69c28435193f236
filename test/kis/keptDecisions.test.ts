// What is decided about the kept token without a server: when it is renewed, how long none is requested, and which hosts are
// called unasked, also where this computer's clock is wrong. Times are those of this computer.
import type { Grant } from '../../kis/issue/grant';
import type { Flaw, NotIssued, UnusableGrant } from '../../kis/issue/issuance';
import { holdAfter } from '../../kis/keptToken/issueHold';
import { NOTHING_KEPT } from '../../kis/keptToken/keptState';
import { KeptToken, keptTokenOf } from '../../kis/keptToken/keptToken';
import { nextStep, type Progress } from '../../kis/keptToken/nextStep';
import { renewalOf } from '../../kis/keptToken/renewal';
import { makeAttempt } from '../support/attempts';
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

test.each([
	[true, { kind: 'issue' }],
	[false, { kind: 'refuse', noToken: { because: 'mayNotCall' } }],
])('a host that may be called unasked (%s) is asked for a token', (mayCallUnasked, step) => {
	const credential = { ...credentialFor(keys, 'http://127.0.0.1:1'), mayCallUnasked };
	expect(nextStep(credential, new KeptToken(), PROGRESS, NOW)).toEqual(step);
});

test('a token that was issued for a request and cannot be used any more was revoked meanwhile', () => {
	const credential = credentialFor(keys, 'http://127.0.0.1:1');
	const issuance = { outcome: 'issued', grant: grantOf(0, HOUR), attempts: [] } as const;
	const step = (progress: Partial<Progress>) =>
		nextStep(credential, new KeptToken(), { ...PROGRESS, ...progress }, NOW);
	expect(step({ issuance })).toEqual({ kind: 'refuse', noToken: { because: 'beingRevoked' } });
	expect(step({ issuance: NOT_SENT })).toMatchObject({ noToken: { because: 'notIssued' } });
});

describe('the kept token', () => {
	const credential = credentialFor(keys, 'http://127.0.0.1:1');
	const attempts = [makeAttempt('confirmed')];
	const given = (grant: Grant) => {
		const kept = new KeptToken();
		kept.note({ outcome: 'issued', grant, attempts }, NOW);
		return kept;
	};
	const refused: NotIssued = { outcome: 'rejected', attempts, decisive: null };

	test('is due from the very moment', () => {
		const kept = given(grantOf(0, 24 * HOUR));
		expect(kept.isDue(NOW + 23 * HOUR - 1)).toBe(false);
		expect(kept.isDue(NOW + 23 * HOUR)).toBe(true);
	});

	test('is due again a minute after a request that failed, and not before', () => {
		const kept = given(grantOf(0, 24 * HOUR));
		kept.note(refused, NOW + 23 * HOUR);
		expect(kept.isDue(NOW + 23 * HOUR + INTERVAL - 1)).toBe(false);
		expect(kept.isDue(NOW + 23 * HOUR + INTERVAL)).toBe(true);
	});

	test('is not due earlier because a request failed long before', () => {
		const kept = given(grantOf(0, 24 * HOUR));
		kept.note(refused, NOW);
		expect(kept.isDue(NOW + 22 * HOUR)).toBe(false);
	});

	test.each<[string, boolean | null, number]>([
		['alive', true, 10 * MINUTE],
		['perhaps alive', null, MINUTE],
	])('is not checked for a while after a check found it %s', (_name, alive, trustedMs) => {
		const kept = given(grantOf(null, 24 * HOUR));
		expect(kept.isCheckDue(NOW)).toBe(true);
		kept.noteChecked(alive, NOW);
		expect(kept.isCheckDue(NOW)).toBe(false);
		expect(kept.isCheckDue(NOW + trustedMs - 1)).toBe(false);
		expect(kept.isCheckDue(NOW + trustedMs)).toBe(true);
	});

	test('is checked if this computer’s clock was set back', () => {
		const kept = given(grantOf(null, 24 * HOUR));
		kept.noteChecked(true, NOW);
		expect(kept.isCheckDue(NOW - 1)).toBe(true);
	});

	test('is checked once after that, however far the clock was set back', () => {
		const kept = given(grantOf(null, 24 * HOUR));
		kept.noteChecked(true, NOW);
		kept.noteChecked(true, NOW - 9 * HOUR);
		expect(kept.isCheckDue(NOW - 9 * HOUR)).toBe(false);
		expect(kept.isCheckDue(NOW - 9 * HOUR + 10 * MINUTE)).toBe(true);
	});

	test('is trusted for longer if an earlier check said more than the last one', () => {
		const kept = given(grantOf(null, 24 * HOUR));
		kept.noteChecked(true, NOW);
		kept.noteChecked(null, NOW + 1000);
		expect(kept.isCheckDue(NOW + 10 * MINUTE - 1)).toBe(false);
	});

	test.each<[string, number, number, boolean]>([
		['old when KIS gave it', -INTERVAL - 5 * MINUTE, INTERVAL - 1, true],
		['old when KIS gave it, and that is a minute ago', -HOUR, INTERVAL, false],
		['new when KIS gave it, or this clock a little ahead', 1000 - INTERVAL - 5 * MINUTE, 0, false],
	])('and is dead, %s: is another requested at once?', (_name, issuedMs, checkedMs, isHeld) => {
		const kept = given(grantOf(issuedMs, 24 * HOUR));
		kept.noteChecked(false, NOW + checkedMs);
		const hold = kept.holdAt(NOW + checkedMs);
		expect(hold !== null).toBe(isHeld);
		if (hold) expect(hold.issuance).toMatchObject({ flaw: 'dead', attempts: [] });
	});

	test('that another worker keeps too stays the same object, and another one does not', () => {
		const grant = grantOf(0, 24 * HOUR);
		const kept = given(grant);
		const again = read(grant.token.value);
		kept.adopt({ ...kept.state, grant: { ...grant, token: again, isOver: true } });
		expect(kept.token).toBe(grant.token);
		expect(kept.state.grant).toMatchObject({ isOver: true });
		const other = grantOf(0, 24 * HOUR);
		kept.adopt({ ...kept.state, grant: other });
		expect(kept.token).toBe(other.token);
		kept.adopt({ ...kept.state, grant: null });
		expect(kept.token).toBeNull();
	});

	test('is checked if what the others knew of it is lost; what is not there is not', () => {
		const kept = given(grantOf(0, 24 * HOUR));
		expect(kept.isCheckDue(NOW)).toBe(false);
		kept.noteUnseen(NOW);
		expect(kept.isCheckDue(NOW)).toBe(true);
		const none = new KeptToken();
		const before = none.state;
		none.noteUnseen(NOW);
		expect(none.state).toBe(before);
	});

	test('of the one that was first used longest ago is forgotten when there are 1001', () => {
		const of = (i: number) => keptTokenOf({ ...credential, appkey: `key ${i}` });
		const all = Array.from({ length: 1000 }, (_, i) => of(i));
		expect(of(0)).toBe(all[0]);
		of(1000);
		expect(of(1)).toBe(all[1]);
		expect(of(0)).not.toBe(all[0]);
	});
});

describe('a read waits for a minute if no token could be had', () => {
	const limited = makeAttempt('refused', { refusalCode: 'EGW00133' });
	const refused = makeAttempt('refused', { refusalCode: 'EGW00105' });
	const grant = grantOf(0, HOUR);
	test.each<[string, UnusableGrant | NotIssued, boolean]>([
		['for KIS’s limit', { outcome: 'rejected', attempts: [], decisive: limited }, true],
		['for the key pair', { outcome: 'rejected', attempts: [], decisive: refused }, false],
		['and KIS may have limited it', { outcome: 'unknown', attempts: [], decisive: limited }, false],
		['since a worker died', { outcome: 'unknown', attempts: [], decisive: null }, true],
		['and nothing was sent', { outcome: 'notSent', attempts: [], decisive: null }, false],
		['but a dead one', { outcome: 'unusable', flaw: 'dead', grant, attempts: [] }, false],
	])('%s', (_name, issuance, waits) => {
		const hold = { since: NOW, until: NOW + INTERVAL, issuance };
		const kept = new KeptToken();
		kept.adopt({ ...NOTHING_KEPT, hold });
		const credential = credentialFor(keys, 'http://127.0.0.1:1');
		const step = nextStep(credential, kept, { ...PROGRESS, mayWait: true }, NOW);
		const noToken = { because: 'notIssued', ...hold };
		expect(step).toEqual(waits ? { kind: 'wait', hold } : { kind: 'refuse', noToken });
		// An order does not wait.
		expect(nextStep(credential, kept, PROGRESS, NOW)).toEqual({ kind: 'refuse', noToken });
	});
});
