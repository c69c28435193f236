import type { KisCredential } from '../input/credential';
import { limiterOf, type RateLimiter } from './rateLimiter';
import { sharedLimitOf } from './sharedLimit';

/** The limiter of the credential's app key: for this process, and where the credential names a Redis for all that share it. */
export function limiterFor(credential: KisCredential): RateLimiter {
	const limiter = limiterOf(credential.appkey);
	limiter.passThrough(sharedLimitOf(credential));
	return limiter;
}
