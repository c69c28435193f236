// What is tried: any attempts that answers can make, with any number of retries allowed.
import fc from 'fast-check';

import { isListed, KIS_CODES } from '../../kis/reply/errorCodes';
import { waitBeforeRetry } from '../../kis/reply/retry';
import { makeAttempt } from '../support/attempts';
import { property } from '../support/properties';

const refusal = fc
	.constantFrom(...Object.keys(KIS_CODES).filter(isListed))
	.map((code) => makeAttempt(KIS_CODES[code].meaning, { refusalCode: code, code }));
const codeless = fc
	.constantFrom('confirmed' as const, 'refused' as const, 'noVerdict' as const)
	.map((verdict) => makeAttempt(verdict, { httpStatus: verdict === 'refused' ? 404 : 500 }));
const broken = fc
	.tuple(
		fc.constantFrom('noVerdict' as const, 'unwritten' as const),
		fc.constantFrom('ECONNRESET', 'EGRESS_REFUSED'),
	)
	.map(([verdict, transportCode]) => makeAttempt(verdict, { transportCode }));
const attempts = fc.array(fc.oneof(refusal, codeless, broken), { minLength: 1, maxLength: 12 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

property(
	'waits are bounded, and there are no more retries than allowed',
	[attempts, fc.nat(12), fc.nat(10), random],
	(attempts, retries, maxRetries, random) => {
		const waitMs = waitBeforeRetry(attempts, retries, maxRetries, random);
		if (retries >= maxRetries) expect(waitMs).toBeNull();
		if (waitMs === null) return;
		expect(waitMs).toBeGreaterThanOrEqual(250);
		expect(waitMs).toBeLessThanOrEqual(9000);
	},
);

property(
	'what is decided, or would be answered the same again, is not retried',
	[attempts, fc.nat(10), random],
	(attempts, retries, random) => {
		const last = attempts[attempts.length - 1];
		const refusesCredential = last.rule?.refusesCredential;
		const settled = ['confirmed', 'invalidToken', 'expiredToken'].includes(last.verdict);
		if (refusesCredential || settled) {
			expect(waitBeforeRetry(attempts, retries, 11, random)).toBeNull();
		}
	},
);
