import type { AnswerRule } from '../../kis/reply/answerRule';
import { isListed, KIS_CODES } from '../../kis/reply/errorCodes';
import { OPEN_ANSWERS, REFUSING_STATUSES } from '../../kis/reply/httpAnswers';
import { explainTransportCode, transportCodeOf } from '../../kis/http/transportCodes';
import { waitBeforeRetry } from '../../kis/reply/retry';
import type { Attempt } from '../../kis/reply/attempt';
import { sentences } from '../../kis/reply/explanation';
import { makeAttempt } from '../support/attempts';

// KIS's official list: the number, whether it stops sending, and after how many milliseconds the request may be retried.
const TABLE: ReadonlyArray<[string, 'ends' | 'goes on', 'never' | number]> = [
	['EGW00001', 'goes on', 0],
	['EGW00002', 'goes on', 0],
	['EGW00003', 'ends', 'never'],
	['EGW00004', 'ends', 'never'],
	['EGW00101', 'goes on', 'never'],
	['EGW00102', 'ends', 'never'],
	['EGW00103', 'ends', 'never'],
	['EGW00104', 'ends', 'never'],
	['EGW00105', 'ends', 'never'],
	['EGW00106', 'goes on', 'never'],
	['EGW00107', 'goes on', 'never'],
	['EGW00108', 'goes on', 'never'],
	['EGW00109', 'goes on', 'never'],
	['EGW00110', 'goes on', 'never'],
	['EGW00111', 'goes on', 'never'],
	['EGW00112', 'goes on', 'never'],
	['EGW00113', 'goes on', 'never'],
	['EGW00114', 'goes on', 'never'],
	['EGW00115', 'goes on', 'never'],
	['EGW00116', 'goes on', 'never'],
	['EGW00121', 'goes on', 'never'],
	['EGW00122', 'goes on', 'never'],
	['EGW00123', 'goes on', 'never'],
	['EGW00130', 'goes on', 'never'],
	['EGW00131', 'goes on', 'never'],
	['EGW00132', 'goes on', 'never'],
	['EGW00201', 'goes on', 1000],
	['EGW00202', 'goes on', 0],
	['EGW00203', 'goes on', 0],
	['EGW00204', 'goes on', 0],
	['EGW00205', 'goes on', 'never'],
	['EGW00206', 'ends', 'never'],
	['EGW00207', 'ends', 'never'],
	['EGW00208', 'goes on', 'never'],
	['EGW00209', 'goes on', 'never'],
	['EGW00210', 'ends', 'never'],
	['EGW00215', 'goes on', 1000],
	['EGW00300', 'goes on', 0],
	['EGW00301', 'goes on', 0],
	['EGW00302', 'goes on', 0],
	['EGW00303', 'ends', 'never'],
	['EGW00304', 'ends', 'never'],
	['IGW00002', 'goes on', 'never'],
];

function rowOf(code: string): AnswerRule {
	if (!isListed(code)) throw new Error(`${code} is not in the table`);
	return KIS_CODES[code];
}

function refused(code: string, httpStatus: number): Attempt {
	return makeAttempt(rowOf(code).meaning, { httpStatus, refusalCode: code, code });
}

test.each(TABLE)('%s: sending %s; again %s', (code, ends, again) => {
	expect(rowOf(code).refusesCredential ?? false).toBe(ends === 'ends');
	for (const httpStatus of [200, 400, 401, 403, 429, 500, 503]) {
		const wait = waitBeforeRetry([refused(code, httpStatus)], 0, 3, 0);
		if (again === 'never') expect(wait).toBeNull();
		else expect(wait).toBeGreaterThan(again);
	}
});

test('EGW00002 is retried once', () => {
	const twice = [refused('EGW00002', 403), refused('EGW00002', 403)];
	expect(waitBeforeRetry(twice, 1, 10)).toBeNull();
});

test('EGW00133 (one issue a minute) is not retried within the minute', () => {
	expect(waitBeforeRetry([refused('EGW00133', 403)], 0, 3, 0) ?? Infinity).toBeGreaterThan(60_000);
	expect(rowOf('EGW00133').refusesCredential).toBeUndefined();
});

test.each(['EGW00201', 'EGW00215'])('%s pauses everything for at least a second', (code) => {
	expect(rowOf(code).retry).toMatchObject({ slowsEveryone: true });
	expect(rowOf(code).retry?.afterMs).toBeGreaterThanOrEqual(1000);
});

test("the list is complete, and has only KIS's codes", () => {
	const official = [...TABLE.map(([code]) => code), 'EGW00133'].sort();
	expect(Object.keys(KIS_CODES).sort()).toEqual(official);
});

const AWKWARD = /\b(errors?|problems?|failures?|mistakes?)\b/i;
/** n8n replaces a message that contains one of these. */
const REPLACED = /E(PERM|ACCES|NOENT|ISDIR|CONN\w+|TIMEDOUT)|GETADDRINFO/;

test.each<[string, AnswerRule]>([
	...Object.entries(KIS_CODES),
	...Object.entries(REFUSING_STATUSES),
	...Object.entries(OPEN_ANSWERS),
])('%s has a sentence for what happened and one for what to do', (_name, rule) => {
	const { happened, optionsTodo = '' } = rule;
	const todo = sentences(rule.todo, optionsTodo);
	expect(happened).toMatch(/^[^.]{10,}$/);
	expect(todo).toMatch(/^[A-Z].{10,}\.$/);
	for (const text of [happened, todo]) {
		expect(text).not.toMatch(AWKWARD);
		expect(text).not.toMatch(REPLACED);
	}
});

test.each<[string, Pick<AnswerRule, 'todo'>]>([
	...Object.entries(KIS_CODES),
	...Object.entries(REFUSING_STATUSES),
	...['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT'].map(
		(code) => [code, explainTransportCode(code)] as [string, Pick<AnswerRule, 'todo'>],
	),
])('%s: what to do also fits the credential test, which has no options', (_name, rule) => {
	expect(rule.todo).not.toMatch(/Requests per Second|Max Retries|Timeout|run again/);
});

test.each(['toString', 'constructor', '__proto__', 'EGW99999', 'egw00121', ''])(
	'%j is not a listed code',
	(code) => {
		expect(isListed(code)).toBe(false);
	},
);

test.each([400, 403])('the sentence for HTTP %d says what could be otherwise', (status) => {
	expect(REFUSING_STATUSES[status as 400].todo).toContain('A filter on the way back');
});

test.each([
	['ECONNREFUSED', /refused/],
	['ENOTFOUND', /DNS/],
	['EAI_AGAIN', /DNS/],
	['UND_ERR_CONNECT_TIMEOUT', /in time/],
	['UND_ERR_HEADERS_TIMEOUT', /answer.*in time/],
	['UND_ERR_BODY_TIMEOUT', /answer.*in time/],
	['UND_ERR_RES_EXCEEDED_MAX_SIZE', /larger/],
	['ECONNRESET', /closed/],
	['UND_ERR_SOCKET', /closed/],
	['UND_ERR_ABORTED', /proxy/],
	['DEPTH_ZERO_SELF_SIGNED_CERT', /certificate/],
	['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /certificate/],
	['CERT_HAS_EXPIRED', /certificate/],
	['ERR_TLS_CERT_ALTNAME_INVALID', /certificate/],
	['ERR_SSL_WRONG_VERSION_NUMBER', /TLS/],
	['EPROTO', /TLS/],
	['HPE_INVALID_CONSTANT', /not HTTP/],
	['EGRESS_REFUSED', /egress/],
	['PROXY_UNUSABLE', /proxy/],
	['PROXY_TLS_FAILED', /proxy.*TLS/],
	['ETIMEDOUT', /in time/],
	['EHOSTUNREACH', /in time/],
	['ENETUNREACH', /in time/],
	['EADDRNOTAVAIL', /in time/],
	['EPIPE', /closed/],
	['ECONNABORTED', /closed/],
	['UND_ERR_DESTROYED', /proxy/],
	['UND_ERR_PRX_TLS', /proxy/],
	['UNABLE_TO_GET_ISSUER', /certificate/],
	['CRL_HAS_EXPIRED', /certificate/],
	['HOSTNAME_MISMATCH', /certificate/],
	['UND_ERR_HTTP_PARSER', /not HTTP/],
	['SOMETHING_NEW', /connection/],
])("%s is explained without n8n's trigger words", (code, expected) => {
	const said = explainTransportCode(code);
	const { happened } = said;
	const todo = sentences(said.todo, said.optionsTodo ?? '');
	expect(happened).toMatch(expected);
	expect(todo).toMatch(/\.$/);
	for (const text of [happened, todo]) {
		expect(text).not.toMatch(AWKWARD);
		expect(text).not.toMatch(REPLACED);
	}
});

const UNKNOWN = 'the connection broke';

test.each([
	...['ABORT_ERR', 'ECONNREFUSED', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
	...['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'EGRESS_REFUSED', 'PROXY_UNUSABLE', 'PROXY_TLS_FAILED'],
	...['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'ECONNABORTED', 'HOSTNAME_MISMATCH'],
	...['UND_ERR_ABORTED', 'UND_ERR_DESTROYED', 'UND_ERR_PRX_TLS'],
])('what only contains %s is another code', (code) => {
	expect(explainTransportCode(code).happened).not.toBe(UNKNOWN);
	expect(explainTransportCode(`X_${code}`).happened).toBe(UNKNOWN);
	expect(explainTransportCode(`${code}_X`).happened).toBe(UNKNOWN);
});

test.each([
	...['ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT', 'EHOSTDOWN', 'ENETDOWN'],
	...['CRL_HAS_EXPIRED', 'ERR_SSL_X', 'ERR_TLS_X', 'EPROTO', 'HPE_X', 'UND_ERR_HTTP_PARSER'],
])('what %s does not start is another code', (code) => {
	expect(explainTransportCode(code).happened).not.toBe(UNKNOWN);
	expect(explainTransportCode(`X_${code}`).happened).toBe(UNKNOWN);
});

test.each(['for the token ABC', 'ABC for the token', 'A'.repeat(65), 'A', 'abc', 7])(
	'%j is no code of an error, and not shown',
	(code) => {
		expect(transportCodeOf({ code })).toBe('UND_ERR');
	},
);
