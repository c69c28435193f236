// What Issue passes on of the token that the credential keeps, in this process alone. Among several: bringToken.workers.test.ts.
import { keptOrIssued } from '../../kis/keptToken/keptOrIssued';
import { keptTokenOf } from '../../kis/keptToken/keptToken';
import { brought, clock, credential, issuedAs, issues, kis } from '../support/bringing';
import { refusal } from '../support/scriptedServer';

test('a token that a renewal brings while KIS is asked about the one before is passed on, and none is requested', async () => {
	await brought();
	const renewed = kis.mint();
	kis.orders.quote = [
		(socket) => {
			keptTokenOf(credential()).note(issuedAs(renewed), clock.now);
			socket.write(refusal('EGW00121', 500));
		},
	];
	const result = await keptOrIssued(credential(), 0, {
		requestsPerSecond: 1000,
		timeoutMs: 5000,
		maxRetries: 0,
		waitWhenLimited: false,
		cancel: new AbortController().signal,
		execution: {},
	});
	expect(result).toMatchObject({ kept: { token: { value: renewed } } });
	expect(issues()).toBe(1);
	expect(kis.tokensOf('quote').at(-1)).toBe(renewed);
});
