// The reports of Revoke, word for word: the text for each outcome, and the error of a run that stops.
import type { INode, Logger } from 'n8n-workflow';

import { KIS_CODES } from '../../kis/reply/errorCodes';
import { OPEN_ANSWERS, REFUSING_STATUSES } from '../../kis/reply/httpAnswers';
import { REVOKE_OUTCOMES, type RevokeOutcome } from '../../kis/reply/revokeOutcome';
import { checkConfirmation } from '../../kis/revoke/revocation';
import type { Attempt } from '../../kis/reply/attempt';
import type { Revocation } from '../../kis/revoke/revocation';
import type { StopReason } from '../../kis/revoke/batchStop';
import { InvalidInput } from '../../kis/input/invalidInput';
import { sentences } from '../../kis/reply/explanation';
import {
	BROKEN_RUN,
	reportNotSent,
	reportRevocation,
	reportStanding,
} from '../../nodes/KisToken/operations/revoke/revocationReport';
import { runError } from '../../nodes/KisToken/report/runError';
import { progressLog } from '../../nodes/KisToken/operations/revoke/progress';
import type { Failure, ItemReport } from '../../nodes/KisToken/report/itemReport';
import { summary } from '../../nodes/KisToken/report/summary';
import { makeAttempt } from '../support/attempts';
import { credentialFor, makeJwt, makeKeyPair, makeToken, read } from '../support/tokens';

const keys = makeKeyPair();
const credential = credentialFor(keys, 'https://relay.example');
const own = read(makeToken(keys.appkey));
const foreign = read(makeToken(makeKeyPair().appkey));
const cutOff = read(makeToken(keys.appkey).slice(0, -1));
const opaque = read('opaque');
const ownerless = read(makeJwt({ exp: Date.UTC(2126, 0) / 1000 }));

const confirmed = makeAttempt('confirmed', { httpStatus: 200, code: '200', text: '성공' });
const refused = (
	code: string,
	text: string | null = null,
	verdict: Attempt['verdict'] = 'refused',
) => makeAttempt(verdict, { httpStatus: 403, refusalCode: code, code, text });
const invalid = refused('EGW00121', '유효하지 않은 token', 'invalidToken');
const html = makeAttempt('noVerdict', { httpStatus: 502 });
const unclear = makeAttempt('noVerdict', {
	httpStatus: 200,
	rule: OPEN_ANSWERS.neither,
	text: 'well',
});
const unproven = checkConfirmation(confirmed, foreign, keys.appkey);
const busy = makeAttempt('noVerdict', {
	httpStatus: 503,
	pause: { until: Date.parse('2126-11-23T08:00:00+09:00'), isTooLong: true },
});
const soon = makeAttempt('noVerdict', { httpStatus: 503, pause: { until: 0, isTooLong: false } });
const codeless = makeAttempt('refused', { httpStatus: 400, code: '400' });
const silent = makeAttempt('noVerdict', { transportCode: 'UND_ERR_HEADERS_TIMEOUT' });
const unreachable = makeAttempt('unwritten', { transportCode: 'ECONNREFUSED' });
const forbidden = makeAttempt('unwritten', { transportCode: 'EGRESS_REFUSED', text: 'no way' });

function revocation(
	outcome: RevokeOutcome,
	attempts: readonly Attempt[],
	rest: Partial<Revocation> = {},
): Revocation {
	const decisive = attempts.at(-1) ?? null;
	return { outcome, attempts, decisive, asked: null, before: null, stoppedBy: null, ...rest };
}

const report = (
	found: Revocation,
	token = own,
	alreadyInvalid: 'succeed' | 'fail' = 'succeed',
): ItemReport =>
	reportRevocation(token, found, credential, { alreadyInvalid, includeDetails: false });

function stopped(because: StopReason['because'], seen = unreachable): Partial<Revocation> {
	return { stoppedBy: because === 'cancelled' ? { because } : { because, seen } };
}

const TALLY = { outcomes: REVOKE_OUTCOMES, shortfall: 'ended without a confirmed revoke' };
const LIVE = 'The token was not revoked: ';
const OPEN = 'The token may be dead or still live: ';
const UNSENT = 'The token was not sent to KIS: ';
const INVALID = 'KIS says that the token is not valid (EGW00121)';
const REFUSED = 'nothing listens at the address (connection refused)';
const SAID = 'The server says: “유효하지 않은 token”';
const MAY_BE_LIVE = 'The token may still be live.';
const OWNER =
	'Check that the token is whole and that it was issued to the app key and environment of this credential.';
const ADDRESS =
	'Check the Base URL of the KIS API credential and the relay or proxy in between. If KIS is called directly, see whether it announced maintenance (점검).';
const NETWORK =
	'Check that this computer reaches the address in the KIS API credential (through the proxy, if HTTPS_PROXY or ALL_PROXY is set), then try again.';
const TREAT = 'Treat the token as live until a revoke is confirmed.';
const AGAIN = 'Revoke the token again; that is safe.';
const STILL = 'If the token was live, it still is.';

const EMPTY_KEY = new InvalidInput('the App Key is empty', 'Correct it.');

type Row = [
	name: string,
	report: ItemReport,
	message: string,
	description: string,
	code: string | null,
	httpStatus: number | null,
];
const FAILURES: Row[] = [
	[
		'already invalid',
		report(revocation('alreadyInvalid', [invalid]), own, 'fail'),
		`The token was invalid already: ${INVALID}`,
		'The token is dead. Nothing is left to do. To accept this, set If Token Is Already Invalid to Succeed. The server says: “유효하지 않은 token”',
		'EGW00121',
		403,
	],
	[
		"invalid, another app's",
		report(revocation('rejected', [invalid]), foreign),
		LIVE + INVALID,
		`The token says that it was issued to another app key. ${MAY_BE_LIVE} Revoke it with the credential of that app key. ${SAID}`,
		'EGW00121',
		403,
	],
	[
		'invalid, cut off',
		report(revocation('rejected', [invalid]), cutOff),
		LIVE + INVALID,
		`The end of the token is missing. ${MAY_BE_LIVE} Find the whole token and revoke that. ${SAID}`,
		'EGW00121',
		403,
	],
	[
		'invalid, opaque',
		report(revocation('rejected', [invalid]), opaque),
		LIVE + INVALID,
		`The token is not a JWT: it cannot be told whose it is. ${MAY_BE_LIVE} ${OWNER} ${SAID}`,
		'EGW00121',
		403,
	],
	[
		'expired, though it has not',
		report(revocation('rejected', [refused('EGW00123', null, 'expiredToken')])),
		`${LIVE}KIS says that the token has expired (EGW00123)`,
		`By this computer's clock, or by that of the server, the token has not expired yet. ${MAY_BE_LIVE} Check the clock, and the Environment of the KIS API credential.`,
		'EGW00123',
		403,
	],
	[
		'expired, though it has not, and whose it is cannot be told',
		report(revocation('rejected', [refused('EGW00123', null, 'expiredToken')]), ownerless),
		`${LIVE}KIS says that the token has expired (EGW00123)`,
		sentences(MAY_BE_LIVE, KIS_CODES.EGW00123.todo),
		'EGW00123',
		403,
	],
	[
		"invalid, another app's, and then unreachable",
		report(revocation('rejected', [invalid, unreachable], { decisive: invalid }), foreign),
		LIVE + INVALID,
		`The token says that it was issued to another app key. ${MAY_BE_LIVE} Revoke it with the credential of that app key. ${NETWORK} ${SAID}`,
		'EGW00121',
		403,
	],
	[
		'refused, in words that would end the quotation',
		report(revocation('rejected', [refused('EGW00101', '“no”\n \u202e or “yes”')]), opaque),
		`${LIVE}KIS says that the request is not valid (EGW00101)`,
		`${MAY_BE_LIVE} ${KIS_CODES.EGW00101.todo} The server says: “"no" or "yes"”`,
		'EGW00101',
		403,
	],
	[
		'refused',
		report(revocation('rejected', [refused('EGW00101', '유효하지 않은 요청')]), opaque),
		`${LIVE}KIS says that the request is not valid (EGW00101)`,
		'The token may still be live. The request may have been changed on its way. Check the relay or proxy in between; if there is none, report this to the maintainers of this node. The server says: “유효하지 않은 요청”',
		'EGW00101',
		403,
	],
	[
		'refused by a status, with a code that nobody knows',
		report(revocation('rejected', [refused('EGW00999', '거부')])),
		`${LIVE}the server does not allow the request (HTTP 403)`,
		`${MAY_BE_LIVE} ${REFUSING_STATUSES[403].todo} The server says (EGW00999): “거부”`,
		'EGW00999',
		403,
	],
	[
		'refused without a code',
		report(revocation('rejected', [codeless])),
		`${LIVE}the server calls the request malformed (HTTP 400)`,
		`${MAY_BE_LIVE} ${REFUSING_STATUSES[400].todo}`,
		'400',
		400,
	],
	[
		'refused in an earlier try',
		report(revocation('rejected', [unreachable], { before: 'rejected', decisive: invalid })),
		`${LIVE}in an earlier try of this execution, ${INVALID}`,
		`${MAY_BE_LIVE} ${OWNER} ${NETWORK} ${SAID}`,
		'EGW00121',
		403,
	],
	[
		'HTML',
		report(revocation('unknown', [html])),
		`${OPEN}what the server answered cannot be read as an answer of KIS (HTTP 502)`,
		`${TREAT} ${AGAIN} ${ADDRESS}`,
		null,
		502,
	],
	[
		'neither yes nor no',
		report(revocation('unknown', [unclear])),
		`${OPEN}the answer is neither a success nor a known refusal of KIS (HTTP 200)`,
		`${TREAT} ${AGAIN} ${ADDRESS} The server says: “well”`,
		null,
		200,
	],
	[
		'silence, then a refusal',
		report(revocation('unknown', [silent, refused('EGW00201')], { decisive: silent })),
		`${OPEN}no whole answer came in time`,
		`${TREAT} ${AGAIN} ${KIS_CODES.EGW00201.todo} A higher Timeout may help. ${KIS_CODES.EGW00201.optionsTodo}`,
		'EGW00201',
		403,
	],
	[
		'unreachable',
		report(revocation('notSent', [unreachable])),
		UNSENT + REFUSED,
		`${STILL} ${NETWORK}`,
		'ECONNREFUSED',
		null,
	],
	[
		'forbidden by n8n',
		report(revocation('notSent', [forbidden])),
		`${UNSENT}n8n's egress rules (SSRF protection) do not allow the address`,
		`${STILL} Allow the address in n8n's SSRF protection settings, or use another one in the KIS API credential. n8n says: “no way”`,
		'EGRESS_REFUSED',
		null,
	],
	[
		'stopped before its turn',
		report(revocation('notSent', [], stopped('cancelled'))),
		`${UNSENT}the execution was stopped`,
		`${STILL} ${AGAIN}`,
		null,
		null,
	],
	[
		'never had its turn',
		report(revocation('notSent', [])),
		`${UNSENT}the execution was stopped`,
		`${STILL} ${AGAIN}`,
		null,
		null,
	],
	[
		'after the key was refused',
		report(revocation('notSent', [], stopped('credentialRefused', refused('EGW00103')))),
		`${UNSENT}sending ended, because KIS does not know this App Key here (EGW00103)`,
		`${STILL} ${KIS_CODES.EGW00103.todo}`,
		null,
		null,
	],
	[
		'after the host was gone',
		report(revocation('notSent', [], stopped('hostUnreachable'))),
		`${UNSENT}sending ended, because ${REFUSED}`,
		`${STILL} ${NETWORK}`,
		'ECONNREFUSED',
		null,
	],
	[
		'unusable text',
		reportNotSent(new InvalidInput('the token is empty', 'Check it.')),
		`${UNSENT}the token is empty`,
		'Check it.',
		null,
		null,
	],
	[
		'left unknown, and unusable in a later try',
		reportStanding({ outcome: 'unknown', decisive: silent }, EMPTY_KEY),
		`${OPEN}the App Key is empty`,
		`Correct it. This execution has sent the token before. ${TREAT}`,
		null,
		null,
	],
	[
		'refused, and unusable in a later try',
		reportStanding({ outcome: 'rejected', decisive: invalid }, EMPTY_KEY),
		`${LIVE}the App Key is empty`,
		'Correct it. This execution has sent the token before. The token may still be live.',
		null,
		null,
	],
	[
		"confirmed, another app's",
		report(revocation('unknown', [unproven]), foreign),
		`${OPEN}the server confirmed it, which proves nothing: the token was issued to another app key, and the server may not know it (HTTP 200)`,
		`${TREAT} Revoke it with the credential of its own app key, not again with this one. The server says: “성공”`,
		'200',
		200,
	],
	[
		'asked to come back',
		report(revocation('unknown', [busy], stopped('askedToComeBack', busy))),
		`${OPEN}what the server answered cannot be read as an answer of KIS (HTTP 503)`,
		`${TREAT} ${AGAIN} The server wants no request before 2126-11-23T08:00:00+09:00: try again after that. ${ADDRESS}`,
		null,
		503,
	],
	[
		'asked to come back within a minute',
		report(revocation('unknown', [soon])),
		`${OPEN}what the server answered cannot be read as an answer of KIS (HTTP 503)`,
		`${TREAT} ${AGAIN} ${ADDRESS}`,
		null,
		503,
	],
	[
		'after silence settled nothing',
		report(revocation('notSent', [], stopped('nothingDecided', silent))),
		`${UNSENT}sending ended, because no whole answer came in time`,
		`${STILL} A higher Timeout may help.`,
		null,
		null,
	],
	[
		'after nothing was settled',
		report(revocation('notSent', [], stopped('nothingDecided', html))),
		`${UNSENT}sending ended, because what the server answered cannot be read as an answer of KIS (HTTP 502)`,
		`${STILL} ${ADDRESS}`,
		null,
		null,
	],
	[
		'the node broke',
		BROKEN_RUN,
		`${OPEN}the node itself broke off`,
		`${TREAT} Revoke it again. Report this to the maintainers of this node.`,
		null,
		null,
	],
];

test.each(FAILURES)('%s', (name, found, message, description, code, httpStatus) => {
	const invalidInput = name.includes('unusable');
	const said = { message, description, code, httpStatus };
	expect(found).toMatchObject({ succeeded: false, ...said, invalidInput, details: null });
});

test.each<[string, Revocation, 'succeed' | 'fail', string, string]>([
	['confirmed', revocation('revoked', [confirmed]), 'fail', '200', '성공'],
	[
		'confirmed, then silence',
		revocation('revoked', [silent], { before: 'revoked', decisive: confirmed }),
		'fail',
		'200',
		'성공',
	],
	[
		'already invalid',
		revocation('alreadyInvalid', [invalid]),
		'succeed',
		'EGW00121',
		'유효하지 않은 token',
	],
	[
		'confirmed, then invalid',
		revocation('revoked', [invalid], { before: 'revoked', decisive: confirmed }),
		'fail',
		'200',
		'성공',
	],
])('success: %s', (_name, found, alreadyInvalid, code, message) => {
	expect(report(found, own, alreadyInvalid)).toMatchObject({
		succeeded: true,
		json: { code, message },
	});
});

test('a token that the execution has revoked stays revoked, whatever is invalid later', () => {
	expect(reportStanding({ outcome: 'revoked', decisive: confirmed }, EMPTY_KEY)).toMatchObject({
		succeeded: true,
		json: { code: '200', message: '성공' },
	});
});

test('details are there if asked for', () => {
	const options = { alreadyInvalid: 'succeed', includeDetails: true } as const;
	const token = read(makeToken(keys.appkey, { exp: Date.UTC(2026, 0, 1) / 1000 }));
	const known = reportRevocation(token, revocation('revoked', [confirmed]), credential, options);
	expect(known.details).toEqual({
		outcome: 'revoked',
		attempts: 1,
		httpStatus: 200,
		environment: 'custom',
		issuedToThisAppKey: true,
		expiresAt: '2026-01-01T09:00:00+09:00',
		tokenFingerprint: token.fingerprint.slice(0, 12),
	});
	const found = revocation('notSent', []);
	const { details } = reportRevocation(opaque, found, credential, options);
	expect(details).toMatchObject({ issuedToThisAppKey: null, expiresAt: null, httpStatus: null });
	expect(reportNotSent(new InvalidInput('', ''), 'paper').details).toMatchObject({
		outcome: 'notSent',
		attempts: 0,
		environment: 'paper',
		tokenFingerprint: null,
	});
});

describe('the error of a run that stops', () => {
	const node = { name: 'KIS Token', parameters: { token: 'typed in' } } as unknown as INode;
	const success = report(revocation('revoked', [confirmed]));
	const failure = (name: string) => FAILURES.find(([other]) => other === name)?.[1] as ItemReport;

	const UNREADABLE = 'what the server answered cannot be read as an answer of KIS (HTTP 502)';

	test('says how many failed, names the first, and says the same thing once', async () => {
		const error = await runError(
			node,
			[success, failure('HTML'), failure('unusable text'), success, failure('HTML')],
			TALLY,
		);
		expect(error).toMatchObject({
			name: 'NodeApiError',
			message: `3 of 5 items ended without a confirmed revoke, the first of them item 1. ${OPEN}${UNREADABLE}`,
			httpCode: '502',
			node: { parameters: {}, name: 'KIS Token' },
			context: { itemIndex: 1 },
		});
		expect(error.description).toBe(
			`<ul><li>items 1, 4 – unknown – ${OPEN}${UNREADABLE}. ${TREAT} ${AGAIN} ${ADDRESS}</li>` +
				`<li>item 2 – notSent – ${UNSENT}the token is empty. Check it.</li>` +
				'<li>The rest: 2 revoked</li></ul>',
		);
	});

	test('names the only one of several that failed', async () => {
		const { message } = await runError(node, [success, failure('HTML')], TALLY);
		expect(message).toMatch(/^1 of 2 items ended without a confirmed revoke, namely item 1\. /);
	});

	test('with one item says what the item would say', async () => {
		const { message, description } = failure('unusable text') as Failure;
		const error = await runError(node, [failure('unusable text')], TALLY);
		expect(error).toMatchObject({
			name: 'NodeOperationError',
			message,
			description: `${description} Outcome: notSent.`,
		});
		expect(error.context).toMatchObject({ itemIndex: 0 });
	});

	test('with very many alike names twenty, and counts them if there are more', async () => {
		const alike = (count: number) => Array<ItemReport>(count).fill(failure('HTML'));
		expect((await runError(node, alike(20), TALLY)).description).toMatch(
			/^<ul><li>items 0, 1, .*, 19 – unknown – [^<]*<\/li><\/ul>$/,
		);
		expect((await runError(node, alike(30), TALLY)).description).toMatch(
			/^<ul><li>items 0, 1, .*, 19 … \(30 in all\) – unknown – [^<]*<\/li><\/ul>$/,
		);
	});

	test('with very many that differ lists twenty, and counts the others', async () => {
		const reports = Array.from({ length: 23 }, (_, i) =>
			reportNotSent(new InvalidInput(`reason ${i}`, 'Check it.')),
		);
		const { description } = await runError(node, reports, TALLY);
		expect(description).toMatch(/<li>item 19 – .*<li>3 more: 3 notSent<\/li><\/ul>$/);
		expect(description).not.toContain('item 20');
	});

	test('has no HTTP status if the item has none', async () => {
		expect(await runError(node, [failure('unreachable')], TALLY)).toMatchObject({
			httpCode: null,
		});
	});

	test('shows HTML as text', async () => {
		const evil = report(revocation('rejected', [refused('EGW00101', `<b a="1" b='2'>&`)]));
		expect((await runError(node, [evil], TALLY)).description).toContain(
			'“&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;”',
		);
	});
});

test('a summary leaves out outcomes without items', () => {
	const outcomes: RevokeOutcome[] = ['notSent', 'revoked', 'unknown', 'revoked'];
	const ended = outcomes.map((outcome) => ({ outcome }));
	expect(summary(ended, REVOKE_OUTCOMES)).toBe('2 revoked, 1 unknown, 1 notSent');
});

test('progress is logged at most every ten seconds', () => {
	const info = jest.fn();
	const clock = jest.spyOn(Date, 'now').mockReturnValue(0);
	try {
		const tell = progressLog({ info } as unknown as Logger);
		for (const seconds of [1, 9.999, 10, 19, 20, 21]) {
			clock.mockReturnValue(seconds * 1000);
			tell?.(revocation('revoked', [confirmed]), 7);
		}
	} finally {
		clock.mockRestore();
	}
	expect(info.mock.calls).toEqual([
		['KIS Token: 3 of 7 tokens done. 3 revoked'],
		['KIS Token: 5 of 7 tokens done. 5 revoked'],
	]);
});
