// What Issue passes on of the token that the credential keeps, in this process alone. Among several: bringToken.workers.test.ts.
import { keptTokenOf } from '../../kis/keptToken/keptToken';
import { deadTokens } from '../../kis/memory/deadTokens';
import { kisTime } from '../../kis/reply/koreanTime';
import {
	brought,
	clock,
	credential,
	giveNext,
	HOUR,
	issuedAs,
	issues,
	kis,
	meanwhile,
} from '../support/bringing';
// After the waits are replaced.
import { keptOrIssued } from '../../kis/keptToken/keptOrIssued';
import { hangUp, http, refusal } from '../support/scriptedServer';
import { read } from '../support/tokens';

const passedOn = async (minimumMs = 0, waitWhenLimited = false) =>
	await keptOrIssued(credential(), minimumMs, {
		requestsPerSecond: 1000,
		timeoutMs: 5000,
		maxRetries: 0,
		waitWhenLimited,
		cancel: new AbortController().signal,
		execution: {},
	});

test('a token that a renewal brings while KIS is asked about the one before is passed on, and none is requested', async () => {
	await brought();
	const renewed = kis.mint();
	kis.orders.quote = [
		(socket) => {
			keptTokenOf(credential()).note(issuedAs(renewed), clock.now);
			socket.write(refusal('EGW00121', 500));
		},
	];
	const result = await passedOn();
	expect(result).toMatchObject({ kept: { token: { value: renewed } } });
	expect(issues()).toBe(1);
	expect(kis.tokensOf('quote').at(-1)).toBe(renewed);
});

test('a refusal that came before the token of another request does not keep the next from being requested', async () => {
	kis.orders.tokenP = [refusal('EGW00133', 403)];
	const token = kis.mint();
	meanwhile.does = async () => {
		meanwhile.does = async () => {};
		keptTokenOf(credential()).note(issuedAs(token), clock.now);
	};
	expect(await passedOn(0, true)).toMatchObject({ kept: { token: { value: token } } });
	deadTokens.add(read(token), credential());
	expect(kis.live).toContain(await brought());
});

describe('where the clock of this computer is wrong, what is left of the token counts by that of KIS', () => {
	/** The credential keeps a token that has half an hour left by the clock of KIS. */
	async function keepHalfAnHour(aheadMs: number): Promise<string> {
		const token = giveNext(HOUR, aheadMs, 1.5 * HOUR);
		expect(await brought()).toBe(token);
		return token;
	}

	test('too little is left, though not by this clock, which is behind: KIS is asked for another', async () => {
		const token = await keepHalfAnHour(2 * HOUR);
		const result = await passedOn(HOUR);
		expect(result).toMatchObject({ outcome: 'issued' });
		expect(JSON.stringify(result)).not.toContain(token);
	});

	test('it is over, and KIS does not say so when it is asked', async () => {
		const token = await keepHalfAnHour(2 * HOUR);
		clock.now += HOUR;
		kis.orders.quote = [hangUp];
		const result = await passedOn();
		expect(result).toMatchObject({ outcome: 'issued' });
		expect(JSON.stringify(result)).not.toContain(token);
	});

	test.each([
		['ahead', -2 * HOUR],
		['behind', 2 * HOUR],
	])('enough is left: this clock is %s', async (_name, aheadMs) => {
		const token = await keepHalfAnHour(aheadMs);
		const result = await passedOn(HOUR / 3);
		expect(result).toMatchObject({
			kept: { token: { value: token }, fields: { expires_in: HOUR / 2000 } },
		});
		expect(issues()).toBe(1);
	});

	test('it was revoked here, and is over by this clock, which is ahead, but not by that of KIS', async () => {
		const token = giveNext(0, -9 * HOUR);
		expect(await brought()).toBe(token);
		deadTokens.add(read(token), credential());
		clock.now += 16 * HOUR;
		kis.orders.quote = [hangUp];
		const result = await passedOn();
		expect(result).toMatchObject({ outcome: 'issued' });
		expect(JSON.stringify(result)).not.toContain(token);
	});

	test('too little is left, though not by how far this clock was ahead before it was put right', async () => {
		const token = await keepHalfAnHour(-9 * HOUR);
		clock.now -= 9 * HOUR;
		const quote = JSON.stringify({ rt_cd: '0', output: {} });
		kis.orders.quote = [http(200, quote, { date: new Date(clock.now).toUTCString() })];
		const result = await passedOn(HOUR);
		expect(result).toMatchObject({ outcome: 'issued' });
		expect(JSON.stringify(result)).not.toContain(token);
	});

	test('the end that KIS named counts if it is before that in the token', async () => {
		const exp = Math.floor((clock.now + 2 * HOUR) / 1000);
		const end = Math.floor((clock.now + HOUR / 2) / 1000) * 1000;
		const given = { access_token: kis.mint({ exp }), access_token_token_expired: kisTime(end) };
		kis.orders.tokenP = [http(200, JSON.stringify(given))];
		await brought();
		expect(await passedOn()).toMatchObject({ kept: { expiresAt: end } });
		expect(await passedOn(HOUR)).toMatchObject({ outcome: 'issued' });
	});
});
