// When a batch stops sending: what has to happen how often in a row, and what breaks the row.
import { EGRESS_REFUSED } from '../../kis/http/transportCodes';
import type { RateLimiter } from '../../kis/rateLimit/rateLimiter';
import type { Attempt } from '../../kis/reply/attempt';
import type { KIS_CODES } from '../../kis/reply/errorCodes';
import { BatchStop } from '../../kis/revoke/batchStop';
import { makeAttempt } from '../support/attempts';

const limiter = { isRefusedThroughout: false };
let stop: BatchStop;
beforeEach(() => {
	limiter.isRefusedThroughout = false;
	stop = new BatchStop(limiter as RateLimiter);
});
afterEach(() => expect(stop.signal.aborted).toBe(stop.stoppedBy !== null));

const coded = (code: keyof typeof KIS_CODES): Attempt =>
	makeAttempt('refused', { refusalCode: code, code });
const OPEN = makeAttempt('noVerdict', { httpStatus: 502 });
const UNWRITTEN = makeAttempt('unwritten', { transportCode: 'ECONNREFUSED' });
const because = () => stop.stoppedBy?.because ?? null;
/** A token uses up these attempts. */
const exhaust = (...attempts: Attempt[]) => {
	attempts.forEach((it) => stop.learn(it));
	stop.noteExhausted(attempts);
};
const finish = (...attempts: Attempt[]) => stop.noteFinished(false, attempts);
const times = (count: number, act: () => void) => {
	for (let i = 0; i < count; i++) act();
};

describe('the host counts as unreachable', () => {
	test('after four unwritten attempts in a row, over all tokens', () => {
		times(3, () => exhaust(UNWRITTEN));
		expect(because()).toBeNull();
		exhaust(UNWRITTEN);
		expect(stop.stoppedBy).toEqual({ because: 'hostUnreachable', seen: UNWRITTEN });
	});

	test('not if anything was written in between', () => {
		times(3, () => exhaust(UNWRITTEN));
		exhaust(OPEN);
		times(3, () => exhaust(UNWRITTEN));
		expect(because()).toBeNull();
	});

	test('not after a token of which an attempt was written', () => {
		exhaust(OPEN, UNWRITTEN, UNWRITTEN, UNWRITTEN, UNWRITTEN);
		expect(because()).toBeNull();
	});
});

describe('nothing is decided', () => {
	test.each([
		['without an answer', OPEN],
		['with a code that KIS does not list', makeAttempt('noVerdict', { refusalCode: 'EGW09999' })],
		['with a refusal that names no code', makeAttempt('refused')],
		['with a code that asks for another attempt', coded('EGW00202')],
	])('after eight tokens in a row %s', (_name, it) => {
		times(7, () => finish(it));
		expect(because()).toBeNull();
		finish(it);
		expect(stop.stoppedBy).toEqual({ because: 'nothingDecided', seen: it });
	});

	test.each<[string, () => void]>([
		['a token that is dead', () => stop.noteFinished(true, [OPEN])],
		['a token without an attempt', () => finish()],
		['KIS’s last word on one token', () => finish(coded('EGW00121'))],
		['a confirmation that proves nothing', () => finish(makeAttempt('unprovenConfirmation'))],
	])('not if %s is among them', (_name, decide) => {
		times(7, () => finish(OPEN));
		decide();
		times(7, () => finish(OPEN));
		expect(because()).toBeNull();
	});

	test('refusals for the rate do not count, and do not break the row', () => {
		times(7, () => finish(OPEN));
		times(9, () => finish(coded('EGW00201')));
		expect(because()).toBeNull();
		finish(OPEN);
		expect(because()).toBe('nothingDecided');
	});
});

test.each([
	['the key pair is refused', coded('EGW00105'), 'credentialRefused'],
	[
		'n8n’s egress rules refuse the host',
		{ ...UNWRITTEN, transportCode: EGRESS_REFUSED },
		'hostUnreachable',
	],
	['the host has no such name', { ...UNWRITTEN, transportCode: 'ENOTFOUND' }, null],
	['a token is refused', coded('EGW00121'), null],
	['the rate is refused once', coded('EGW00201'), null],
])('one attempt is enough or not: %s', (_name, it, reason) => {
	stop.learn(it);
	expect(because()).toBe(reason);
});

test('a refusal for the rate stops sending if all were refused for a while', () => {
	limiter.isRefusedThroughout = true;
	stop.learn(OPEN);
	expect(because()).toBeNull();
	stop.learn(coded('EGW00201'));
	expect(because()).toBe('rateRefused');
});

test('the first reason stands', () => {
	stop.stop({ because: 'cancelled' });
	stop.learn(coded('EGW00105'));
	expect(because()).toBe('cancelled');
});
