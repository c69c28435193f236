import { kisTime, koreanTime, parseKisTime } from '../../kis/reply/koreanTime';

test.each([
	['2026-11-23 08:16:59', '2026-11-22T23:16:59Z'],
	[' 2026-11-23 08:16:59\n', '2026-11-22T23:16:59Z'],
	['2028-02-29 00:00:00', '2028-02-28T15:00:00Z'],
])('%j is Korean time', (text, utc) => {
	expect(parseKisTime(text)).toBe(Date.parse(utc));
});

test.each([
	'',
	'2026-11-23',
	'2026-11-23T08:16:59',
	'2026-02-30 08:16:59',
	'2026-11-23 24:00:00',
	'2026-11-23 08:16:60',
	'2026-11-23 08:16:59Z',
	'2026-11-23 08:16:59+09:00',
	'20261123081659',
	'+275760-09-13 09:00:00',
	'10000-01-01 00:00:00',
	20261123081659,
	null,
	undefined,
])('%j is not a KIS time', (value) => {
	expect(parseKisTime(value)).toBeNull();
});

test('a KIS time is written without an offset', () => {
	expect(kisTime(Date.parse('2026-12-31T15:00:00.999Z'))).toBe('2027-01-01 00:00:00');
});

test('a time is written with its offset, to the second', () => {
	expect(koreanTime(Date.parse('2026-12-31T15:00:00.999Z'))).toBe('2027-01-01T00:00:00+09:00');
});
