// How an exchange counts towards the limit: what was refused for the rate, and only that, slows everything down.
import { requestEndOf } from '../../kis/attempt';
import { KIS_CODES } from '../../kis/errorCodes';
import type { Exchange } from '../../kis/http/exchange';

const ANSWERED: Exchange = {
	ended: 'answered',
	httpStatus: 200,
	contentEncoding: null,
	body: Buffer.from('{}'),
};

test('any answer but a refusal for the rate counts as one', () => {
	expect(requestEndOf(ANSWERED, null)).toBe('answered');
	expect(requestEndOf(ANSWERED, 'EGW99999')).toBe('answered');
	const refused = Object.keys(KIS_CODES).filter(
		(code) => requestEndOf(ANSWERED, code) === 'refused',
	);
	expect(refused).toEqual(['EGW00201', 'EGW00215']);
});

test('what was not answered may still be on its way', () => {
	const unanswered: Exchange = {
		ended: 'unanswered',
		transportCode: 'ECONNRESET',
		httpStatus: null,
		onStaleConnection: true,
	};
	expect(requestEndOf(unanswered, null)).toBe('unanswered');
});

test('what was never written takes no place', () => {
	const unwritten: Exchange = { ended: 'unwritten', transportCode: 'ENOTFOUND', forbidden: null };
	expect(requestEndOf(unwritten, null)).toBe('unsent');
});
