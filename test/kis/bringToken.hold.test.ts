// No loop of token requests: how long none is made after an answer of no use.
import { deadTokens } from '../../kis/memory/deadTokens';
import { keptTokenOf } from '../../kis/keptToken/keptToken';
import { refusal } from '../support/scriptedServer';
import { makeToken, read } from '../support/tokens';
import {
	MINUTE,
	HOUR,
	clock,
	kis,
	credential,
	bring,
	brought,
	giveNext,
	issuedAs,
	issues,
	questions,
	revokeAs,
} from '../support/bringing';

describe('no loop of issues', () => {
	const dieElsewhere = () => {
		kis.live.clear();
		clock.now += 11 * MINUTE;
	};

	test('a dead token that KIS gives again ends issuing until six hours after its issue', async () => {
		kis.gives = kis.mint();
		const issuedAt = read(kis.gives).claims?.issuedAt ?? 0;
		await brought();
		dieElsewhere();
		for (let i = 0; i < 5; i++) {
			expect(await bring({ mayWait: true })).toMatchObject({
				because: 'notIssued',
				issuance: { outcome: 'unusable', flaw: 'dead', grant: { token: { value: kis.gives } } },
				until: issuedAt + 6 * HOUR,
			});
		}
		expect([issues(), questions()]).toEqual([2, 1]);
		clock.now = issuedAt + 6 * HOUR - 1000;
		expect(await brought()).toBe('notIssued');
		expect(issues()).toBe(2);
		clock.now += 2000;
		kis.gives = null;
		expect(kis.live).toContain(await brought());
		expect(issues()).toBe(3);
	});

	test('so does one that was dead when KIS gave it first, without a second try', async () => {
		kis.gives = kis.mint();
		dieElsewhere();
		expect(await bring()).toMatchObject({ issuance: { flaw: 'dead' } });
		expect(await brought()).toBe('notIssued');
		expect([issues(), questions()]).toEqual([1, 1]);
	});

	test('one that dies soon after its issue may be replaced once', async () => {
		kis.gives = await brought();
		await revokeAs('unknown', kis.gives);
		kis.live.clear();
		expect(await brought()).toBe('notIssued');
		expect(await brought()).toBe('notIssued');
		expect([issues(), questions()]).toEqual([2, 1]);
	});

	test.each([
		['behind', 2 * HOUR],
		['ahead', -2 * HOUR],
		['a few minutes ahead', -4 * MINUTE],
	])('also if the clock of this computer is %s', async (_name, aheadMs) => {
		const token = giveNext(0, aheadMs);
		expect(await brought()).toBe(token);
		await revokeAs('unknown', token);
		kis.live.clear();
		expect(kis.live).toContain(await brought());
		expect(issues()).toBe(2);
	});

	test.each([
		['expired', () => ({ iat: clock.now / 1000 - 86_000, exp: clock.now / 1000 - 10 })],
		['of another app key', () => ({ jti: 'PSanother' })],
	])('one that is %s ends it for ten minutes', async (_name, claims) => {
		kis.gives = makeToken(kis.keys.appkey, claims());
		for (let i = 0; i < 3; i++) expect(await brought()).toBe('notIssued');
		clock.now += 10 * MINUTE - 1000;
		expect(await brought()).toBe('notIssued');
		expect(issues()).toBe(1);
		clock.now += 2000;
		await brought();
		expect(issues()).toBe(2);
	});

	test('one that is cut off ends it for a minute', async () => {
		kis.gives = kis.mint().slice(0, -10);
		expect(await brought()).toBe('notIssued');
		expect(await brought()).toBe('notIssued');
		kis.gives = null;
		clock.now += MINUTE + 1000;
		expect(kis.live).toContain(await brought());
		expect(issues()).toBe(2);
	});

	test('after a refusal of the key pair, no token is requested for a minute', async () => {
		kis.orders.tokenP = [refusal('EGW00105', 403)];
		for (let i = 0; i < 3; i++) expect(await brought()).toBe('notIssued');
		expect(issues()).toBe(1);
		clock.now += MINUTE + 1000;
		expect(kis.live).toContain(await brought());
	});

	test('an old one that died while KIS gave it once more does not end it for long', async () => {
		const old = kis.mint({ iat: clock.now / 1000 - 23 * 3600 });
		kis.gives = old;
		deadTokens.add(read(old), credential());
		expect(await brought()).toBe('notIssued');
		kis.gives = null;
		clock.now += MINUTE + 1000;
		expect(kis.live).toContain(await brought());
	});

	test('it does not outlive a clock that is put right', async () => {
		kis.orders.tokenP = [refusal('EGW00133', 403)];
		expect(await brought()).toBe('notIssued');
		clock.now -= 24 * HOUR;
		expect(kis.live).toContain(await brought());
	});

	test('what somebody else has issued meanwhile ends the waiting', async () => {
		kis.gives = kis.mint();
		dieElsewhere();
		expect(await brought()).toBe('notIssued');
		const token = read(kis.mint());
		keptTokenOf(credential()).note(issuedAs(token.value), clock.now);
		expect(await brought()).toBe(token.value);
		expect(issues()).toBe(1);
		// It is another token: if it dies, one issue may be tried.
		kis.gives = null;
		dieElsewhere();
		expect(kis.live).toContain(await brought());
		expect(issues()).toBe(2);
	});

	test('one that was given long after its issue, lived, and died much later is replaced', async () => {
		kis.gives = kis.mint();
		clock.now += HOUR;
		await brought();
		kis.gives = null;
		dieElsewhere();
		expect(kis.live).toContain(await brought());
	});

	test('what an execution is given again, without asking KIS, is no news', async () => {
		const token = await brought();
		const kept = keptTokenOf(credential());
		kept.note({ ...issuedAs(kis.mint()), attempts: [] }, clock.now);
		expect(await brought()).toBe(token);
	});
});
