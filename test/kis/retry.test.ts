import { asksToComeBack, isPermanent, waitBeforeRetry } from '../../kis/reply/retry';
import type { Attempt } from '../../kis/reply/attempt';
import { makeAttempt } from '../support/attempts';

const RESET = makeAttempt('noVerdict', { transportCode: 'ECONNRESET' });
const REFUSED_PORT = makeAttempt('unwritten', { transportCode: 'ECONNREFUSED' });

test.each<[string, Attempt]>([
	['a refused connection', REFUSED_PORT],
	['a reset after writing', RESET],
	['a timeout', { ...RESET, transportCode: 'UND_ERR_HEADERS_TIMEOUT' }],
	['a cut-off body', { ...RESET, httpStatus: 200 }],
	['HTML on 200', makeAttempt('noVerdict', { httpStatus: 200 })],
	['HTML on 500', makeAttempt('noVerdict', { httpStatus: 500 })],
])('%s is retried', (_name, attempt) => {
	expect(waitBeforeRetry([attempt], 0, 1)).toBeGreaterThan(0);
});

test.each([400, 401, 403, 404, 405, 411, 413, 414, 415, 422, 431])(
	'a refusal without a code of KIS is final, on HTTP %d too',
	(httpStatus) => {
		expect(waitBeforeRetry([makeAttempt('refused', { httpStatus })], 0, 10)).toBeNull();
	},
);

test.each(['EGRESS_REFUSED', 'PROXY_UNUSABLE'])(
	'%s is permanent: nothing is retried',
	(transportCode) => {
		const attempt = makeAttempt('unwritten', { transportCode });
		expect(waitBeforeRetry([attempt], 0, 10)).toBeNull();
		expect(isPermanent(attempt)).toBe(true);
		expect(isPermanent(REFUSED_PORT)).toBe(false);
		expect(isPermanent(RESET)).toBe(false);
	},
);

test.each([0, 1, 3, 10])('at most %d retries', (maxRetries) => {
	const attempts = Array.from({ length: maxRetries + 1 }, () => RESET);
	expect(waitBeforeRetry(attempts, maxRetries, maxRetries)).toBeNull();
	if (maxRetries > 0) {
		expect(waitBeforeRetry(attempts.slice(1), maxRetries - 1, maxRetries)).not.toBeNull();
	}
});

test.each([0, 0.5, 0.999])('waits grow, up to a bound (jitter %d)', (random) => {
	const waits = Array.from({ length: 10 }, (_, retries) =>
		Number(waitBeforeRetry(Array<Attempt>(retries + 1).fill(RESET), retries, 10, random)),
	);
	for (const [i, ms] of waits.slice(1).entries()) expect(ms).toBeGreaterThanOrEqual(waits[i]);
	expect(waits[1]).toBeGreaterThan(waits[0]);
	expect(waits[0]).toBeGreaterThanOrEqual(100);
	expect(waits[9]).toBeLessThanOrEqual(8000);
});

test('waits are jittered', () => {
	const waits = Array.from({ length: 20 }, () => waitBeforeRetry([RESET], 0, 1));
	expect(new Set(waits).size).toBeGreaterThan(10);
});

test('a limit on one code does not count attempts with another', () => {
	const serverFault = makeAttempt('noVerdict', { refusalCode: 'EGW00002' });
	const another = makeAttempt('noVerdict', { refusalCode: 'EGW00001' });
	expect(waitBeforeRetry([RESET, RESET, serverFault], 2, 10)).not.toBeNull();
	expect(waitBeforeRetry([another, another, serverFault], 2, 10)).not.toBeNull();
	expect(waitBeforeRetry([serverFault, RESET, serverFault], 2, 10)).toBeNull();
});

test('"too many requests" is retried after a second, from KIS or from a relay', () => {
	const attempt = makeAttempt('refused', { httpStatus: 429 });
	expect(waitBeforeRetry([attempt], 0, 1, 0)).toBeGreaterThan(1000);
});

describe('a server that asks for a pause', () => {
	const start = Date.now();
	beforeEach(() => void jest.spyOn(Date, 'now').mockReturnValue(start));
	afterEach(() => jest.restoreAllMocks());
	const pauseOf = (ms: number) => ({ until: start + ms, isTooLong: ms > 60_000 });
	const askedFor = (ms: number) =>
		makeAttempt('noVerdict', { httpStatus: 503, pause: pauseOf(ms) });

	test.each([5000, 60_000])('is waited for: %d ms', (ms) => {
		expect(waitBeforeRetry([askedFor(ms)], 0, 1, 0)).toBeGreaterThan(ms);
		expect(waitBeforeRetry([askedFor(ms)], 0, 1, 0)).toBeLessThan(ms + 1000);
		expect(asksToComeBack(askedFor(ms))).toBe(false);
	});

	test('is not called again if it is longer than a minute', () => {
		expect(waitBeforeRetry([askedFor(60_001)], 0, 10)).toBeNull();
		expect(asksToComeBack(askedFor(60_001))).toBe(true);
	});

	test('does not make a final refusal retryable', () => {
		const refused = makeAttempt('refused', { httpStatus: 404, pause: pauseOf(5000) });
		expect(waitBeforeRetry([refused], 0, 10)).toBeNull();
	});
});
