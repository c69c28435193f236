// Expiry where this computer's clock and that of a server disagree: whether a revoke or the end of its life killed a token.
import { closeAll } from '../support/connections';
import { inTurn, outcomes, revoke } from '../support/revoke';
import { hangUp, http, refusal, reset, startServer, type Answer } from '../support/scriptedServer';
import { makeKeyPair, makeToken, read } from '../support/tokens';

afterAll(closeAll);
const keys = makeKeyPair();
const HOUR = 3_600_000;
const expired = () => makeToken(keys.appkey, { exp: Math.floor((Date.now() - HOUR) / 1000) });
const behind = () => ({ date: new Date(Date.now() - 24 * HOUR).toUTCString() });
const INVALID = '{"error_code":"EGW00121"}';

test.each<[string, () => Answer[]]>([
	['control: no clock but this one', () => [reset, refusal('EGW00121', 403)]],
	[
		'the answer that calls it invalid comes with a late clock',
		() => [reset, http(403, INVALID, behind())],
	],
	[
		'a relay with a late clock answers first, KIS then with the right one',
		() => [http(502, '<html>', behind()), http(403, INVALID, { date: new Date().toUTCString() })],
	],
])(
	'an expired token that KIS calls invalid after a lost answer was dead already: %s',
	async (_name, answers) => {
		const server = await startServer(inTurn(...answers()));
		const result = await revoke(server.url, [read(expired())], {
			keys,
			maxRetries: 2,
			timeoutMs: 2000,
		});
		expect(outcomes(result)).toEqual(['alreadyInvalid']);
	},
);

test('a token that has expired by the clock of KIS, and not by that of this computer, which is late', async () => {
	const token = makeToken(keys.appkey, { exp: Math.floor((Date.now() + HOUR) / 1000) });
	const date = new Date(Date.now() + 24 * HOUR).toUTCString();
	const server = await startServer(inTurn(reset, http(403, INVALID, { date })));
	const result = await revoke(server.url, [read(token)], { keys, maxRetries: 2 });
	expect(outcomes(result)).toEqual(['alreadyInvalid']);
});

test('an expired token that a quote calls invalid with a late clock was dead already', async () => {
	const server = await startServer({
		answer: ({ line }) =>
			line.startsWith('POST') ? hangUp : http(500, '{"rt_cd":"1","msg_cd":"EGW00121"}', behind()),
	});
	const result = await revoke(server.url, [read(expired())], { keys, askBeforeUnknown: true });
	expect(outcomes(result)).toEqual(['alreadyInvalid']);
});
