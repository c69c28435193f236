// How an attempt counts towards the limit: only a refusal for the rate slows everything down.
import { KIS_CODES } from '../../kis/reply/errorCodes';
import { requestEndOf } from '../../kis/rateLimit/pacedRequest';
import { makeAttempt } from '../support/attempts';

test('only two codes of KIS and HTTP 429 are refusals for the rate', () => {
	const codes = Object.entries(KIS_CODES).filter(([refusalCode, { meaning }]) => {
		return requestEndOf(makeAttempt(meaning, { refusalCode, httpStatus: 500 })) === 'refused';
	});
	expect(codes.map(([code]) => code)).toEqual(['EGW00201', 'EGW00215']);
	expect(requestEndOf(makeAttempt('refused', { httpStatus: 429 }))).toBe('refused');
});

test.each([
	['confirmed', 200],
	['unprovenConfirmation', 200],
	['refused', 403],
] as const)('%s was answered', (verdict, httpStatus) => {
	expect(requestEndOf(makeAttempt(verdict, { httpStatus }))).toBe('answered');
});

test('a request without a verdict may still be on its way, even if a relay answered', () => {
	const lost = makeAttempt('noVerdict', { transportCode: 'ECONNRESET' });
	expect(requestEndOf(lost)).toBe('unanswered');
	expect(requestEndOf(makeAttempt('noVerdict', { httpStatus: 502 }))).toBe('unanswered');
});

test('an unwritten request does not count', () => {
	expect(requestEndOf(makeAttempt('unwritten', { transportCode: 'ENOTFOUND' }))).toBe('unsent');
});
