// What is tried: answers of every kind after those of another, for every kind of token. All of them together decide the
// outcome.
import { closeAll } from '../support/connections';
import { inTurn, outcomes, revoke, tokenOf } from '../support/revoke';
import {
	CONFIRMATION,
	hangUp,
	http,
	refusal,
	reset,
	silence,
	startServer,
	timeoutFor,
	type Answer,
} from '../support/scriptedServer';
import { makeKeyPair, makeOpaqueToken, makeToken, read } from '../support/tokens';

// The tests run side by side.
afterAll(closeAll);

const HTML = http(200, '<html></html>', { 'content-type': 'text/html' });
const keys = makeKeyPair();
const whole = () => makeToken(keys.appkey);
const expired = () => makeToken(keys.appkey, { exp: 1_700_000_000 });
/** "Expired", by a server whose clock says that the token is not. */
const expiredAsOf = (date: string) => http(500, '{"error_code":"EGW00123"}', { date });
const ofAnother = () => makeToken(makeKeyPair().appkey);
const cutOff = () => makeToken(keys.appkey).slice(0, -1);

test.concurrent.each<[string, () => string, Answer[], string, number]>([
	['silence and a confirmation', whole, [reset, CONFIRMATION], 'revoked', 2],
	['HTML and a confirmation', makeOpaqueToken, [HTML, CONFIRMATION], 'revoked', 2],
	['a rate refusal and a confirmation', whole, [refusal('EGW00201'), CONFIRMATION], 'revoked', 2],
	['silence and "invalid" of a whole token', whole, [reset, refusal('EGW00121')], 'revoked', 2],
	[
		'EGW00301 and "not found" of a whole token',
		whole,
		[refusal('EGW00301'), refusal('EGW00122')],
		'revoked',
		2,
	],
	[
		'silence and "invalid" of an opaque token',
		makeOpaqueToken,
		[reset, refusal('EGW00121')],
		'unknown',
		2,
	],
	[
		'silence and "invalid" of another app\'s token',
		ofAnother,
		[reset, refusal('EGW00121')],
		'unknown',
		2,
	],
	['silence and "invalid" of a cut-off token', cutOff, [hangUp, refusal('EGW00121')], 'unknown', 2],
	[
		'silence and "expired" of a whole, unexpired token',
		whole,
		[reset, refusal('EGW00123')],
		'unknown',
		2,
	],
	['silence and a refusal', whole, [reset, refusal('EGW00101')], 'unknown', 2],
	// The second goes over a used connection, so that its repeat is free.
	['a refusal that may pass and silence', whole, [refusal('EGW00300'), reset], 'unknown', 4],
	[
		'refusals and resets by turns: one repeat is free, no more',
		whole,
		[refusal('EGW00300'), reset, refusal('EGW00300'), reset, CONFIRMATION],
		'unknown',
		4,
	],
	['"invalid" of a whole token', whole, [refusal('EGW00121')], 'alreadyInvalid', 1],
	['"expired" of an expired token', expired, [refusal('EGW00123', 500)], 'alreadyInvalid', 1],
	[
		'"expired" of an expired token, whose end the server has not reached',
		expired,
		[expiredAsOf('Tue, 14 Nov 2023 21:00:00 GMT')],
		'rejected',
		1,
	],
	[
		'"expired" of an expired token, whose end the server has just passed',
		expired,
		[expiredAsOf('Tue, 14 Nov 2023 22:14:00 GMT')],
		'alreadyInvalid',
		1,
	],
	['"expired" of a token that has not', whole, [refusal('EGW00123')], 'rejected', 1],
	['"invalid" of an opaque token', makeOpaqueToken, [refusal('EGW00121')], 'rejected', 1],
	['a refusal on 500', whole, [refusal('EGW00101', 500)], 'rejected', 1],
	['a refusal without a code on 400', whole, [http(400, '{}')], 'rejected', 1],
	['EGW00002, which is repeated once', whole, [refusal('EGW00002')], 'unknown', 2],
	['silence to the end', whole, [silence], 'unknown', 3],
])('%s', async (_name, token, answers, outcome, attempts) => {
	const server = await startServer(inTurn(...answers));
	const options = { keys, maxRetries: 2, timeoutMs: timeoutFor(...answers) };
	const [result] = await revoke(server.url, [read(token())], options);
	expect(result).toMatchObject({ outcome, stoppedBy: null });
	expect(result.attempts).toHaveLength(attempts);
	expect(server.requests).toHaveLength(attempts);
});

const SAYS_REVOKED = JSON.stringify({ code: 200, message: '폐기' });

test.concurrent.each<[string, Answer]>([
	['another status', http(500, SAYS_REVOKED)],
	['an encoding', http(200, SAYS_REVOKED, { 'content-encoding': 'gzip' })],
	['another body', http(200, SAYS_REVOKED.replace('200', '500'))],
])('an answer that differs from the one before only in %s is kept apart', async (_name, other) => {
	const [one, next] = [read(whole()), read(whole())];
	const server = await startServer({
		answer: (request) => (tokenOf(request) === one.value ? http(200, SAYS_REVOKED) : other),
	});
	expect(outcomes(await revoke(server.url, [one, next, one], { keys }))).toEqual([
		'revoked',
		'unknown',
		'revoked',
	]);
	// And the other way round.
	const swapped = await startServer({
		answer: (request) => (tokenOf(request) === one.value ? other : http(200, SAYS_REVOKED)),
	});
	expect(outcomes(await revoke(swapped.url, [one, next], { keys }))).toEqual([
		'unknown',
		'revoked',
	]);
});
